"""Codes of authenticators: the test vectors of RFC 6238, and clocks that differ."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from umbel.auth.totp import STEP_S, address, code_of, fitting_step, new_secret, step_at, written

#: The secret of the vectors for SHA-1 in RFC 6238, appendix B.
SECRET = b"12345678901234567890"
NOW = 1_700_000_010.0


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_the_rfc(now: int, code: str) -> None:
    assert code_of(SECRET, step_at(now), 8) == code
    assert code_of(SECRET, step_at(now)) == code[2:]


@pytest.mark.parametrize(("steps_off", "is_taken"), [(-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)])
def test_a_clock_may_be_one_step_off(steps_off: int, is_taken: bool) -> None:
    code = code_of(SECRET, step_at(NOW + steps_off * STEP_S))

    found = fitting_step(SECRET, code, NOW, after=0)

    assert found == (step_at(NOW) + steps_off if is_taken else None)


def test_a_step_that_was_taken_is_not_taken_again_nor_one_before_it() -> None:
    step = step_at(NOW)

    for taken in (step, step + 1):
        assert fitting_step(SECRET, code_of(SECRET, step), NOW, after=taken) is None
    assert fitting_step(SECRET, code_of(SECRET, step + 1), NOW, after=step) == step + 1


@pytest.mark.parametrize("code", ["", "000000", "１２３４５６", "\ud800", "1" * 100_000])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert fitting_step(SECRET, code, NOW, after=0) is None


def test_a_secret_that_is_gone_has_no_codes() -> None:
    """As in a copy of a ledger."""
    assert fitting_step(b"", code_of(b"", step_at(NOW)), NOW, after=0) is None


def test_the_address_says_what_authenticators_look_for() -> None:
    secret = new_secret()
    found = urlsplit(address(secret, "ann ü: x&y"))

    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert found.path == "/Umbel:ann%20%C3%BC%3A%20x%26y"
    assert parse_qs(found.query) == {"secret": [written(secret)], "issuer": ["Umbel"]}
    assert base64.b32decode(written(secret)) == secret
    assert len(secret) == 20
