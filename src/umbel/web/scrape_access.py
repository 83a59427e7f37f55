"""Who may read `/metrics` beside people and tokens: Prometheus, by a token of the settings, or
anybody, as with Flower. It opens that one address and nothing else."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope

METRICS: Final = "/metrics"
#: Marks the scopes of requests that came to the port of metrics.
OWN_PORT: Final = "umbel.metrics_port"
#: The name under which a scraper stands in logs and shares.
SCRAPER: Final = "metrics"


class ScrapeAccess(msgspec.Struct, frozen=True):
    """`token` as it stands in `Authorization: Bearer`; `is_public`: nothing has to be shown."""

    token: str | None = None
    is_public: bool = False

    def lets_in(self, path: str, scope: Scope) -> bool:
        """Whether this is a request for metrics that may be answered: at a port of its own without
        a login, and where there is a token, for that alone."""
        if path != METRICS or scope["method"] not in {"GET", "HEAD"}:
            return False
        if self.is_public or (self.token is None and OWN_PORT in scope):
            return True
        return self.token is not None and self._shows(scope, self.token)

    def bars(self, scope: Scope) -> bool:
        """Whether the request came to the port of metrics where only the token opens, also on a
        server without logins."""
        return OWN_PORT in scope and self.token is not None and not self.is_public

    def _shows(self, scope: Scope, token: str) -> bool:
        scheme, _, shown = Headers(scope=scope).get("authorization", "").partition(" ")
        digests = [hashlib.sha256(text.strip().encode()).digest() for text in (shown, token)]
        return scheme.lower() == "bearer" and hmac.compare_digest(*digests)


#: People and their tokens alone.
NO_SCRAPER: Final = ScrapeAccess()
