"""A proxy before a server of this machine: it counts requests, is slow, and fails them as told."""

from __future__ import annotations

import http.client
import http.server
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any


class Proxy(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Hands requests on to a server; counts them, is slow, and fails as told."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = port
        self.requests: list[tuple[str, str]] = []
        self.pause = 0.0
        self.busy = self.most = 0
        self.lock = threading.Lock()
        self.fault: Callable[[int, str, str], int | str | None] | None = None
        """Says of a request by number, verb and path: a status to answer with, "cut", or None."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def renew(self) -> None:
        self.requests.clear()
        self.fault, self.pause, self.most = None, 0.0, 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go as they please."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _hand_on(self) -> None:
        proxy = self.server
        proxy.requests.append((self.command, self.path))
        with proxy.lock:
            proxy.busy += 1
            proxy.most = max(proxy.most, proxy.busy)
        try:
            self._answer(proxy)
        finally:
            with proxy.lock:
                proxy.busy -= 1

    def _answer(self, proxy: Proxy) -> None:
        fault = proxy.fault(len(proxy.requests), self.command, self.path) if proxy.fault else None
        time.sleep(proxy.pause)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if isinstance(fault, int):
            self.send_response(fault)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        behind = http.client.HTTPConnection("127.0.0.1", proxy.behind)
        behind.request(self.command, self.path, body, dict(self.headers.items()))
        answer = behind.getresponse()
        data = answer.read()
        behind.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)
        if fault == "cut":
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _hand_on

    def log_message(self, *args: Any) -> None:
        """Nothing is said."""
