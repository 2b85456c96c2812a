"""A strict HTTP/1.1 client for tests: sends bytes as they are given, takes replies apart."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field

from machine import Machine


class BadReply(Exception):
    """What came is no reply as RFC 9112 describes it."""


@dataclass
class Answer:
    """A reply. `headers`: names in lower case; fields that are there twice are an error."""
    status: int
    reason: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


class Connection:
    """One connection to the guest's web server; `with` closes it."""

    def __init__(self, machine: Machine, limit: float = 60, port: int = 0):
        host, usual_port = machine.web
        self.socket = socket.create_connection((host, port or usual_port), limit * machine.scale)
        self.socket.settimeout(limit * machine.scale)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """The next reply, to a request with this method."""
        answer = self._head()
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return answer
        if "transfer-encoding" in answer.headers:
            if "content-length" in answer.headers:
                raise BadReply("both Transfer-Encoding and Content-Length")
            answer.body = self._chunks()
        elif "content-length" in answer.headers:
            answer.body = self._take(int(answer.header("content-length")))
        elif answer.header("connection") == "close":
            answer.body = self.rest()
        else:
            raise BadReply("nothing says where the body ends")
        return answer

    def at_end(self) -> bool:
        """Whether the server closes the connection and nothing more comes."""
        return self.rest() == b""

    def rest(self) -> bytes:
        """All that comes until the server closes the connection."""
        while self._more():
            pass
        held, self._held = self._held, b""
        return held

    def _more(self) -> bool:
        piece = self.socket.recv(65536)
        self._held += piece
        return bool(piece)

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            if not self._more():
                raise BadReply(f"the connection ended {size - len(self._held)} bytes too early")
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def _line(self) -> bytes:
        while b"\r\n" not in self._held:
            if not self._more():
                raise BadReply(f"the connection ended in {self._held[:60]!r}")
        line, _, self._held = self._held.partition(b"\r\n")
        return line

    def _head(self) -> Answer:
        first = self._line().decode("latin-1")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) ([ -~]*)", first)
        if not status:
            raise BadReply(f"no status line: {first!r}")
        answer = Answer(int(status.group(1)), status.group(2))
        while line := self._line().decode("latin-1"):
            parts = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f]*)",
                                 line)
            if not parts:
                raise BadReply(f"no header field: {line!r}")
            name = parts.group(1).lower()
            if name in answer.headers:
                raise BadReply(f"two fields {name}")
            answer.headers[name] = parts.group(2).strip()
        return answer

    def _chunks(self) -> bytes:
        body = b""
        while True:
            line = self._line()
            if not re.fullmatch(rb"[0-9A-Fa-f]+", line):
                raise BadReply(f"no chunk's length: {line!r}")
            chunk = self._take(int(line, 16))
            if self._line():
                raise BadReply("a chunk without its line end")
            if not chunk:
                return body
            body += chunk


def request(path: str, method: str = "GET", version: str = "1.1", fields: str = "",
            host: str = "Host: guest\r\n") -> bytes:
    """A request; `fields` are whole lines with their ends."""
    return f"{method} {path} HTTP/{version}\r\n{host}{fields}\r\n".encode("latin-1")


def fetch(machine: Machine, path: str, method: str = "GET", fields: str = "",
          port: int = 0) -> Answer:
    """The reply to one request on a connection of its own."""
    with Connection(machine, port=port) as connection:
        connection.send(request(path, method, fields=fields))
        return connection.answer(method)


def expect(machine: Machine, what: str, answer: Answer, status: int, **fields: str) -> Answer:
    """The answer must have this status and these header fields (underscores are hyphens)."""
    if answer.status != status:
        raise machine.failure(f"status {status} for {what}",
                              f"{answer.status} {answer.headers} {answer.body[:60]!r}")
    for name, value in fields.items():
        name = name.replace("_", "-")
        if answer.header(name) != value:
            raise machine.failure(f"{name}: {value} for {what}", answer.header(name) or "none")
    return answer
