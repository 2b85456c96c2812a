"""The web server: files byte for byte, methods, keep-alive, and requests that must not work."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import threading
import time

import gradelib
from gradelib import Reply
from harness import system_test
from machine import BIG_FILE, WEB_ROOT, Machine, Setup, extra_files

TAP = Setup(net="tap")
FORWARDED = Setup(net="user")


def request(path: str, method: str = "GET", version: str = "1.1", headers: str = "") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: guest\r\n{headers}\r\n".encode("latin-1")


def connect(machine: Machine) -> socket.socket:
    connection = socket.create_connection(machine.web, 30 * machine.scale)
    connection.settimeout(30 * machine.scale)
    return connection


def read_reply(connection: socket.socket, has_body: bool = True, held: bytes = b"") -> Reply:
    """The next reply on a connection; `rest` of its raw bytes may belong to the one after."""
    received, end = bytearray(held), "enough"
    while not is_whole(bytes(received), has_body):
        try:
            piece = connection.recv(65536)
        except socket.timeout:
            end = "timeout"
            break
        except OSError:
            end = "reset"
            break
        if not piece:
            end = "closed"
            break
        received += piece
    if not has_body:
        reply = gradelib.parse_reply(bytes(received), end)
        if reply.status and "cut-off" in reply.fault:
            reply.fault = ""
        return reply
    return gradelib.parse_reply(bytes(received), end)


def is_whole(raw: bytes, has_body: bool) -> bool:
    return gradelib.reply_is_whole(raw) if has_body else b"\r\n\r\n" in raw


def ask(machine: Machine, raw: bytes, has_body: bool = True) -> Reply:
    with connect(machine) as connection:
        connection.sendall(raw)
        return read_reply(connection, has_body)


def expect(machine: Machine, what: str, reply: Reply, *statuses: int) -> Reply:
    """The reply must be whole and have one of these statuses."""
    wanted = " or ".join(map(str, statuses))
    if reply.fault or reply.status not in statuses:
        raise machine.failure(f"status {wanted} for {what}",
                              reply.fault or f"status {reply.status}")
    return reply


@system_test("curl fetches 5 MiB, byte for byte", TAP, needs=("curl",), leaves_nothing=True)
def big_file(machine: Machine) -> None:
    fetch_big_file(machine)


@system_test("curl fetches 5 MiB over a forwarded port", FORWARDED, needs=("curl",))
def big_file_forwarded(machine: Machine) -> None:
    fetch_big_file(machine)


def fetch_big_file(machine: Machine) -> None:
    done = subprocess.run(["curl", "-sS", "--fail", f"{machine.url}/{BIG_FILE}"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          stdin=subprocess.DEVNULL, timeout=300 * machine.scale)
    wanted = extra_files()[BIG_FILE]
    if done.returncode != 0 or done.stdout != wanted:
        at = next((i for i, (a, b) in enumerate(zip(done.stdout, wanted)) if a != b),
                  min(len(done.stdout), len(wanted)))
        raise machine.failure(f"{len(wanted)} bytes as on the disk",
                              f"curl's status {done.returncode}, {len(done.stdout)} bytes, "
                              f"different from byte {at} on")


@system_test("files of every size around a buffer's", TAP, leaves_nothing=True)
def sizes(machine: Machine) -> None:
    files = {name: content for name, content in extra_files().items() if name != BIG_FILE}
    for name, content in files.items():
        reply = expect(machine, f"/{name}", ask(machine, request(f"/{name}")), 200)
        if reply.body != content:
            raise machine.failure(f"/{name} as on the disk", f"{len(reply.body)} other bytes")


@system_test("the page at / is a 404 that helps", TAP)
def root_page(machine: Machine) -> None:
    reply = expect(machine, "/", ask(machine, request("/")), 404)
    if b"index.html" not in reply.body:
        raise machine.failure("a body with a link to index.html", repr(reply.body[:200]))
    if b"\r\nConnection" in reply.raw and b"\r\n\r\n" not in reply.raw:
        raise machine.failure("a line end behind the Connection header", repr(reply.raw[:200]))
    expect(machine, "/random_file.txt", ask(machine, request("/random_file.txt")), 404)


@system_test("HEAD tells the length and sends no body", TAP)
def head(machine: Machine) -> None:
    page = (machine.tree / "fs" / "index.html").read_bytes()
    with connect(machine) as connection:
        connection.sendall(request("/index.html", "HEAD", headers="Connection: close\r\n"))
        reply = expect(machine, "HEAD /index.html", read_reply(connection, has_body=False), 200)
        rest = connection.recv(65536)
    if reply.headers.get("content-length") != str(len(page)):
        raise machine.failure(f"Content-Length: {len(page)}", str(reply.headers))
    if reply.body or rest:
        raise machine.failure("no body", repr((reply.body + rest)[:100]))


@system_test("keep-alive: many requests on a connection", TAP, leaves_nothing=True)
def keep_alive(machine: Machine) -> None:
    page = (machine.tree / "fs" / "index.html").read_bytes()
    with connect(machine) as connection:
        for number in range(200):
            path, status = [("/index.html", 200), ("/nothing", 404)][number % 2]
            connection.sendall(request(path))
            reply = expect(machine, f"request {number} of a connection ({path})",
                           read_reply(connection), status)
            if status == 200 and reply.body != page:
                raise machine.failure("the page in each reply", repr(reply.body[:100]))


@system_test("pipelined requests are answered in order", TAP)
def pipelining(machine: Machine) -> None:
    paths = ["/1.bin", "/512.bin", "/index.html", "/0.bin", "/4097.bin"] * 3
    with connect(machine) as connection:
        connection.sendall(b"".join(map(request, paths[:-1]))
                           + request(paths[-1], headers="Connection: close\r\n"))
        raw = bytearray()
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            raw += piece
    rest = bytes(raw)
    for path in paths:
        reply = gradelib.parse_reply(rest, "closed")
        length = gradelib.wanted_length(reply)
        wanted = (machine.tree / "obj" / "system" / "root" / WEB_ROOT / path[1:]).read_bytes()
        expect(machine, f"pipelined {path}", reply, 200)
        if reply.body[:length] != wanted:
            raise machine.failure(f"{path} as on the disk", repr(reply.body[:80]))
        rest = reply.body[length:]
    if rest:
        raise machine.failure("nothing behind the last reply", repr(rest[:80]))


@system_test("HTTP/1.0 closes unless asked to keep", TAP)
def old_version(machine: Machine) -> None:
    with connect(machine) as connection:
        connection.sendall(request("/index.html", version="1.0"))
        expect(machine, "HTTP/1.0", read_reply(connection), 200)
        if connection.recv(10) != b"":
            raise machine.failure("the end of the connection after an HTTP/1.0 reply", "more")


# Paths that try to leave the web root, or are no paths.
ESCAPES = ("/../index.html/../../etc", "/../../../../bin/sh", "/%2e%2e/%2e%2e/bin/sh",
           "/..%2f..%2fbin/sh", "/%2e%2e%2fbin", "/.%2e/.%2e/", "//../..//", "/a/../../..",
           "/%00", "/index.html%00.txt", "/%", "/%g0", "/%2", "/\xff\xfe")


@system_test("paths do not leave the web root", TAP)
def escapes(machine: Machine) -> None:
    for path in ESCAPES:
        expect(machine, repr(path), ask(machine, request(path)), 400, 403, 404)


BAD_REQUESTS = {
    "no method": b" /index.html HTTP/1.1\r\n\r\n",
    "no path": b"GET\r\n\r\n",
    "garbage": bytes(range(1, 200)) + b"\r\n\r\n",
    "zeros": bytes(300) + b"\r\n\r\n",
    "no such version": b"GET /index.html HTTP/9.9\r\nHost: guest\r\n\r\n",
    "no such method": b"BREW /index.html HTTP/1.1\r\nHost: guest\r\n\r\n",
    "header without colon": b"GET /index.html HTTP/1.1\r\nHost guest\r\n\r\n",
    "negative length": b"POST /index.html HTTP/1.1\r\nHost: guest\r\nContent-Length: -1\r\n\r\n",
    "overlong line": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    "overlong header": b"GET / HTTP/1.1\r\nX: " + b"b" * 70_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
}


@system_test("bad requests get an error, and nothing else suffers", TAP, leaves_nothing=True)
def bad_requests(machine: Machine) -> None:
    """Each gets a status from 400 on, or its connection closed; the next client is served."""
    for name, raw in BAD_REQUESTS.items():
        with connect(machine) as connection:
            try:
                connection.sendall(raw)
            except OSError:
                pass            # refused before all of it was sent
            reply = read_reply(connection)
        if reply.raw and not 400 <= reply.status <= 599:
            raise machine.failure(f"an error for a request with {name}",
                                  f"status {reply.status} {reply.fault}")
        expect(machine, f"a page after a request with {name}",
               ask(machine, request("/index.html")), 200)


@system_test("a request may come byte by byte", TAP)
def slow_request(machine: Machine) -> None:
    with connect(machine) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request("/index.html"):
            connection.sendall(bytes([byte]))
        expect(machine, "a request byte by byte", read_reply(connection), 200)


@system_test("32 connections at once", TAP, leaves_nothing=True)
def parallel(machine: Machine) -> None:
    wanted = extra_files()["65537.bin"]
    wrong: list[str] = []

    def fetch_some() -> None:
        try:
            for _ in range(5):
                reply = ask(machine, request("/65537.bin", headers="Connection: close\r\n"))
                if reply.body != wanted:
                    wrong.append(reply.fault or f"status {reply.status}, {len(reply.body)} bytes")
        except OSError as error:
            wrong.append(str(error))

    clients = [threading.Thread(target=fetch_some) for _ in range(32)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if wrong:
        raise machine.failure("160 whole files on 32 connections",
                              f"{len(wrong)} were not: {wrong[0]}")


@system_test("clients that are killed in mid-transfer", TAP, needs=("curl",), leaves_nothing=True)
def killed_clients(machine: Machine) -> None:
    for _ in range(4 if machine.warming_up else 20):
        with subprocess.Popen(["curl", "-sN", f"{machine.url}/{BIG_FILE}"],
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as client:
            assert client.stdout is not None
            client.stdout.read(100_000)
            client.send_signal(signal.SIGKILL)
    fetch_big_file(machine)


@system_test("a client's port can be used again at once", TAP)
def port_again(machine: Machine) -> None:
    """The guest closes first, so its side of the old connection is in TIME-WAIT."""
    port = 0
    for number in range(20):
        with connect_from(machine, port) as connection:
            port = connection.getsockname()[1]
            connection.sendall(request("/index.html", headers="Connection: close\r\n"))
            reply = read_reply(connection)
            if reply.status != 200 or connection.recv(1):
                raise machine.failure(f"200, then the end, on connection {number}",
                                      f"{reply.status} {reply.fault}")


def connect_from(machine: Machine, port: int) -> socket.socket:
    deadline = time.monotonic() + 30 * machine.scale
    while True:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.settimeout(30 * machine.scale)
        connection.bind(("", port))
        try:
            connection.connect(machine.web)
            return connection
        except OSError as error:
            connection.close()
            # The host itself may still wait for the last acknowledgement of the old connection.
            if error.errno != errno.EADDRNOTAVAIL or time.monotonic() > deadline:
                raise machine.failure(f"a connection from port {port}", str(error)) from error
        time.sleep(0.01)
