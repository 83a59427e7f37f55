"""Leading a browser to another address."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response


def redirect(address: str) -> Response:
    """Another address, which is asked for by GET and is not the same next time."""
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
