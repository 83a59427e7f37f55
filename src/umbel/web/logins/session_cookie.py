"""The cookie of a session: set at a login, forgotten at a logout."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from umbel.web.http.cookies import set_cookie
from umbel.web.sessions import Sessions


def set_session_cookie(response: Response, scope: Scope, sessions: Sessions, value: str) -> None:
    """Let the browser keep it; "" lets it forget."""
    max_age_s = round(sessions.lifetime_s) if value else 0
    set_cookie(response, scope, sessions.cookie, value, max_age_s)
