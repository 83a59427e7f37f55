"""Renewing tokens so that none is lost: a refresh token may be good for once, and the provider may
fail after it has taken it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import msgspec

from umbel.auth.providers.base import ProviderTokens, RenewalInterrupted
from umbel.auth.providers.token_endpoint import TokenAnswer
from umbel.errors import ProviderUnavailable


class Renewal:
    """Around all that is asked with `tokens`, which are the newest ones at any moment. What becomes
    unavailable after they have changed is raised as `RenewalInterrupted`."""

    def __init__(self, tokens: ProviderTokens) -> None:
        self.tokens = tokens
        self._before = tokens

    def take(self, answer: TokenAnswer) -> None:
        """These came in their place."""
        self.tokens = renewed(self.tokens, answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, ProviderUnavailable) and self.tokens != self._before:
            raise RenewalInterrupted(error, self.tokens) from None


def renewed(before: ProviderTokens, answer: TokenAnswer) -> ProviderTokens:
    """The tokens after an answer; what it does not have stays."""
    return msgspec.structs.replace(
        before,
        access_token=answer.access_token,
        access_expires=answer.expires,
        refresh_token=answer.refresh_token or before.refresh_token,
        id_token=answer.id_token or before.id_token,
    )


def is_over(tokens: ProviderTokens, now: float) -> bool:
    """Whether the access token is there no more, or has ended."""
    expires = tokens.access_expires
    return tokens.access_token is None or (expires is not None and expires <= now)
