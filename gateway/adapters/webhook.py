"""The webhook: one signed POST a message to one other system.

`Vaka-Signature` is `v1=` and the HMAC-SHA256 in hex, under a key that both sides hold, of `Vaka-Timestamp` (seconds
since 1970), a dot and the body: who receives it knows who sent it and that it is not an old one. `Vaka-Delivery` is
the message's key. Any 2xx answer is a receipt; everything else, and silence, is not. Redirections are not followed.
"""

import asyncio
import hashlib
import hmac
import json
import ssl
from typing import Final
from urllib.parse import urlsplit

from gateway.ports.escalation import Outgoing
from homecare.clock import SECOND
from homecare.errors import Malformed, Unavailable

ANSWER_SECONDS: Final = 8.0
"""From the first packet to the answer's first line: whoever is slower is away."""
LINE_LIMIT: Final = 1_024
"""Bytes of the answer that are read: its first line says everything."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
ACCEPTED: Final = range(200, 300)


class Webhook:
    """`Transport` over HTTP/1.1; `key` is what both sides hold."""

    def __init__(self, url: str, key: bytes) -> None:
        parts = urlsplit(checked_url(url))
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._address = parts.netloc
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._key = key

    async def send(self, message: Outgoing, at: int) -> None:
        """One attempt with one connection of its own."""
        body = json.dumps(message.body, sort_keys=True, separators=(",", ":")).encode()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status = await self._post(self._head(message.key, body, at // SECOND) + body)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            raise Unavailable("send message", f"webhook ({type(error).__name__})", "is it up and reachable?") from error
        if status not in ACCEPTED:
            raise Unavailable("send message", f"webhook (status {status})", "it did not take the message")

    async def _post(self, request: bytes) -> int:
        """The status of the answer; `ValueError` for one that is no HTTP."""
        name = self._host if self._tls else None
        reader, writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._tls, server_hostname=name, limit=LINE_LIMIT
        )
        try:
            writer.write(request)
            await writer.drain()
            version, status, *_ = (await reader.readuntil(b"\n")).split(None, 2)
            if not version.startswith(b"HTTP/1."):
                raise ValueError("not HTTP/1")
            return int(status)
        except asyncio.LimitOverrunError as error:
            raise ValueError("the answer's first line is too long") from error
        finally:
            writer.transport.abort()

    def _head(self, key: str, body: bytes, seconds: int) -> bytes:
        lines = (
            f"POST {self._target} HTTP/1.1",
            f"Host: {self._address}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"Vaka-Delivery: {key}",
            f"Vaka-Timestamp: {seconds}",
            f"Vaka-Signature: v1={signature(self._key, seconds, body)}",
            "Connection: close",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def signature(key: bytes, seconds: int, body: bytes) -> str:
    """What the header carries after `v1=`."""
    return hmac.new(key, str(seconds).encode() + b"." + body, hashlib.sha256).hexdigest()


def checked_url(url: str) -> str:
    """The address if messages may go there: https, or http to this machine; `Malformed` otherwise."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    printable = url.isascii() and url.isprintable() and " " not in url
    if not (printable and (plain or parts.scheme == "https") and parts.hostname) or "@" in parts.netloc:
        raise Malformed("read configuration", "VAKA_WEBHOOK_URL", "https://host/path, or http on this machine")
    return url
