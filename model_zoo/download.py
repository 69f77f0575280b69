"""Fetch a file by its digest: whole and right, or not at all."""

import hashlib
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import IO

from model_zoo.errors import ZooError

TIMEOUT_S = 5.0
_unreachable: dict[str, str] = {}


class UnreachableError(Exception):
    """The network or the host is not there."""


def fetch(url: str, sha256: str, folder: Path) -> Path:
    """Return the file of this digest in ``folder``, after fetching it from ``url`` where it is not there yet.

    Args:
        url: an ``http``, ``https`` or ``file`` address.
        sha256: the digest, or as many (at least 8) of its leading digits as the publisher gives.
        folder: where the file is kept, under its whole digest.

    Raises:
        ZooError: the file has another digest (both are named), or the digest is too short.
        UnreachableError: the host does not answer or breaks off; nothing is left behind. A host that did not
            answer is not asked again by this process.
    """
    if len(sha256) < 8 or not set(sha256) <= set("0123456789abcdef"):
        raise ZooError(f"{url}: sha256 is {sha256!r}; valid: 8 to 64 lower-case hexadecimal digits")
    suffix = Path(urllib.parse.urlparse(url).path).suffix
    kept = sorted(folder.glob(f"{sha256}*{suffix}"))
    if kept:
        return kept[0]
    folder.mkdir(parents=True, exist_ok=True)
    partial_fd, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
    try:
        with os.fdopen(partial_fd, "wb") as out:
            found = _stream(url, out)
            out.flush()
            os.fsync(out.fileno())
        if not found.startswith(sha256):
            raise ZooError(f"{url}: wrong digest: expected {sha256}, found {found}")
        final = folder / f"{found}{suffix}"
        Path(partial).replace(final)
        return final
    finally:
        Path(partial).unlink(missing_ok=True)


def _stream(url: str, out: IO[bytes]) -> str:
    host = urllib.parse.urlparse(url).netloc
    if host in _unreachable:
        raise UnreachableError(f"{url}: {_unreachable[host]}")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
            expected = response.headers.get("Content-Length")
            received = 0
            while block := response.read(1 << 20):
                digest.update(block)
                out.write(block)
                received += len(block)
    except urllib.error.HTTPError as error:
        raise UnreachableError(f"{url}: HTTP {error.code} {error.reason}") from error
    except (TimeoutError, urllib.error.URLError) as error:
        _unreachable[host] = str(getattr(error, "reason", error))
        raise UnreachableError(f"{url}: {_unreachable[host]}") from error
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"{url}: broke off: {error}") from error
    if expected is not None and received != int(expected):
        raise UnreachableError(f"{url}: broke off after {received} of {expected} bytes")
    return digest.hexdigest()
