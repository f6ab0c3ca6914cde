"""Where the app listens: host and port from the environment, checked before Gradio, which takes seconds, is imported.

host, port = server_address(os.environ)
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from skinnet.errors import SkinnetError

HOST, PORT = "127.0.0.1", 7860


def server_address(environment: Mapping[str, str]) -> tuple[str, int]:
    """The host of GRADIO_SERVER_NAME and the port of GRADIO_SERVER_PORT, by default http://127.0.0.1:7860.

    Raises:
        SkinnetError: if the host is unknown here, or the port is no port, not allowed, or taken.
    """
    host, given = environment.get("GRADIO_SERVER_NAME") or HOST, environment.get("GRADIO_SERVER_PORT") or str(PORT)
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise SkinnetError(f"GRADIO_SERVER_PORT is {given!r}: use a number from 1 to 65535.")
    port = int(given)
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (socket.gaierror, UnicodeError) as error:
        raise SkinnetError(f"GRADIO_SERVER_NAME is {host!r}, which is no name of this machine.") from error
    except PermissionError as error:
        raise SkinnetError(f"Port {port} needs more rights: set GRADIO_SERVER_PORT to one from 1024 on.") from error
    except OSError as error:
        raise SkinnetError(
            f"skinnet cannot listen on {host}, port {port} ({error.strerror}): stop what uses it, or set "
            "GRADIO_SERVER_NAME and GRADIO_SERVER_PORT."
        ) from error
    return host, port


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings that keep a proxy away from this machine's own addresses, which Gradio asks when it starts."""
    names = [environment.get("no_proxy") or environment.get("NO_PROXY") or "", "localhost", HOST, "::1"]
    exempt = ",".join(name for name in names if name)
    return {"NO_PROXY": exempt, "no_proxy": exempt}


@contextmanager
def past_any_proxy() -> Iterator[None]:
    """Ignore the proxies of the environment, of which one that the HTTP client cannot use would stop the start."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    os.environ.update(dict.fromkeys(before, "*"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
