"""Holds IPv4 and IPv6 connections in every TCP state, until the kernel gives up on them.

Use it as root in a new network namespace. It also simulates the peer, behind a tunnel device, which
sends only the segments that bring a connection into its state.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x1, 0x1000
FIN, SYN, ACK = 0x01, 0x02, 0x10
LOCAL_ADDRESS = {4: "10.9.0.1", 6: "fd00:9::1"}
PEER_ADDRESS = {4: "10.9.0.2", 6: "fd00:9::2"}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
PORT = 7000


def open_tunnel():
    tunnel = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH22x", b"far", IFF_TUN | IFF_NO_PI))
    for words in (
        ["addr", "add", "10.9.0.1/24", "dev", "far"],
        ["-6", "addr", "add", "fd00:9::1/64", "dev", "far", "nodad"],
        ["link", "set", "far", "up"],
    ):
        subprocess.run(["ip"] + words, check=True)
    return tunnel


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class PeerEnd:
    """The peer's end of a connection, with its own port."""

    last_port = 20000

    def __init__(self, tunnel, version):
        PeerEnd.last_port += 1
        self.tunnel, self.version, self.port = tunnel, version, PeerEnd.last_port
        self.sequence, self.acknowledged = 1000, 0
        self.last_packet = b""

    def send(self, flags):
        family = FAMILIES[self.version]
        source = socket.inet_pton(family, PEER_ADDRESS[self.version])
        target = socket.inet_pton(family, LOCAL_ADDRESS[self.version])

        def segment(check):
            return struct.pack(
                "!HHIIBBHHH", self.port, PORT, self.sequence, self.acknowledged, 5 << 4, flags,
                65535, check, 0)

        pseudo = source + target + struct.pack("!II", 20, socket.IPPROTO_TCP)
        tcp = segment(checksum(pseudo + segment(0)))
        if self.version == 4:
            def header(check):
                return struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, check) + source + target
            packet = header(checksum(header(0))) + tcp
        else:
            packet = struct.pack("!IHBB", 6 << 28, 20, 6, 64) + source + target + tcp
        os.write(self.tunnel, packet)
        self.last_packet = packet
        self.sequence += 1 if flags & (SYN | FIN) else 0

    def wait_for(self, wanted):
        """Waits for a segment with these flags and returns the sequence number to acknowledge.

        Retransmits the last segment meanwhile: the kernel installs the route to an IPv6 address
        asynchronously and drops segments that arrive earlier.
        """
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if not select.select([self.tunnel], [], [], 0.5)[0]:
                os.write(self.tunnel, self.last_packet)
                continue
            packet = os.read(self.tunnel, 65536)
            if packet[0] >> 4 != self.version:
                continue
            start = (packet[0] & 15) * 4 if self.version == 4 else 40
            if packet[9 if self.version == 4 else 6] != socket.IPPROTO_TCP:
                continue
            port, sequence, flags = struct.unpack_from("!2xHI5xB", packet, start)
            if port == self.port and flags & wanted == wanted:
                return sequence + 1
        raise RuntimeError(f"no segment with flags {wanted:#x} to port {self.port}")

    def connect(self, listener):
        self.send(SYN)
        self.acknowledged = self.wait_for(SYN | ACK)
        self.send(ACK)
        return listener.accept()[0]


def open_in_state(state, tunnel, version, listener):
    """Brings a new connection into a state. Returns the socket to keep open, or None."""
    peer_end = PeerEnd(tunnel, version)
    if state == "syn-sent":
        local = socket.socket(FAMILIES[version])
        local.setblocking(False)
        local.connect_ex((PEER_ADDRESS[version], PORT))
        return local
    if state == "syn-recv":
        peer_end.send(SYN)
        peer_end.wait_for(SYN | ACK)
        return None
    local = peer_end.connect(listener)
    if state in ("close-wait", "last-ack"):
        peer_end.send(FIN | ACK)
        while local.recv(1):
            pass
        if state == "last-ack":
            local.close()
            peer_end.wait_for(FIN)
    elif state != "estab":
        local.shutdown(socket.SHUT_WR)
        end = peer_end.wait_for(FIN)
        if state in ("fin-wait-2", "time-wait"):
            peer_end.acknowledged = end
            peer_end.send(ACK)
        if state in ("closing", "time-wait"):
            peer_end.send(FIN | ACK)
            peer_end.wait_for(ACK)
    return local


def hold(counts):
    """Opens connections in states: `{"estab": [3, 1]}` means three over IPv4 and one over IPv6.

    Returns the objects to keep open: the tunnel, a listener per address family, and sockets.
    """
    tunnel = open_tunnel()
    held = [tunnel]
    for index, version in enumerate((4, 6)):
        listener = socket.socket(FAMILIES[version])
        listener.settimeout(5)
        listener.bind((LOCAL_ADDRESS[version], PORT))
        listener.listen(128)
        held.append(listener)
        for state, count in counts.items():
            held += [open_in_state(state, tunnel, version, listener) for _ in range(count[index])]
    return held
