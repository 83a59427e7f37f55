"""Passwords as settings keep them."""

from __future__ import annotations

import pytest

from umbel.auth.passwords import (
    HashedPassword,
    PlainPassword,
    hash_password,
    nobody,
    parse_password,
)


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password("correct horse, battery: staple 🐎")


def test_a_hash_knows_its_password_and_no_other(hashed: str) -> None:
    kept = parse_password(hashed)

    assert isinstance(kept, HashedPassword)
    assert kept.verify("correct horse, battery: staple 🐎")
    assert not kept.verify("correct horse, battery: staple")


def test_a_hash_has_nothing_that_a_list_or_a_shell_would_split(hashed: str) -> None:
    assert not set(hashed) & set(",:;$ '\"\\`!&|*?#")


def test_the_same_password_has_another_hash_every_time(hashed: str) -> None:
    assert hash_password("correct horse, battery: staple 🐎") != hashed


def test_a_plain_password_is_taken_as_it_is() -> None:
    kept = parse_password("p:w scrypt")

    assert isinstance(kept, PlainPassword)
    assert kept.verify("p:w scrypt")
    assert not kept.verify("")


def test_nobody_has_the_password_of_nobody() -> None:
    assert not nobody().verify("")


@pytest.mark.parametrize(
    "damaged",
    [
        "scrypt.",
        "scrypt.16384.8.5.abc",
        "scrypt.16384.8.5.!!!.####",
        "scrypt.x.8.5.AAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "scrypt.16383.8.5.AAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "scrypt.1073741824.8.5.AAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "scrypt.16384.0.5.AAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "scrypt.16384.8.5.AAAA.",
        "",
    ],
)
def test_a_damaged_hash_is_refused_and_never_taken_for_a_password(damaged: str) -> None:
    with pytest.raises(ValueError, match=r"the (hash|password)"):
        parse_password(damaged)


def test_characters_that_no_text_has_are_tried_like_others() -> None:
    assert not parse_password("x").verify("\ud800")
