"""HTTP as RFC 9110 and 9112 have it, for a server of files."""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from typing import Any

from harness import system_test
from http_client import Answer, BadReply, Connection, expect, fetch, request
from machine import BIG_FILE, Machine, Setup, extra_files, listed_files

TAP = Setup(net="tap")

GET = b"GET /1.bin HTTP/1.1\r\n"
HOST = b"Host: guest\r\n"
POST = b"POST /1.bin HTTP/1.1\r\n" + HOST

# A request each, the status of its answer, and whether the connection stays open behind it.
STATUSES: dict[str, tuple[bytes, int, bool]] = {
    "a plain GET": (GET + HOST + b"\r\n", 200, True),
    "bare line feeds": (b"GET /1.bin HTTP/1.1\nHost: guest\n\n", 200, True),
    "empty lines before it": (b"\r\n\r\n" + GET + HOST + b"\r\n", 200, True),
    "Connection: close": (GET + HOST + b"Connection: close\r\n\r\n", 200, False),
    "Connection: a, Close": (GET + HOST + b"Connection: a , Close\r\n\r\n", 200, False),
    "1.0": (b"GET /1.bin HTTP/1.0\r\n\r\n", 200, False),
    "1.0 that keeps alive": (b"GET /1.bin HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, True),
    "version 1.9": (b"GET /1.bin HTTP/1.9\r\n" + HOST + b"\r\n", 200, True),
    "an absolute target": (b"GET http://guest:80/1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 200, True),
    "HTTP:// in capitals": (b"GET HTTP://guest/1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 200, True),
    "an absolute target without host": (b"GET http:///1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 400,
                                        False),
    "a query": (b"GET /1.bin?a=%00/../b HTTP/1.1\r\n" + HOST + b"\r\n", 200, True),
    "a body that is not wanted": (b"GET /1.bin HTTP/1.1\r\n" + HOST
                                  + b"Content-Length: 5\r\n\r\nhello", 200, True),
    "a body with POST": (POST + b"Content-Length: 5\r\n\r\nhello", 405, True),
    "an empty Host": (GET + b"Host:\r\n\r\n", 200, True),
    "99 fields": (GET + HOST + b"X: y\r\n" * 99 + b"\r\n", 200, True),

    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204, True),
    "OPTIONS /": (b"OPTIONS / HTTP/1.1\r\n" + HOST + b"\r\n", 204, True),
    "GET *": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400, False),
    "POST": (POST + b"\r\n", 405, True),
    "DELETE": (b"DELETE /1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 405, True),
    "CONNECT": (b"CONNECT guest:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405, True),
    "an unknown method": (b"BREW /1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 501, True),
    "a method in small letters": (b"get /1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 501, True),

    "no Host": (GET + b"\r\n", 400, False),
    "two Hosts": (GET + HOST + HOST + b"\r\n", 400, False),
    "two names in Host": (GET + b"Host: a, b\r\n\r\n", 400, False),
    "a path in Host": (GET + b"Host: a/b\r\n\r\n", 400, False),
    "no version": (b"GET /1.bin\r\n\r\n", 400, False),
    "two blanks": (b"GET  /1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 400, False),
    "a blank at the line's end": (b"GET /1.bin HTTP/1.1 \r\n" + HOST + b"\r\n", 400, False),
    "a tab for a blank": (b"GET\t/1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 400, False),
    "a blank before a colon": (GET + b"Host : guest\r\n\r\n", 400, False),
    "a folded line": (GET + HOST + b"X: a\r\n b: c\r\n\r\n", 400, False),
    "a blank before the first field": (GET + b" Host: guest\r\n\r\n", 400, False),
    "a carriage return in a value": (GET + HOST + b"X: a\rb\r\n\r\n", 400, False),
    "a zero in a value": (GET + HOST + b"X: a\0b\r\n\r\n", 400, False),
    "a field without a name": (GET + HOST + b": a\r\n\r\n", 400, False),
    "no slash": (b"GET 1.bin HTTP/1.1\r\n" + HOST + b"\r\n", 400, False),
    "HTTP/0.9": (b"GET /1.bin HTTP/0.9\r\n\r\n", 505, False),
    "HTTP/2.0": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, False),
    "no number": (b"GET /1.bin HTTP/x.y\r\n\r\n", 400, False),
    "a long target": (b"GET /" + b"a" * 2048 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, False),
    "a target without end": (b"GET /" + b"a" * 9000, 414, False),
    "101 fields": (GET + HOST + b"X: y\r\n" * 101 + b"\r\n", 431, False),
    "a field without end": (GET + HOST + b"X: " + b"y" * 9000, 431, False),
    "empty lines without end": (b"\r\n" * 5000, 400, False),

    # Where two servers in a row could disagree about where a request ends.
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, False),
    "a length twice": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, False),
    "a list of lengths": (POST + b"Content-Length: 5, 5\r\n\r\nhello", 400, False),
    "a length of +5": (POST + b"Content-Length: +5\r\n\r\nhello", 400, False),
    "a length of -1": (POST + b"Content-Length: -1\r\n\r\nhello", 400, False),
    "a length of 0x5": (POST + b"Content-Length: 0x5\r\n\r\nhello", 400, False),
    "no length in the field": (POST + b"Content-Length:\r\n\r\nhello", 400, False),
    "a length of 2^64 + 5": (POST + b"Content-Length: 18446744073709551621\r\n\r\nhello", 400,
                             False),
    "a body in chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411, False),
    "chunks and a length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                            b"0\r\n\r\n", 400, False),
    "a length and chunks": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"0\r\n\r\n", 400, False),
    "chunks in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                      False),
    "another coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, False),
    "codings in two fields": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"
                              b"\r\n\r\n0\r\n\r\n", 501, False),
    "a coding behind a tab": (POST + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 411, False),
    "a blank before the coding's colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                                          400, False),
}


@system_test("http: each request gets the status that the RFCs ask for", TAP, leaves_nothing=True)
def statuses(machine: Machine) -> None:
    for name, (raw, status, stays) in STATUSES.items():
        with Connection(machine) as connection:
            connection.send(raw)
            try:
                answer = expect(machine, name, connection.answer(), status)
            except BadReply as bad:
                raise machine.failure(f"a good reply to {name}", str(bad)) from bad
            wanted = "keep-alive" if stays else "close"
            if answer.header("connection") != wanted:
                raise machine.failure(f"Connection: {wanted} for {name}", str(answer.headers))
            if status in (204, 405) and answer.header("allow") != "GET, HEAD, OPTIONS":
                raise machine.failure(f"Allow for {name}", str(answer.headers))
            if stays:                       # and nothing is left of the request
                connection.send(request("/512.bin"))
                expect(machine, f"a request after {name}", connection.answer(), 200,
                       content_length="512")
            elif not connection.at_end():
                raise machine.failure(f"the end of the connection after {name}", "more bytes")


@system_test("http: Expect: 100-continue", TAP)
def expect_continue(machine: Machine) -> None:
    fields = "Expect: 100-continue\r\n"
    with Connection(machine) as connection:             # nothing to wait for
        connection.send(request("/1.bin", fields=fields) + request("/1.bin"))
        expect(machine, "a GET that expects", connection.answer(), 200, connection="keep-alive")
        expect(machine, "the next", connection.answer(), 200)
    with Connection(machine) as connection:             # a final status, and the body is not read
        connection.send(request("/1.bin", "POST", fields=fields + "Content-Length: 5\r\n"))
        expect(machine, "a POST that expects", connection.answer(), 405, connection="close")
        connection.send(b"hello")
        if not connection.at_end():
            raise machine.failure("the end of the connection", "more bytes")


@system_test("http: pipelined requests, cut at every byte", TAP, leaves_nothing=True)
def pipelines(machine: Machine) -> None:
    files = extra_files()
    names = ["1.bin", "512.bin", "0.bin", "1461.bin"]
    raw = b"".join(request(f"/{name}") for name in names)
    pieces = [[raw[:cut], raw[cut:]] for cut in range(1, len(raw))]
    pieces.append([bytes([byte]) for byte in raw])
    for parts in pieces:
        with Connection(machine) as connection:
            for part in parts:
                connection.send(part)
            for name in names:
                answer = expect(machine, f"{name} of {len(parts[0])}+", connection.answer(), 200)
                if answer.body != files[name]:
                    raise machine.failure(f"{name} as on the disk", repr(answer.body[:80]))


@system_test("http: 300 requests in one go", TAP, leaves_nothing=True)
def long_pipeline(machine: Machine) -> None:
    """More than buffers hold, and answered faster than the client reads."""
    wanted = extra_files()["4097.bin"]
    with Connection(machine) as connection:
        connection.send(request("/4097.bin") * 300)
        for number in range(300):
            if expect(machine, f"request {number}", connection.answer(), 200).body != wanted:
                raise machine.failure("the file in each answer", f"others in {number}")


@system_test("http: HEAD is GET without a body", TAP)
def heads(machine: Machine) -> None:
    for path in ("/index.html", "/0.bin", f"/{BIG_FILE}", "/nothing", "/", "/list", "/list/",
                 "/status", "/status.json", "/%zz"):
        got = fetch(machine, path)
        with Connection(machine) as connection:
            connection.send(request(path, "HEAD") + request("/1.bin"))
            answer = expect(machine, f"HEAD {path}", connection.answer("HEAD"), got.status)
            expect(machine, f"what follows HEAD {path}", connection.answer(), 200,
                   content_length="1")
        for name in got.headers.keys() | answer.headers.keys():
            if name != "date" and got.header(name) != answer.header(name):
                raise machine.failure(f"{name}: {got.header(name)} for HEAD {path}",
                                      answer.header(name))


# Values of Range, the status, and the parts (first byte, last byte) of the 4,097 bytes.
RANGES: list[tuple[str, int, list[tuple[int, int]]]] = [
    ("bytes=0-0", 206, [(0, 0)]),
    ("bytes=1-", 206, [(1, 4096)]),
    ("bytes=-1", 206, [(4096, 4096)]),
    ("bytes=-9999", 206, [(0, 4096)]),
    ("bytes=4000-9999", 206, [(4000, 4096)]),
    ("Bytes = 5-6", 206, [(5, 6)]),
    ("bytes=0-1,,4-5 , -2", 206, [(0, 1), (4, 5), (4095, 4096)]),
    ("bytes=0-9,5000-,10-19", 206, [(0, 9), (10, 19)]),
    ("bytes=4097-", 416, []),
    ("bytes=-0", 416, []),
    ("bytes=9000-9001,5000-", 416, []),
    ("bytes=", 200, []),
    ("bytes=5-4", 200, []),
    ("bytes=a-b", 200, []),
    ("bytes=1-2-3", 200, []),
    ("bytes=-", 200, []),
    ("lines=1-2", 200, []),
    ("bytes=0-,0-,0-", 200, []),            # more than the file: an attack, or a mistake
    ("bytes=" + ",".join(["0-0"] * 17), 200, []),
]


@system_test("http: ranges", TAP, leaves_nothing=True)
def ranges(machine: Machine) -> None:
    for name, offset in (("4097.bin", 0), (BIG_FILE, 100_000)):     # from memory, and from pages
        whole = extra_files()[name]
        for value, status, parts in RANGES:
            if offset and status != 206:
                continue
            answer = fetch(machine, f"/{name}", fields=f"Range: {shifted(value, offset)}\r\n")
            expect(machine, f"{value} of {name}", answer, status)
            if offset:
                continue
            if status == 416:
                expect(machine, value, answer, 416, content_range="bytes */4097")
            elif status == 200 and answer.body != whole:
                raise machine.failure(f"the whole file for {value}", f"{len(answer.body)} bytes")
            elif status == 206:
                check_parts(machine, value, answer, whole, parts)
    big = extra_files()[BIG_FILE]
    answer = fetch(machine, f"/{BIG_FILE}", fields="Range: bytes=1000000-1999999,-10\r\n")
    check_parts(machine, "a million bytes and ten", answer, big,
                [(1_000_000, 1_999_999), (len(big) - 10, len(big) - 1)])
    answer = fetch(machine, "/4097.bin", "HEAD", "Range: bytes=0-1\r\n")
    expect(machine, "HEAD with a range", answer, 200, content_length="4097")
    answer = fetch(machine, "/0.bin", fields="Range: bytes=0-\r\n")
    expect(machine, "a range of nothing", answer, 416, content_range="bytes */0")


def shifted(value: str, offset: int) -> str:
    """The same ranges, further behind."""
    return re.sub(r"\d+", lambda number: str(int(number.group()) + offset), value)


def check_parts(machine: Machine, what: str, answer: Answer, whole: bytes,
                parts: list[tuple[int, int]]) -> None:
    size = len(whole)
    if len(parts) == 1:
        first, last = parts[0]
        expect(machine, what, answer, 206, content_range=f"bytes {first}-{last}/{size}")
        wanted = whole[first:last + 1]
    else:
        boundary = re.fullmatch(r"multipart/byteranges; boundary=(\S+)",
                                answer.header("content-type"))
        if not boundary:
            raise machine.failure(f"parts for {what}", str(answer.headers))
        wanted = b"".join(
            f"\r\n--{boundary.group(1)}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Range: bytes {first}-{last}/{size}\r\n\r\n".encode() + whole[first:last + 1]
            for first, last in parts) + f"\r\n--{boundary.group(1)}--\r\n".encode()
    if answer.body != wanted:
        raise machine.failure(f"{len(wanted)} bytes for {what}",
                              f"{len(answer.body)}: {answer.body[:80]!r}")


@system_test("http: conditions", TAP)
def conditions(machine: Machine) -> None:
    plain = fetch(machine, "/4097.bin")
    tag, date = plain.header("etag"), plain.header("last-modified")
    early, late = "Thu, 01 Jan 1970 00:00:01 GMT", "Fri, 31 Dec 2049 23:59:59 GMT"
    if not re.fullmatch(r'"[!#-~]+"', tag) or not re.search(r"GMT$", date):
        raise machine.failure("a strong ETag and a date of an old file", str(plain.headers))
    part = "Range: bytes=0-9\r\n"
    for fields, status in (
            (f"If-None-Match: {tag}\r\n", 304), (f"If-None-Match: W/{tag}\r\n", 304),
            ("If-None-Match: *\r\n", 304), (f'If-None-Match: "x", {tag}\r\n', 304),
            ('If-None-Match: "x"\r\n', 200),
            (f"If-Modified-Since: {date}\r\n", 304), (f"If-Modified-Since: {late}\r\n", 304),
            (f"If-Modified-Since: {early}\r\n", 200), ("If-Modified-Since: yesterday\r\n", 200),
            (f'If-None-Match: "x"\r\nIf-Modified-Since: {date}\r\n', 200),
            (f"If-Match: {tag}\r\n", 200), ("If-Match: *\r\n", 200), ('If-Match: "x"\r\n', 412),
            (f"If-Match: W/{tag}\r\n", 412), (f"If-Unmodified-Since: {early}\r\n", 412),
            (f"If-Unmodified-Since: {date}\r\n", 200),
            (part + f"If-Range: {tag}\r\n", 206), (part + f"If-Range: {date}\r\n", 206),
            (part + 'If-Range: "x"\r\n', 200), (part + f"If-Range: W/{tag}\r\n", 200),
            (part + f"If-Range: {early}\r\n", 200), (part + f"If-None-Match: {tag}\r\n", 304)):
        with Connection(machine) as connection:
            connection.send(request("/4097.bin", fields=fields) + request("/1.bin"))
            answer = expect(machine, repr(fields), connection.answer(), status)
            if status == 304 and (answer.header("etag") != tag
                                  or "content-length" in answer.headers):
                raise machine.failure("a 304 with the ETag and without a body", str(answer.headers))
            expect(machine, f"what follows {fields!r}", connection.answer(), 200)


PATHS: dict[str, int] = {
    "/%31.bin": 200, "/1%2Ebin": 200, "/1%2ebin": 200, "/./1.bin": 200, "//1.bin": 200,
    "/list/../1.bin": 200, "/list/%2e%2e/1.bin": 200, "/list%2f..%2F1.bin": 200, "/1.bin?": 200,
    "/1.bin?/../..": 200, "/1.bin#x": 200,
    "/1.bin/": 404, "/1.bin/x": 404, "/nothing": 404, "/%2531.bin": 404, "/LIST/": 404,
    "/%E4": 404, "/\xe4": 404, "/" + "a" * 300: 404, "/" + "a/" * 400: 404,
    "/%00": 400, "/1.bin%00.html": 400, "/%": 400, "/%4": 400, "/%4g": 400, "/%%31": 400,
    "/..": 400, "/../1.bin": 400, "/%2e%2e/": 400, "/list/../../bin/sh": 400, "/%0a": 400,
    "/%7f": 400, "/" + "a" * 1500: 414,
}


@system_test("http: paths and their escapes", TAP)
def paths(machine: Machine) -> None:
    for path, status in PATHS.items():
        answer = expect(machine, repr(path[:60]), fetch(machine, path), status)
        if status == 200 and answer.body != extra_files()["1.bin"]:
            raise machine.failure(f"1.bin for {path}", repr(answer.body[:60]))


@system_test("http: media types", TAP)
def types(machine: Machine) -> None:
    for path, kind in (("/index.html", "text/html; charset=utf-8"), ("/list/x.TXT",
                       "text/plain; charset=utf-8"), ("/1.bin", "application/octet-stream"),
                       ("/list/x.css", "text/css"), ("/list/x.svg", "image/svg+xml"),
                       ("/list/png", "application/octet-stream"),
                       ("/status", "text/html; charset=utf-8"),
                       ("/status.json", "application/json")):
        expect(machine, path, fetch(machine, path), 200, content_type=kind)


@system_test("http: a directory's list is sorted, and its links lead to the files", TAP,
             leaves_nothing=True)
def listing(machine: Machine) -> None:
    answer = expect(machine, "/list", fetch(machine, "/list?a"), 301, location="/list/")
    text = expect(machine, "/list/", fetch(machine, "/list/"), 200).body.decode("utf-8")
    links = re.findall(r'<td><a href="([^"]*)">([^<]*)</a></td><td>(\d*)</td>', text)
    files = listed_files()
    wanted = sorted([name.encode() for name in files] + [b"sub/"])
    got = [urllib.parse.unquote_to_bytes(link) for link, _, _ in links]
    if got != wanted:
        raise machine.failure(f"links to {wanted}", str(got))
    for link, shown, size in links:
        if link == "sub/":
            continue
        name = urllib.parse.unquote(link)
        if html.unescape(shown) != name or int(size) != len(files[name]):
            raise machine.failure(f"{name} with its size", f"{shown} {size}")
        if expect(machine, link, fetch(machine, f"/list/{link}"), 200).body != files[name]:
            raise machine.failure(f"{name} behind its link", "another file")
    if '<a href="../">' not in text or "<b>" in text:
        raise machine.failure("a link to the directory above, and no markup in names", text[:300])
    answer = expect(machine, "an empty one", fetch(machine, "/list/sub/"), 200)
    with Connection(machine) as connection:             # 1.0 knows no chunks
        connection.send(request("/list/", version="1.0"))
        old = connection.answer()
    if old.body.decode("utf-8") != text or "transfer-encoding" in old.headers or not answer.body:
        raise machine.failure("the same list in HTTP/1.0, up to the connection's end",
                              str(old.headers))


@system_test("http: a directory of 600 files", TAP)
def long_listing(machine: Machine) -> None:
    machine.shell("mkdir /www/many")
    names = [f"{number * 7919 % 600:03}.txt" for number in range(600)]
    for start in range(0, 600, 50):
        machine.shell("touch " + " ".join(f"/www/many/{name}" for name in names[start:start + 50]),
                      120)
    text = expect(machine, "/many/", fetch(machine, "/many/"), 200).body.decode()
    got = re.findall(r'href="(\d+\.txt)"', text)
    if got != sorted(names):
        raise machine.failure("600 names in their order", f"{len(got)}: {got[:5]}")


@system_test("http: a file that changes is sent as it is now", TAP, leaves_nothing=True)
def changes(machine: Machine) -> None:
    def check(text: str, what: str) -> None:
        for _ in range(3):                              # the second comes from the open file
            answer = expect(machine, what, connection_answer("/change.txt"), 200)
            if answer.body != text.encode():
                raise machine.failure(f"{text!r} after {what}", repr(answer.body))

    def connection_answer(path: str) -> Answer:
        connection.send(request(path))
        return connection.answer()

    with Connection(machine) as connection:
        expect(machine, "before it is there", connection_answer("/change.txt"), 404)
        machine.shell("echo one > /www/change.txt")
        check("one\n", "it was made")
        machine.shell("echo two, longer > /www/change.txt")
        check("two, longer\n", "it was written")
        machine.shell("echo more >> /www/change.txt")
        check("two, longer\nmore\n", "it was appended to")
        machine.shell("echo new > /www/other.txt")
        machine.shell("rm /www/change.txt")
        expect(machine, "it was removed", connection_answer("/change.txt"), 404)
        machine.shell("mv /www/other.txt /www/change.txt")
        check("new\n", "another took its place")
        machine.shell("mkdir /www/dir")
        machine.shell("mv /www/change.txt /www/dir/a.txt")
        expect(machine, "it was moved", connection_answer("/change.txt"), 404)
        expect(machine, "its new place", connection_answer("/dir/a.txt"), 200)
        machine.shell("mv /www/dir /www/dir2")
        expect(machine, "its directory was renamed", connection_answer("/dir/a.txt"), 404)
        expect(machine, "its new path", connection_answer("/dir2/a.txt"), 200)
        machine.shell("rm /www/dir2/a.txt")
        machine.shell("rmdir /www/dir2")
        expect(machine, "its end", connection_answer("/dir2/a.txt"), 404)


@system_test("http: another root, another port, and a log of the requests", TAP)
def access_log(machine: Machine) -> None:
    start_server(machine, "httpd -p 8080 -r /www/list/ -f /access.log &")
    text = expect(machine, "/ of another root", fetch(machine, "/", port=8080), 200).body
    if b">x.css<" not in text:
        raise machine.failure("the root's list", repr(text[:200]))
    expect(machine, "a file", fetch(machine, "/x.css?a", "HEAD", port=8080), 200)
    expect(machine, "a file above", fetch(machine, "/../1.bin", port=8080), 400)
    with Connection(machine, port=8080) as connection:
        connection.send(b'GET /"\x1b[2J HTTP/1.1\r\n\r\n')
        expect(machine, "no Host", connection.answer(), 400)
    wanted = [r'"GET / HTTP/1\.1" 200 -', r'"HEAD /x\.css\?a HTTP/1\.1" 200 0',
              r'"GET /\.\./1\.bin HTTP/1\.1" 400 \d+', r'"GET /\?\?\[2J HTTP/1\.1" 400 \d+']
    lines = [line for line in machine.shell("cat /access.log").splitlines() if " - - " in line]
    if len(lines) != len(wanted) or not all(re.fullmatch(LOG_LINE + end, line)
                                            for end, line in zip(wanted, lines)):
        raise machine.failure("a line for each request", "\n".join(lines))
    start_server(machine, "httpd -p 8081 -l &")
    expect(machine, "a file", fetch(machine, "/1.bin", port=8081), 200)
    machine.wait_for(lambda text: re.search(LOG_LINE + r'"GET /1\.bin HTTP/1\.1" 200 1$', text,
                                            re.MULTILINE), 30, "the line on the console")
    for job in ("%1", "%2"):
        machine.shell(f"kill {job}")


LOG_LINE = r"10\.0\.2\.\d+ - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "


def start_server(machine: Machine, command: str) -> None:
    ready = machine.console.text().count("Waiting for http connections")
    machine.shell(command)
    machine.wait_for(lambda text: text.count("Waiting for http connections") > ready, 60,
                     "another web server to start")


@system_test("http: the live page's figures", TAP, leaves_nothing=True)
def live_figures(machine: Machine) -> None:
    def figures() -> dict[str, Any]:
        answer = expect(machine, "/status.json", fetch(machine, "/status.json"), 200,
                        content_type="application/json")
        return dict(json.loads(answer.body))

    before = figures()
    for _ in range(20):
        fetch(machine, "/index.html")
    after = figures()
    for ring in ("receive", "transmit"):
        slots = after["rings"][ring]
        if (len(slots["state"]) != slots["slots"] or set(slots["state"]) - set("ocf")
                or max(slots["head"], slots["tail"]) >= slots["slots"]):
            raise machine.failure(f"the state of each slot of the {ring} ring", str(slots))
    for name in ("httpd", "ns", "fs"):
        old, new = (next(environment for environment in each["environments"]
                         if environment["name"] == name) for each in (before, after))
        if name != "fs" and not (new["sent"] >= old["sent"] + 40 and new["cpu_us"] > old["cpu_us"]
                                 and new["received"] >= old["received"] + 40):
            raise machine.failure(f"40 more messages of {name} after 20 requests", f"{old} {new}")
    if (after["card"]["rx_packets"] < before["card"]["rx_packets"] + 60
            or after["memory"]["free"] > after["memory"]["total"]
            or after["sockets"]["listening"] < 2 or "malformed" not in after["drops"]):
        raise machine.failure("figures of card, memory, sockets and drops", str(after)[:600])
