"""Fetching by digest, against a server on the loopback interface."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from model_zoo import download
from model_zoo.errors import ZooError

BODY = b"weights" * 1000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: len(BODY) // 2] if self.path.startswith("/half") else BODY)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.mark.parametrize("digits", [64, 8])
def test_a_right_file_is_kept_under_its_whole_digest_and_not_fetched_again(
    server: str, tmp_path: Path, digits: int
) -> None:
    path = download.fetch(f"{server}/net.pth", DIGEST[:digits], tmp_path)
    assert path == tmp_path / f"{DIGEST}.pth"
    assert path.read_bytes() == BODY
    assert download.fetch("http://127.0.0.1:1/net.pth", DIGEST[:digits], tmp_path) == path


def test_a_wrong_digest_stops_with_both(server: str, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=f"expected {'0' * 64}, found {DIGEST}"):
        download.fetch(f"{server}/net.pth", "0" * 64, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("path", "message"), [("half.pth", "broke off"), ("missing.pth", "HTTP 404")])
def test_a_failure_leaves_nothing_behind(server: str, tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(download.UnreachableError, match=message):
        download.fetch(f"{server}/{path}", DIGEST, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_host_that_does_not_answer_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_unreachable", {})
    with pytest.raises(download.UnreachableError, match="refused"):
        download.fetch("http://127.0.0.1:1/net.pth", DIGEST, tmp_path)
    monkeypatch.setattr("urllib.request.urlopen", lambda *a, **k: pytest.fail("asked again"))
    with pytest.raises(download.UnreachableError, match="refused"):
        download.fetch("http://127.0.0.1:1/other.pth", DIGEST, tmp_path)


@pytest.mark.parametrize("digest", ["", "abc", "G" * 64])
def test_a_digest_that_cannot_be_one_is_refused(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ZooError, match="8 to 64 lower-case hexadecimal digits"):
        download.fetch("http://127.0.0.1:1/net.pth", digest, tmp_path)
