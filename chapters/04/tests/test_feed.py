import gzip
import io
import socket
import sys
import threading
import zlib
from functools import partial
from unittest.mock import Mock

import pytest
from django.core.management.base import CommandError

from styling import feed
from styling.feed import read_source, shown


def test_reads_a_file(tmp_path):
    path = tmp_path / "feed.json"
    path.write_bytes(b"[1]")
    assert read_source(str(path), 3) == b"[1]"


def test_refuses_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "feed.json"
    path.write_bytes(b"[12]")
    with pytest.raises(CommandError, match=r"feed.json: larger than "):
        read_source(str(path), 3)


def test_reads_an_address(web):
    web.body(b"[1]")
    assert read_source(web.url, 3) == b"[1]"


def test_the_scheme_may_be_in_capitals(web):
    web.body(b"[1]")
    assert read_source(web.url.replace("http", "HTTP"), 3) == b"[1]"


@pytest.mark.parametrize(
    "source",
    ["file:///etc/passwd", "file:/etc/passwd", "ftp://host/feed", "data:,[]", "http:feed"],
)
def test_refuses_other_schemes(source):
    with pytest.raises(CommandError, match="only http:// and https:// addresses are read"):
        read_source(source, 3)


@pytest.mark.posix
def test_a_file_with_a_colon_can_be_named(tmp_path, monkeypatch):
    (tmp_path / "my:feed").write_bytes(b"[1]")
    monkeypatch.chdir(tmp_path)
    assert read_source("./my:feed", 3) == b"[1]"


def test_follows_a_redirect(web):
    def answer(handler):
        if handler.path == "/feed.json":
            web.redirect("/other")
            web.answer(handler)
            web.answer = answer
        else:
            web.body(b"[1]")
            web.answer(handler)

    web.answer = answer
    assert read_source(web.url, 3) == b"[1]"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/feed", "data:,[]"])
def test_a_redirect_leads_only_to_the_web(web, target):
    web.redirect(target)
    with pytest.raises(
        CommandError,
        match="302 Found and leads to nothing that is read|: only http:// and https://",
    ):
        read_source(web.url, 3)


def test_does_not_read_the_body_of_a_redirect(web, monkeypatch):
    monkeypatch.setattr(feed, "SILENCE", 0.2)

    def answer(handler):
        if handler.path == "/other":
            web.body(b"[1]")
            web.answer(handler)
            return
        handler.send_response(302)
        handler.send_header("Location", "/other")
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.wfile.flush()
        web.closing.wait(60)

    web.answer = answer
    assert read_source(web.url, 3) == b"[1]"


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not(web):
    web.body(b"[12]")
    assert read_source(web.url, 4) == b"[12]"
    with pytest.raises(CommandError, match=r"/feed\.json: larger than "):
        read_source(web.url, 3)


def test_a_body_without_an_end_is_refused(web):
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        while not web.closing.is_set():
            try:
                handler.wfile.write(b" " * 65536)
            except OSError:
                return

    web.answer = answer
    with pytest.raises(CommandError, match=r"larger than 1 MB\.$"):
        read_source(web.url, feed.MEGABYTE)


def test_a_length_that_lies_does_not_matter(web):
    web.body(b"[12]", Content_Length="1000000000")
    with pytest.raises(CommandError, match="the connection ended 999999996 bytes early"):
        read_source(web.url, 1000)


def test_a_silent_server_is_given_up(web, monkeypatch):
    monkeypatch.setattr(feed, "SILENCE", 0.05)
    web.silence()
    with pytest.raises(CommandError, match=r"/feed\.json: timed out\.$"):
        read_source(web.url, 3)


def test_the_whole_download_has_a_deadline(web, monkeypatch):
    monkeypatch.setattr(feed, "DEADLINE", 0.1)

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        while not web.closing.wait(0.01):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    web.answer = drip
    with pytest.raises(CommandError, match=r"/feed\.json: not complete after 0\.1 s\."):
        read_source(web.url, 1000)


def test_an_error_of_the_server_is_one_line(web):
    web.answer = lambda handler: handler.send_error(404, "Gone\x1b[2J")
    with pytest.raises(CommandError, match=r"/feed\.json: the server answered 404 Not Found\.$"):
        read_source(web.url, 3)


def test_a_code_that_nobody_knows_is_one_line(web):
    web.answer = lambda handler: handler.send_error(599, "Whatever")
    with pytest.raises(CommandError, match=r": the server answered 599 an unknown code\.$"):
        read_source(web.url, 3)


def test_where_no_thread_can_be_started_that_is_one_line(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError))
    with pytest.raises(CommandError, match=r"^http://host/feed: no thread can be started: "):
        read_source("http://host/feed", 3)


