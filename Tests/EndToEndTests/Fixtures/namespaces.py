"""Creates network namespaces of every kind, each with a listening socket, and runs a command.

namespaces.py BASE MORE COMMAND...

Run it in a new mount namespace. The listeners' ports are BASE plus:

1  a name of ip-netns that is not valid UTF-8
2  a name with a comma
3  a mount in Docker's directory
4  a mount elsewhere
5  a namespace with only a thread
6  a namespace with only an open descriptor
10 and up: MORE namespaces with only an open descriptor
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
    """Runs work in a thread in a new namespace with a listener on port base + number."""
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


def mount_at(path):
    def work(_):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        check(C.mount(b"/proc/thread-self/ns/net", path, None, MS_BIND, None))

    return work


def keep_thread(done):
    done.set()
    threading.Event().wait()


def open_descriptor(_):
    kept.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))


kept = []
base, more, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
os.makedirs("/run/netns")
os.makedirs("/run/docker/netns")
os.mkfifo("/run/netns/fifo")
inside(1, mount_at(b"/run/netns/bad\xff"))
inside(2, mount_at(b"/run/netns/x,y"))
inside(3, mount_at(b"/run/docker/netns/0123456789ab"))
inside(4, mount_at(b"/run/my net"))
inside(5, keep_thread)
inside(6, open_descriptor)
for number in range(more):
    inside(10 + number, open_descriptor)
sys.exit(subprocess.run(command, timeout=120).returncode)
