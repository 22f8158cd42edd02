"""Read a feed from a file or from the web: all of it, up to a size, and not for ever."""

import re
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, build_opener

from django.core.management.base import CommandError

from export.files import MEGABYTE, open_input
from greet.text import printable
from styling.deadline import attempt

BUNDLED = Path(__file__).resolve().parent.parent / "data" / "feed.json"
SILENCE = 10  # seconds that a server may take for its next byte
DEADLINE = 60  # seconds for the whole download


def read_source(source: str, max_bytes: int) -> bytes:
    """Return the bytes of the file or the http(s) address `source`, at most `max_bytes`.

    Raises CommandError, in one line that names the source, where they cannot be had.
    """
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", source):
        with open_input(source, max_bytes) as file:
            return file.read(max_bytes)
    name = shown(source)
    refuse_scheme(source, name)
    # The server's next byte is always in time where it sends one a second for ever.
    outcome = attempt(DEADLINE, download, source, max_bytes, name)
    if isinstance(outcome.error, TimeoutError):
        raise CommandError(f"{name}: not complete after {DEADLINE:g} s. Try again later.")
    if outcome.error:
        raise outcome.error
    return outcome.value


def shown(source: str) -> str:
    """Return `source` as messages show it: printable, without a password and a query."""
    return printable(re.sub("//[^/]*@", "//…@", source.partition("?")[0]))


def refuse_scheme(url: str, name: str) -> None:
    """Raise CommandError unless `url` is an http or https address without a password."""
    if not re.match("https?://", url, re.IGNORECASE):
        raise CommandError(
            f"{name}: only http:// and https:// addresses are read. For a file, put ./ before it."
        )
    if re.match("https?://[^/?#]*@", url, re.IGNORECASE):
        raise CommandError(f"{name}: an address with a user name or password is not read.")


def download(url: str, max_bytes: int, name: str) -> bytes:
    """Return the body at `url`; raise CommandError where there is none or it is too large."""
    try:
        with build_opener(WebOnly).open(url, timeout=SILENCE) as response:
            # Content-Length may lie, or be missing: only reading tells.
            body = response.read(max_bytes + 1)
            missing = response.length
    except HTTPError as error:
        error.close()
        reason = printable(str(error.reason))
        raise CommandError(f"{name}: the server answered {error.code} {reason}.") from None
    except URLError as error:
        raise CommandError(f"{name}: {printable(str(error.reason))}.") from None
    except (OSError, HTTPException, ValueError) as error:
        raise CommandError(f"{name}: {printable(str(error))}.") from None
    if len(body) > max_bytes:
        raise CommandError(f"{name}: larger than {max_bytes / MEGABYTE:g} MB.")
    if missing:
        raise CommandError(f"{name}: the connection ended {missing} bytes early. Try again.")
    return body


class WebOnly(HTTPRedirectHandler):
    """Follow redirects, up to ten, but to nothing except http and https."""

    def redirect_request(self, request, response, code, message, headers, url):
        # urllib would read the body first, however long it is.
        response.close()
        refuse_scheme(url, f"{shown(request.full_url)} leads to {shown(url)}")
        return super().redirect_request(request, response, code, message, headers, url)