def test_what_nobody_foresaw_is_not_swallowed(threads, monkeypatch):
    monkeypatch.setattr(feed, "build_opener", Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        read_source("http://host/feed", 3)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1/feed", r"^http://127\.0\.0\.1:1/feed: \["),
        ("http:///feed", "no host given"),
        ("http://127.0.0.1:port/feed", r"^http://127\.0\.0\.1…: not a valid address"),
        (
            "http://127.0.0.1/a feed",
            r"^http://127\.0\.0\.1/a…: not a valid addr",
        ),
        ("http://[::1/feed", "^http://…: not a valid address"),
        ("http://127.0.0.1:1/f\xe9ed", "^http://127.0.0.1:1/féed: not a valid address"),
    ],
)
def test_a_wrong_address_is_one_line(url, message, threads, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(CommandError, match=message):
        read_source(url, 3)


@pytest.mark.parametrize(
    "url", ["http://ada:pw@host/feed", "http://ada@host/feed", "http://ada%40host/feed"]
)
def test_a_user_or_a_password_is_refused_and_not_repeated(url):
    with pytest.raises(CommandError, match="^http://…@host/feed: an address with a user"):
        read_source(url, 3)


SECRETS = [
    "http://ada:sec/ret@host/feed",
    "http://ada:sec?ret@host/feed",
    "http://ada:sec#ret@host/feed",
    "http://ada:sec@ret@host/feed",
    "http://ada:sec:ret@host/feed",
    "http://ada:sec%40ret@host/feed",
    "http://ada:sec%40ret%40host/feed",
    "http://ada:sec%2540ret%2540host/feed",
    "http://ada:sec\\ret@host/feed",
    "http://ada:sec ret@host/feed",
    "http://ada:sec\nret@host/feed",
    "http://ada:sec\uff20host/feed",
    "http://ada:sec[ret@host/feed",
    "http://ada:sec\xe9ret@host/feed",
    "http://sec:ret@[::1/feed",
    "http://sec/ret/@host:port/feed",
    "http://sec@host/feed",
    "http://:sec@host/feed",
    "http://ada:sec/feed",
    "http://ada%3Asec%40host/feed",
    "http://ada%3Asec/feed",
    "HTTP://ada:sec@host/feed",
    "http:ada:sec@host/feed",
    "http:/ada:sec@host/feed",
    "http:\\\\ada:sec@host/feed",
    "ftp://ada:sec@host/feed",
    "ada:sec@host/feed",
    "sec:ret@host/feed",
    "//ada:sec@host/feed",
    "http//ada:sec@host/feed",
    " http://ada:sec@host/feed",
    "http://127.0.0.1:1/feed?token=sec",
    "http://127.0.0.1:1/feed?mail=a@b&token=sec",
    "http://127.0.0.1:1/feed?mail=a@sec/ret",
    "http://127.0.0.1:1/feed%3Ftoken=sec",
    "http://127.0.0.1:1/feed%3Fmail=a@sec",
    "http://127.0.0.1:1/a feed?token=sec",
    "http://127.0.0.1:1?token=sec",
    "http://127.0.0.1:1/feed#token=sec",
    "http://127.0.0.1:1/feed&token=sec",
    "http://127.0.0.1:1/feed;token=sec",
    "host/feed?token=sec",
    "ftp://host/feed?token=sec",
]


@pytest.fixture
def no_host(threads, monkeypatch):
    """Nobody is asked for a host, also where a part of a password looks like one."""
    lookup = socket.getaddrinfo

    def only_here(host, *arguments):
        if host != "127.0.0.1":
            raise OSError("no such host")
        return lookup(host, *arguments)

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", only_here)


def is_a_secret_in(error):
    return any(part in str(error.value).lower() for part in ("sec", "ret", "\n"))


@pytest.mark.parametrize("source", SECRETS)
def test_a_password_or_a_query_is_never_repeated(source, no_host):
    with pytest.raises(CommandError) as raised:
        read_source(source, 3)
    assert not is_a_secret_in(raised)


@pytest.mark.parametrize(
    "target",
    [target for target in SECRETS if target.isascii() and "\n" not in target],
)
def test_a_redirect_to_a_secret_does_not_repeat_it(web, target, no_host):
    answered = []

    def answer(handler):
        # A target without a scheme is one on this server.
        if answered:
            handler.send_error(404)
        else:
            web.redirect(target)
            web.answer(handler)
            web.answer = answer
        answered.append(handler.path)

    web.answer = answer
    with pytest.raises(CommandError) as raised:
        read_source(web.url, 3)
    assert not is_a_secret_in(raised)


def test_an_echo_of_the_query_is_not_repeated(web):
    def echo(handler):
        handler.wfile.write(handler.raw_requestline)

    web.answer = echo
    with pytest.raises(CommandError, match=r": the answer is incomplete, or not HTTP \(BadStatus"):
        read_source(web.url + "?token=secret", 3)


def test_the_password_of_a_proxy_is_not_repeated(threads, monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", "http:/ada:secret@proxy")
    with pytest.raises(CommandError, match="the address of the proxy if you use one") as raised:
        read_source("http://host/feed", 3)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://host:8000/a/b-c_d.json", "https://host:8000/a/b-c_d.json"),
        ("https://bücher.example/feed", "https://bücher.example/feed"),
        ("https://[::1]:80/feed", "https://[::1]:80/feed"),
        ("https://host/feed?token=secret", "https://host/feed…"),
        ("https://ada:secret@host/feed?token=secret", "https://…@host/feed…"),
        ("https://ada:sec?ret@host/feed", "https://…"),
        ("my feed (2).json", "my feed (2).json"),
        ("C:\\feeds\\#1.json", "C:\\feeds\\#1.json"),
        ("feed\x1b.json", "feed\\x1b.json"),
        ("-", "stdin"),
    ],
)
def test_what_is_no_secret_is_shown(source, name):
    assert shown(source) == name


