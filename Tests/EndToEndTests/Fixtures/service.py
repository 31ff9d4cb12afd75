"""Leaks COUNT connections to PORT: connects and never closes. Usage: service.py PORT COUNT"""

import socket
import sys
import time

port, count = int(sys.argv[1]), int(sys.argv[2])
held = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
time.sleep(120)
