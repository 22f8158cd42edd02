"""The built site, served as a host for static pages serves it, and the browser to look at it."""

import gzip
import mimetypes
import os
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
FIREFOX = ["firefox", "firefox-esr"]
TEXT = {".css", ".html", ".js", ".json", ".map", ".mjs", ".py", ".svg", ".txt", ".xml"}
# What a system may not know, or know otherwise.
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".py": "text/plain"}


def find_chromium():
    """Return the path of Chromium: what the variable CHROMIUM names, or the first on PATH."""
    return _find("CHROMIUM", CHROMIUM)


def find_firefox():
    """Return the path of Firefox: what the variable FIREFOX names, or the first on PATH."""
    return _find("FIREFOX", FIREFOX)


def _find(variable, programs):
    found = [os.environ.get(variable), *map(shutil.which, programs)]
    return next(filter(None, found), None)


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    policy = ""

    def do_GET(self):
        file, status = Path(self.translate_path(self.path)), 200
        if file.is_dir():
            file /= "index.html"
        if not file.is_file():
            file, status = Path(self.directory) / "404.html", 404
        body = file.read_bytes()
        self.send_response(status)
        if file.suffix in TEXT:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.type_of(file))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(body)

    def type_of(self, file):
        return TYPES.get(file.suffix) or mimetypes.guess_type(file)[0] or "text/plain"

    def log_message(self, *args):
        pass


@contextmanager
def serve(folder, policy="", handler=Handler):
    """Serve `folder` on a free port of this machine; yields the address, which ends in `/`.

    `policy` is the Content Security Policy of all pages.
    """
    handler = partial(type("Handler", (handler,), {"policy": policy}), directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