@pytest.mark.parametrize("source", ["feed.json", "a feed@home.json"])
def test_a_file_that_is_missing_is_named(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=f"^{shown(source)}: No such file"):
        read_source(source, 3)


# Always the same, so that the tests have the same names in every process.
packed = partial(gzip.compress, mtime=0)
GZIP = packed(b"[1]")
DEFLATE = zlib.compress(b"[1]")


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", GZIP),
        ("x-gzip", GZIP),
        ("GZip", GZIP),
        (" gzip, identity", GZIP),
        ("gzip", packed(b"[") + packed(b"1") + packed(b"]")),
        ("gzip", packed(b"") + GZIP),
        ("deflate", DEFLATE),
        ("Deflate", DEFLATE),
        ("deflate", DEFLATE[2:-4]),
        ("identity", b"[1]"),
        ("", b"[1]"),
    ],
)
def test_what_is_packed_is_unpacked(web, encoding, packed):
    web.body(packed, Content_Encoding=encoding)
    assert read_source(web.url, 3) == b"[1]"


def test_blocks_make_no_difference(web, monkeypatch):
    monkeypatch.setattr(feed, "BLOCK", 1)
    web.body(GZIP + packed(b"[2]"), Content_Encoding="gzip")
    assert read_source(web.url, 6) == b"[1][2]"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", packed(bytes(10_000_000))),
        ("gzip", packed(b"[12]")),
        ("gzip", GZIP + packed(b" ")),
        ("deflate", zlib.compress(bytes(10_000_000))),
    ],
)
def test_the_limit_counts_after_unpacking(web, encoding, packed):
    web.body(packed, Content_Encoding=encoding)
    with pytest.raises(CommandError, match=r"/feed\.json: larger than "):
        read_source(web.url, 3)


def test_no_more_is_unpacked_than_shows_that_it_is_too_much():
    bomb = packed(bytes(10_000_000))
    assert feed.unpack(io.BytesIO(), bomb, zlib.MAX_WBITS + 32, 3) == bytes(4)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", GZIP[:-1]),
        ("gzip", GZIP[:5]),
        ("gzip", b""),
        ("gzip", b"[1]"),
        ("gzip", GZIP[:-8] + b"\0" + GZIP[-7:]),
        ("gzip", GZIP + b"and more"),
        ("deflate", DEFLATE[:-1]),
        ("deflate", b""),
        ("deflate", b"\xff"),
    ],
)
def test_what_cannot_be_unpacked_is_one_line(web, encoding, packed):
    web.body(packed, Content_Encoding=encoding)
    with pytest.raises(CommandError, match=r"json: the packed answer is incomplete or damaged\.$"):
        read_source(web.url, 3)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br"])
def test_another_encoding_is_refused_by_its_name(web, encoding):
    web.body(GZIP, Content_Encoding=encoding)
    with pytest.raises(CommandError, match=f"encoded as '{encoding}'. Only gzip and deflate are"):
        read_source(web.url, 3)


def test_a_packed_answer_that_breaks_off_is_said_to(web):
    web.body(GZIP, Content_Encoding="gzip", Content_Length="1000")
    with pytest.raises(CommandError, match="the connection ended 9.. bytes early"):
        read_source(web.url, 3)


def test_a_hyphen_is_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[1]")))
    assert read_source("-", 3) == b"[1]"
