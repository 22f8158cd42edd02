"""Read a feed from a file, stdin or the web: all of it, up to a size, and not for ever."""

import re
import zlib
from http.client import HTTPException, InvalidURL, responses
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, build_opener

from django.core.management.base import CommandError

from shared_project.toolkit.files import MEGABYTE
from shared_project.toolkit.stdin import STDIN, open_file_or_stdin
from shared_project.toolkit.text import printable, quoted
from styling.deadline import run_with_timeout

BUNDLED = Path(__file__).resolve().parent.parent / "data" / "feed.json"
SILENCE = 10  # seconds that a server may take for its next byte
DEADLINE = 60  # seconds for the whole download
BLOCK = 64 * 1024  # bytes

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(//)?")
# As it is, escaped once or more often, and two that Python's urlsplit takes for it.
AT_SIGN = re.compile("@|%(?:25)*40|[\ufe6b\uff20]")
BEFORE_QUERY = re.compile("[?#]|%(?:25)*(?:3f|23)", re.IGNORECASE)
# A host, a port and a path, of characters in which no secret hides.
PLAIN_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]*)(:\d+(?![^/?#]))?(/[\w./~-]*)?")


def read_source(source: str, max_bytes: int) -> bytes:
    """Return the bytes of the file or the http(s) address `source`, at most `max_bytes`.

    `-` stands for stdin. Raises CommandError, in one line that names the source, where they
    cannot be had.
    """
    name = shown(source)
    if not ADDRESS.match(source):
        try:
            with open_file_or_stdin(source, max_bytes) as file:
                return file.read(max_bytes)
        except CommandError as error:
            # It may be an address all the same, with a slip in it.
            raise CommandError(str(error).replace(printable(source), name)) from None
    refuse_scheme(source, name)
    # The server's next byte is always in time where it sends one a second for ever.
    outcome = run_with_timeout(DEADLINE, download, source, max_bytes, name)
    if isinstance(outcome.error, TimeoutError):
        raise CommandError(f"{name}: not complete after {DEADLINE:g} s. Try again later.")
    if isinstance(outcome.error, OSError):
        raise CommandError(f"{name}: {outcome.error}.")
    if outcome.error:
        raise outcome.error
    return outcome.value


def shown(source: str) -> str:
    """Return `source` as messages show it: printable, without a password or a query.

    A password can hold any character, also one that ends the host's name. So nothing before
    the last at sign is shown, and what remains of an address must look like a place.
    """
    if source == STDIN:
        return "stdin"
    address = ADDRESS.match(source)
    scheme = address[0] if address else ""
    *secrets, place = AT_SIGN.split(source[len(scheme) :])
    if secrets and not scheme.endswith("//"):
        scheme = ""  # it may be a user's name
    if secrets and BEFORE_QUERY.search("@".join(secrets)):
        place = ""  # it may be the rest of the query
    plain = PLAIN_PLACE.match(place)[0] if address else place.partition("?")[0]
    more = "…" if len(plain) < len(place) else ""
    at_sign = ("…@" if place else "…") if secrets else ""
    return printable(f"{scheme}{at_sign}{plain}{more}")


def refuse_scheme(url: str, name: str) -> None:
    """Raise CommandError unless `url` is an http or https address without a password."""
    place = re.match("https?://([^/?#]*)", url, re.IGNORECASE)
    if not place:
        raise CommandError(
            f"{name}: only http:// and https:// addresses are read. For a file, put ./ before it."
        )
    if AT_SIGN.search(place[1]):
        raise CommandError(f"{name}: an address with a user name or password is not read.")


def download(url: str, max_bytes: int, name: str) -> bytes:
    """Return the body at `url`; raise CommandError where there is none or it is too large."""
    try:
        with build_opener(WebOnly).open(url, timeout=SILENCE) as response:
            body = read_body(response, max_bytes, name)
            missing = response.length
    # Not in the words of the server or the library, wherever they could repeat the address.
    except HTTPError as error:
        error.close()
        reason = responses.get(error.code, "an unknown code")
        lost = " and leads to nothing that is read" if error.code // 100 == 3 else ""
        raise CommandError(f"{name}: the server answered {error.code} {reason}{lost}.") from None
    except URLError as error:
        raise CommandError(f"{name}: {printable(str(error.reason))}.") from None
    except OSError as error:
        raise CommandError(f"{name}: {printable(str(error))}.") from None
    except (ValueError, InvalidURL):
        raise CommandError(
            f"{name}: not a valid address. Check its host, its port and its characters, and the "
            "address of the proxy if you use one."
        ) from None
    except HTTPException as error:
        kind = type(error).__name__
        raise CommandError(f"{name}: the answer is incomplete, or not HTTP ({kind}).") from None
    except zlib.error:
        raise CommandError(f"{name}: the packed answer is incomplete or damaged.") from None
    if len(body) > max_bytes:
        raise CommandError(f"{name}: larger than {max_bytes / MEGABYTE:g} MB.")
    if missing:
        raise CommandError(f"{name}: the connection ended {missing} bytes early. Try again.")
    return body


def read_body(response, max_bytes: int, name: str) -> bytes:
    """Return the unpacked body of `response`; one byte more than `max_bytes` if it is larger."""
    fields = response.headers.get_all("Content-Encoding", [])
    encodings = [word.strip().lower() for word in ",".join(fields).split(",")]
    encodings = [word for word in encodings if word not in ("", "identity")]
    if not encodings:
        # Content-Length may lie, or be missing: only reading tells.
        return response.read(max_bytes + 1)
    # A server may pack what nobody asked it to pack.
    if encodings not in (["gzip"], ["x-gzip"], ["deflate"]):
        raise CommandError(
            f"{name}: encoded as {quoted(', '.join(encodings))}. Only gzip and deflate are read."
        )
    packed = response.read(BLOCK)
    # "deflate" means zlib's format, but some servers send it without zlib's header.
    bare = encodings == ["deflate"] and packed and packed[0] & 15 != 8
    return unpack(response, packed, -zlib.MAX_WBITS if bare else zlib.MAX_WBITS + 32, max_bytes)


def unpack(response, packed: bytes, wbits: int, max_bytes: int) -> bytes:
    body, unpacker = bytearray(), zlib.decompressobj(wbits)
    while packed and len(body) <= max_bytes:
        if unpacker.eof:  # files in gzip's format can follow one another
            unpacker = zlib.decompressobj(wbits)
        body += unpacker.decompress(packed, max_bytes + 1 - len(body))
        packed = unpacker.unconsumed_tail or unpacker.unused_data or response.read(BLOCK)
    if len(body) <= max_bytes and not unpacker.eof:
        raise zlib.error("incomplete")
    return bytes(body)


class WebOnly(HTTPRedirectHandler):
    """Follow redirects, up to ten, but to nothing except http and https."""

    def http_error_302(self, request, response, code, message, headers):
        # urllib would read the body first, however long it is.
        response.close()
        return super().http_error_302(request, response, code, message, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(self, request, response, code, message, headers, url):
        refuse_scheme(url, f"{shown(request.full_url)} leads to {shown(url)}")
        return super().redirect_request(request, response, code, message, headers, url)
