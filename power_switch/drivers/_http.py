"""Asks a device on the network for a driver."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from power_switch.contract import SwitchError


def get(base: str, path: str, query: dict[str, Any], timeout_s: float) -> Any:
    """Return the decoded JSON answer, or the text where it is none; raises SwitchError when there is no answer."""
    url = f"{base.rstrip('/')}{path}?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}"
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise SwitchError(f"{base}: valid: a URL that begins with http:// or https://")
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            text = answer.read(65536).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, urllib.error.URLError) as error:
        raise SwitchError(f"{base}: {error}") from error
    try:
        return json.loads(text)
    except ValueError:
        return text
