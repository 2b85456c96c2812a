"""Servers on the host's end of the tap device, for the guest's clients."""

from __future__ import annotations

import contextlib
import functools
import http.server
import socket
import struct
import subprocess
import threading
from pathlib import Path
from typing import Iterator

HOST = "10.0.2.2"
NAME_SERVER = "10.0.2.3"            # where the guest asks for names
WEB_PORT = 8080
NAMES = {"host.example": HOST}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:          # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def web_server(folder: Path) -> Iterator[None]:
    """Serves `folder` at http://10.0.2.2:8080/ meanwhile."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer((HOST, WEB_PORT), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


@contextlib.contextmanager
def name_server(tap: str = "tap0") -> Iterator[None]:
    """Answers for NAMES at the guest's name server's address meanwhile; other names are unknown."""
    subprocess.run(["ip", "addr", "replace", f"{NAME_SERVER}/32", "dev", tap], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((NAME_SERVER, 53))
        ending = threading.Event()
        server.settimeout(0.2)
        thread = threading.Thread(target=answer_queries, args=(server, ending), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()
            subprocess.run(["ip", "addr", "del", f"{NAME_SERVER}/32", "dev", tap], check=False)


def answer_queries(server: socket.socket, ending: threading.Event) -> None:
    while not ending.is_set():
        with contextlib.suppress(socket.timeout):
            query, client = server.recvfrom(512)
            server.sendto(answer_to(query), client)


def answer_to(query: bytes) -> bytes:
    """RFC 1035, 4.1: the question again, and an address if the name is known and one was asked
    for."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    question = query[12:at + 5]
    kind = struct.unpack_from(">H", query, at + 1)[0]
    address = NAMES.get(".".join(labels))
    unknown = 3
    answers = 1 if address and kind == 1 else 0
    header = query[:2] + struct.pack(">5H", 0x8180 | (0 if address else unknown), 1, answers, 0, 0)
    if not answers:
        return header + question
    record = struct.pack(">HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton(address or ""))
    return header + question + record
