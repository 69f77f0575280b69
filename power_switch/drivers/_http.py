"""Asks a device on the network for a driver."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from power_switch.contract import SwitchError

PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


def get(
    base: str,
    path: str,
    query: dict[str, Any],
    timeout_s: float,
    user: str | None = None,
    password: str | None = None,
) -> Any:
    """Return the decoded JSON answer, or the text where it is none; raises SwitchError when there is no answer.

    With a password, the kind of authentication that the device asks for, basic or digest, is given.
    """
    target = path + (f"?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}" if query else "")
    url = f"{base.rstrip('/')}{target}"
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise SwitchError(f"{base}: valid: a URL that begins with http:// or https://")
    try:
        try:
            text = _fetch(url, timeout_s, {})
        except urllib.error.HTTPError as refusal:
            challenge = refusal.headers.get("WWW-Authenticate", "")
            if refusal.code != 401 or not password:
                raise
            given = _authorization(challenge, urllib.parse.urlsplit(url), user or "admin", password)
            text = _fetch(url, timeout_s, {"Authorization": given})
    except (OSError, http.client.HTTPException, urllib.error.URLError) as error:
        raise SwitchError(f"{base}: {error}") from error
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fetch(url: str, timeout_s: float, headers: dict[str, str]) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout_s) as answer:
        return str(answer.read(65536).decode("utf-8", "replace"))


def _authorization(challenge: str, url: urllib.parse.SplitResult, user: str, password: str) -> str:
    """Return the header that answers a challenge: RFC 7616 (digest, with MD5 or SHA-256) or RFC 7617 (basic)."""
    if not challenge.lower().startswith("digest"):
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    asked = {name: quoted or bare for name, quoted, bare in PARAMETER.findall(challenge)}
    algorithm = asked.get("algorithm", "MD5")
    new = hashlib.sha256 if algorithm.upper() == "SHA-256" else hashlib.md5

    def digest(text: str) -> str:
        return new(text.encode()).hexdigest()

    target = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))
    realm, nonce, count, own = (
        asked.get("realm", ""),
        asked.get("nonce", ""),
        "00000001",
        secrets.token_hex(8),
    )
    secret = digest(f"{user}:{realm}:{password}")
    response = digest(f"{secret}:{nonce}:{count}:{own}:auth:{digest(f'GET:{target}')}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{target}", algorithm={algorithm}, '
        f'qop=auth, nc={count}, cnonce="{own}", response="{response}"'
    )
