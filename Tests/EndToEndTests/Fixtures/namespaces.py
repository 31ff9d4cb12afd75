"""Makes network namespaces in every place where one can be, each with a listening socket, and runs a
command. To be started in a mount namespace of its own.

namespaces.py BASE MORE COMMAND...

The namespaces are, by the number added to the port BASE: 1 a name of ip-netns that is no UTF-8, 2 a name
with a comma, 3 Docker's directory, 4 a mount elsewhere, 5 a thread, 6 an open descriptor. MORE are kept by
a descriptor alone; their ports start at BASE + 10.
"""
import ctypes
import os
import socket
import subprocess
import sys
import threading

CLONE_NEWNET, MS_BIND = 0x40000000, 4096
C = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def inside(number, work):
    """Runs work in a thread in a namespace of its own, in which a socket listens on its port."""
    done = threading.Event()

    def run():
        check(C.unshare(CLONE_NEWNET))
        listener = socket.socket()
        listener.bind(("127.0.0.1", base + number))
        listener.listen()
        kept.append(listener)
        work(done)
        done.set()

    threading.Thread(target=run, daemon=True).start()
    assert done.wait(60)


def mounted(path):
    def work(_):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        check(C.mount(b"/proc/thread-self/ns/net", path, None, MS_BIND, None))

    return work


def running(done):
    done.set()
    threading.Event().wait()


def opened(_):
    kept.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))


kept = []
base, more, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
os.makedirs("/run/netns")
os.makedirs("/run/docker/netns")
os.mkfifo("/run/netns/fifo")
inside(1, mounted(b"/run/netns/bad\xff"))
inside(2, mounted(b"/run/netns/x,y"))
inside(3, mounted(b"/run/docker/netns/0123456789ab"))
inside(4, mounted(b"/run/my net"))
inside(5, running)
inside(6, opened)
for number in range(more):
    inside(10 + number, opened)
sys.exit(subprocess.run(command, timeout=120).returncode)
