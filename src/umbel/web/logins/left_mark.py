"""That somebody has just logged out in this browser: a cookie, by which its other tabs learn of it.

They find their session over, and come to the login page by themselves. Where there is one provider
alone the page would go straight on to it, and who has logged out would be in again, unseen.
"""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from umbel.web.http.cookies import cookie, set_cookie

#: How long it counts, seconds; other tabs find out within a minute.
_LIFETIME_S: Final = 3_600


class LeftMark:
    """Set at a logout, forgotten at a login. It is not signed: all that it does is to ask for a
    click. Any thread."""

    def __init__(self, key: bytes) -> None:
        self._cookie = f"umbel_{hashlib.sha256(b'left' + key).hexdigest()[:8]}_left"

    def is_set(self, scope: Scope) -> bool:
        """Whether they have just logged out."""
        return cookie(scope, self._cookie) is not None

    def set(self, response: Response, scope: Scope) -> None:
        """They have."""
        set_cookie(response, scope, self._cookie, "1", _LIFETIME_S)

    def forget(self, response: Response, scope: Scope) -> None:
        """They are in again."""
        if self.is_set(scope):
            set_cookie(response, scope, self._cookie, "", 0)
