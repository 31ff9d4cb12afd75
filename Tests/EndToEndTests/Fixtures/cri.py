"""A minimal client of the Container Runtime Interface.

cri.py SOCKET IMAGE LOGS POD NAMESPACE UID CONTAINER COMMAND...
    runs a pod with one container and prints the IDs of both
cri.py SOCKET --remove POD_ID
    removes a pod
"""
import sys

import grpc


def field(number, value):
    """A field of a Protocol Buffers message."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value):
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def message(*fields):
    return b"".join(field(number, value) for number, value in fields)


def first_text(data):
    """The first field of a message, if it is a string shorter than 128 bytes."""
    return data[2:2 + data[1]].decode()


def main():
    channel = grpc.insecure_channel("unix://" + sys.argv[1])

    def call(name, request):
        method = channel.unary_unary("/runtime.v1.RuntimeService/" + name)
        return method(request, timeout=60)

    if sys.argv[2] == "--remove":
        call("StopPodSandbox", message((1, sys.argv[3])))
        call("RemovePodSandbox", message((1, sys.argv[3])))
        return
    image, logs, pod, namespace, uid, container = sys.argv[2:8]
    sandbox = message(
        (1, message((1, pod), (2, uid), (3, namespace))),  # metadata
        (2, pod),  # hostname
        (3, logs),
        (8, message((1, "/kubepods/besteffort/pod" + uid))),  # linux.cgroup_parent
    )
    pod_id = first_text(call("RunPodSandbox", message((1, sandbox))))
    configuration = message(
        (1, message((1, container))),  # metadata
        (2, message((1, image))),
        *[(3, word) for word in sys.argv[8:]],  # command
        (11, container + ".log"),
    )
    request = message((1, pod_id), (2, configuration), (3, sandbox))
    container_id = first_text(call("CreateContainer", request))
    call("StartContainer", message((1, container_id)))
    print(pod_id, container_id)


main()
