"""Which language a visitor gets: the address decides (/de, ?lang=de), else the browser's Accept-Language.

Each language but the first is a page of the app with its name as the address: /de. A visitor who asks for / without a
choice is sent there; what follows the # in the address stays.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

from demo.words import LANGUAGES

CHOICE = "lang"


class Languages:
    """ASGI middleware that sends a visitor to the page of the language."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        answer = self.app
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] in ("GET", "HEAD"):
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            wish = query.pop(CHOICE, None)
            language = wish if wish in LANGUAGES else accepted_language(Headers(scope=scope).get("accept-language", ""))
            if language != LANGUAGES[0]:
                place = f"./{language}" + (f"?{urlencode(query)}" if query else "")  # relative: a proxy may add a path
                answer = RedirectResponse(place, headers={"vary": "accept-language"})
        await answer(scope, receive, send)


def accepted_language(header: str) -> str:
    """The language that a browser prefers among ours.

    Args:
        header: Accept-Language, such as "de-AT,de;q=0.9,en;q=0.8".
    """
    wishes = []
    for wish in header.split(","):
        name, _, quality = wish.partition(";q=")
        try:
            wishes.append((float(quality or 1), name.strip()[:2].lower()))
        except ValueError:
            continue
    wishes.sort(key=lambda wish: -wish[0])  # stable: of equals the first
    return next((name for _, name in wishes if name in LANGUAGES), LANGUAGES[0])
