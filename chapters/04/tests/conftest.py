import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Web:
    """A web server on this machine: `answer` is called with the handler of each request."""

    def __init__(self):
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                web.answer(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/feed.json"
        self.asked = threading.Semaphore(0)
        self.closing = threading.Event()

    def body(self, data, **headers):
        """Answer with `data`."""

        def answer(handler):
            handler.send_response(200)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(data)

        self.answer = answer

    def redirect(self, target):
        """Answer with a redirect to `target`."""

        def answer(handler):
            handler.send_response(302)
            handler.send_header("Location", target)
            handler.end_headers()

        self.answer = answer

    def silence(self):
        """Take the request and never answer."""

        def answer(handler):
            self.asked.release()
            self.closing.wait(60)

        self.answer = answer


@pytest.fixture
def web(monkeypatch, threads):
    monkeypatch.setenv("no_proxy", "*")
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, args=(0.01,))
    thread.start()
    yield web
    web.closing.set()
    web.server.shutdown()
    thread.join()
    web.server.server_close()
