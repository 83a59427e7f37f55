"""The cookie of a session: set at a login, forgotten at a logout."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from umbel.web.sessions import Sessions


def set_session_cookie(response: Response, scope: Scope, sessions: Sessions, value: str) -> None:
    """Let the browser keep it; "" lets it forget. Lax, so that a link to a task from elsewhere
    works; no change is made by a GET."""
    response.set_cookie(
        sessions.cookie,
        value,
        max_age=round(sessions.lifetime_s) if value else 0,
        path=scope.get("umbel.root") or "/",
        secure=scope["scheme"] == "https",
        httponly=True,
        samesite="lax",
    )
