"""Servers on this machine: moto's S3 with a proxy before it, and Python's own for the web."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from proxy import Proxy

pytest.importorskip("s3fs", exc_type=ImportError)
moto_server = pytest.importorskip("moto.server", exc_type=ImportError)

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def _serving(server: http.server.HTTPServer) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    return thread


@pytest.fixture(scope="session")
def _proxy() -> Iterator[Proxy]:
    server = moto_server.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    proxy = Proxy(server.get_host_and_port()[1])
    _serving(proxy)
    yield proxy
    proxy.shutdown()
    proxy.server_close()
    server.stop()


@pytest.fixture
def s3(_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """An S3 server with an empty bucket ``bucket``, found by the usual settings."""
    import fsspec
    import s3fs

    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", _proxy.url)
    _proxy.renew()
    s3fs.S3FileSystem.clear_instance_cache()
    files = fsspec.filesystem("s3")
    files.mkdir("bucket")
    _proxy.renew()
    yield _proxy
    _proxy.renew()
    files.rm("bucket", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing is said."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Python's own server, which ignores ranges, before a folder ``web``; its URL."""
    (tmp_path / "web").mkdir()
    handler = partial(_Quiet, directory=str(tmp_path / "web"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    _serving(server)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
