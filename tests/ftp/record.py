#!/usr/bin/env python3
"""Records the course's client and server talking: record.py COURSE_NOTES > recorded.json

Both run unchanged but for the port. What each sent is kept byte by byte (base64), a turn for each
request with its reply; recorded_test plays the one side to ours and compares the other.
"""
import base64
import json
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading

NAMES = {"0 empty.png": b"", "1 one.png": b"x", "2 all.png": bytes(range(256)),
         "3 1023.png": random.Random(1).randbytes(1023), "4 1025.png": random.Random(2).randbytes(1025),
         "5 雪中女孩 \"x\".jpeg": b"'quoted'", "6 both.jpeg": b"'\"\\\t\n\r"}
UPLOADS = {"自愿上班.tar.jpeg": b"up", "e.gif": b"", "clip,1.mp4": bytes(range(255, -1, -1))}


def text(data):
    return base64.b64encode(data).decode()


def main(notes):
    program = re.search(r"```python\n(import hashlib\n.*?)\n```\n", open(notes, encoding="utf-8").read(), re.S).group(1)
    folder = "/tmp/course"  # it is told in requests and replies
    os.makedirs(f"{folder}/server_data/img")
    for name, data in NAMES.items():
        open(f"{folder}/server_data/img/{name}", "wb").write(data)
    for name, data in UPLOADS.items():
        open(f"{folder}/{name}", "wb").write(data)
    front, back = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    server_port = back.getsockname()[1]
    back.close()
    for part, port in (("client", front.getsockname()[1]), ("server", server_port)):
        open(f"{folder}/{part}_main.py", "w", encoding="utf-8").write(program.replace("PORT = 8002", f"PORT = {port}"))
    server = subprocess.Popen([sys.executable, "-X", "utf8", "-c", "from server_main import Server; Server().main()"],
                              cwd=folder, stderr=subprocess.DEVNULL)
    while True:
        try:
            upstream = socket.create_connection(("127.0.0.1", server_port))
            break
        except ConnectionRefusedError:
            pass
    turns = []

    def frame(sock):
        def exactly(count):
            data = b""
            while len(data) < count:
                more = sock.recv(count - len(data))
                if not more:
                    return None
                data += more
            return data
        prefix = exactly(4)
        if prefix is None:
            return None
        head = exactly(struct.unpack("<i", prefix)[0])
        return prefix + head + exactly(json.loads(head)["data_length"])

    def relay():
        caller, _ = front.accept()
        while (request := frame(caller)) is not None:
            upstream.sendall(request)
            reply = frame(upstream)
            turns.append({"client": text(request), "server": text(reply)})
            caller.sendall(reply)

    thread = threading.Thread(target=relay)
    thread.start()
    order = os.listdir(f"{folder}/server_data/img")
    typed = "".join(f"1\nimg\n000{i}\nkept\nk{i}\n" for i in range(len(order)))
    typed += "".join(f"2\nupload {folder}/{name}\n" for name in UPLOADS) + "q\n"
    subprocess.run([sys.executable, "-X", "utf8", "-c", "from client_main import Client; Client().main()"],
                   cwd=folder, input=typed.encode(), stdout=subprocess.DEVNULL, check=True)
    thread.join()
    upstream.close()
    server.wait()
    shutil.rmtree(folder)
    print(json.dumps({"files": {name: text(data) for name, data in NAMES.items()}, "order": order,
                      "uploads": {name: text(data) for name, data in UPLOADS.items()},
                      "turns": turns},
                     ensure_ascii=False, indent=1))


main(sys.argv[1])
