"""A receiver outside Vaka for alarms that nobody takes."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Webhook:
    """A receiver outside Vaka: keeps what is posted to it."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/escalation"

    def stop(self) -> None:
        """Close it."""
        self._server.shutdown()
        self._server.server_close()
