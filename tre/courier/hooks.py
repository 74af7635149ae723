"""How is a program told? By a signed request to its webhook, as Standard Webhooks defines it.

An address is looked up once and then asked at that very number, so that a name that leads inside
is refused however often it changes.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import ipaddress
import json
import socket
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from tre.notices import Notice
from tre.recalls import Recall

PATIENCE = 10.0  # seconds
KIND = "release.recalled"


class NotDelivered(Exception):
    """The address leads inside, does not answer, or did not say yes."""


def body(recall: Recall) -> bytes:
    told: dict[str, Any] = {
        "type": KIND,
        "timestamp": recall.at.isoformat(),
        "data": {
            "release": recall.release_id,
            "reason": recall.reason,
            "successor": recall.successor_id,
            "recalled_at": recall.at.isoformat(),
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, *, message: str, at: int, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b"%s.%d.%s" % (message.encode(), at, content)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send(notice: Notice, *, local: bool, now: datetime.datetime) -> None:
    """Raises NotDelivered. ``local``: addresses of this machine and network are allowed."""
    webhook, recall = notice.webhook, notice.recall
    if webhook is None or recall is None:
        raise NotDelivered("no webhook, or nothing for one")
    content, at = body(recall), int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "tre-courier/1",
        "webhook-id": notice.id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(webhook.secret, message=notice.id, at=at, content=content),
    }
    try:
        parts = urlsplit(webhook.url)
        pinned = _pinned(parts, local=local)
        with httpx.Client(timeout=PATIENCE, trust_env=False, follow_redirects=False) as http:
            answer = http.post(
                pinned,
                content=content,
                headers={**headers, "host": parts.netloc},
                extensions={"sni_hostname": parts.hostname},
            )
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise NotDelivered(type(error).__name__) from error
    if not answer.is_success:
        raise NotDelivered(str(answer.status_code))


def _pinned(parts: SplitResult, *, local: bool) -> str:
    """The address with its number in place of its name. Raises NotDelivered, OSError."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    numbers = [ipaddress.ip_address(one[4][0]) for one in found]
    outside = [one for one in numbers if local or (one.is_global and not one.is_multicast)]
    if not outside or len(outside) != len(numbers):
        raise NotDelivered("the address leads inside")
    number = f"[{outside[0]}]" if outside[0].version == 6 else str(outside[0])  # noqa: PLR2004
    return urlunsplit((parts.scheme, f"{number}:{port}", parts.path or "/", parts.query, ""))
