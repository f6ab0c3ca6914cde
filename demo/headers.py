"""Headers of every answer: what the page may load and who may frame it; and the names that the app answers to.

Gradio's pages need inline styles and scripts, and `gr.HTML` makes its scripts by `new Function`, so that
'unsafe-inline' and 'unsafe-eval' must stay. Everything else comes from the app itself.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from demo.languages import Languages

LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co",
    ]
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


class Headers:
    """ASGI middleware that adds `HEADERS` to each answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = message | {"headers": [*message["headers"], *ours]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def middleware(host: str, root: str) -> list[Middleware]:
    """What each request passes through.

    Args:
        host: that the app listens on.
        root: its public address behind a reverse proxy (GRADIO_ROOT_PATH), such as https://example.org/skinnet.
    """
    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=trusted_hosts(host, root))
    return [Middleware(Headers), trusted, Middleware(Languages)]


def trusted_hosts(host: str, root: str) -> list[str]:
    """The names that requests may ask for; on this machine alone only its own, so that no web page can pose as it.

    Elsewhere the names are not known here; nor are they behind a proxy whose `root` is a path without a host.
    """
    public = urlsplit(root).hostname
    if not is_loopback(host) or (root and not public):
        return ["*"]
    return [*LOOPBACK, host, *([public] if public else [])]


def is_loopback(host: str) -> bool:
    """Whether a host is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
