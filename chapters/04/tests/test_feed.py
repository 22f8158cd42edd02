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
    with pytest.raises(CommandError, match=f"{target.partition(',')[0]}.* (not allowed|are read)"):
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
        web.closing.wait(30)

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
    with pytest.raises(
        CommandError, match=r"/feed\.json: the server answered 404 Gone\\x1b\[2J\."
    ):
        read_source(web.url, 3)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1/feed", r"^http://127\.0\.0\.1:1/feed: \["),
        ("http:///feed", "no host given"),
        ("http://127.0.0.1:port/feed", "nonnumeric port"),
        ("http://127.0.0.1/a feed", "control characters"),
        ("http://[::1/feed", "IPv6"),
        ("http://127.0.0.1:1/f\xe9ed", "ascii"),
    ],
)
def test_a_wrong_address_is_one_line(url, message, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(CommandError, match=message):
        read_source(url, 3)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(
        CommandError, match=r"^http://…@host/feed: an address with a user"
    ) as raised:
        read_source("http://ada:secret@host/feed", 3)
    assert "secret" not in str(raised.value)


def test_a_query_is_not_repeated():
    assert shown("https://host/feed?token=secret") == "https://host/feed"
