"""Holds connections in every state of TCP, of both families, each as long as the kernel lets it.

To be used in a network namespace of its own, as root. The other machine is here too: it speaks
through a tunnel device, and says no more than brings a connection into its state.
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
HERE = {4: "10.9.0.1", 6: "fd00:9::1"}
THERE = {4: "10.9.0.2", 6: "fd00:9::2"}
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


class Far:
    """One end on the other machine, at a port of its own."""

    last_port = 20000

    def __init__(self, tunnel, version):
        Far.last_port += 1
        self.tunnel, self.version, self.port = tunnel, version, Far.last_port
        self.sequence, self.acknowledged = 1000, 0
        self.last_packet = b""

    def send(self, flags):
        family = FAMILIES[self.version]
        source = socket.inet_pton(family, THERE[self.version])
        target = socket.inet_pton(family, HERE[self.version])

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
        asynchronously and drops what arrives before that.
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
        raise RuntimeError(f"no segment with flags {wanted:#x} came to port {self.port}")

    def connect(self, listener):
        self.send(SYN)
        self.acknowledged = self.wait_for(SYN | ACK)
        self.send(ACK)
        return listener.accept()[0]


def bring(state, tunnel, version, listener):
    """One more connection in a state; what has to be held for that."""
    far = Far(tunnel, version)
    if state == "syn-sent":
        near = socket.socket(FAMILIES[version])
        near.setblocking(False)
        near.connect_ex((THERE[version], PORT))
        return near
    if state == "syn-recv":
        far.send(SYN)
        far.wait_for(SYN | ACK)
        return None
    near = far.connect(listener)
    if state in ("close-wait", "last-ack"):
        far.send(FIN | ACK)
        while near.recv(1):
            pass
        if state == "last-ack":
            near.close()
            far.wait_for(FIN)
    elif state != "estab":
        near.shutdown(socket.SHUT_WR)
        end = far.wait_for(FIN)
        if state in ("fin-wait-2", "time-wait"):
            far.acknowledged = end
            far.send(ACK)
        if state in ("closing", "time-wait"):
            far.send(FIN | ACK)
            far.wait_for(ACK)
    return near


def hold(counts):
    """Brings connections into states: `{"estab": [3, 1]}` is three of IPv4 and one of IPv6.

    Returns what has to be held for that: the tunnel, a listener of each family, and sockets.
    """
    tunnel = open_tunnel()
    held = [tunnel]
    for place, version in enumerate((4, 6)):
        listener = socket.socket(FAMILIES[version])
        listener.settimeout(5)
        listener.bind((HERE[version], PORT))
        listener.listen(128)
        held.append(listener)
        for state, count in counts.items():
            held += [bring(state, tunnel, version, listener) for _ in range(count[place])]
    return held
