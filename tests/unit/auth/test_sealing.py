"""Tokens of providers in the ledger: sealed for servers with its key."""

from __future__ import annotations

import pytest

from umbel.auth.providers.base import ProviderTokens
from umbel.auth.providers.sealing import TokenSeal

TOKENS = ProviderTokens(
    access_token="an-access-token",  # noqa: S106
    access_expires=1_000.5,
    refresh_token="a-refresh-token",  # noqa: S106
    id_token="an.id.token",  # noqa: S106
    session="sid",
)
KEY = b"k" * 32


def test_another_server_with_the_same_key_opens_them() -> None:
    assert TokenSeal(KEY).open(TokenSeal(KEY).seal(TOKENS)) == TOKENS


def test_nothing_of_them_can_be_read_and_no_two_are_alike() -> None:
    seal = TokenSeal(KEY)

    one, other = seal.seal(TOKENS), seal.seal(TOKENS)

    assert one != other
    assert b"token" not in one


def test_large_tokens_fit() -> None:
    tokens = ProviderTokens(access_token="a" * 60_000, id_token="b" * 60_000)

    assert TokenSeal(KEY).open(TokenSeal(KEY).seal(tokens)) == tokens


@pytest.mark.parametrize("sealed", [b"", b"....", b"garbage", b"\xff.\x00", b"a.b.c.d.e"])
def test_garbage_opens_to_nothing(sealed: bytes) -> None:
    assert TokenSeal(KEY).open(sealed) is None


def test_another_key_or_a_changed_byte_opens_to_nothing() -> None:
    sealed = TokenSeal(KEY).seal(TOKENS)
    at = len(sealed) // 2
    changed = sealed[:at] + (b"A" if sealed[at : at + 1] != b"A" else b"B") + sealed[at + 1 :]

    assert TokenSeal(b"j" * 32).open(sealed) is None
    assert TokenSeal(KEY).open(changed) is None
    assert TokenSeal(KEY).open(sealed[:-8]) is None
