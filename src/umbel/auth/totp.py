"""Codes that an authenticator shows, by RFC 6238 (TOTP): SHA-1, six digits, a new one every 30 s.

What is signed is the number of the step, counted from 1970; what is shown are the last digits of
31 bits of the signature (RFC 4226, 5.3). Clocks differ, so the codes of the step before and the one
after are taken as well.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

DIGITS: Final = 6
STEP_S: Final = 30
#: RFC 4226 asks for 128 bits at least, and recommends 160.
_SECRET_BYTES: Final = 20


def new_secret() -> bytes:
    """A new secret, which the authenticator and the ledger share."""
    return secrets.token_bytes(_SECRET_BYTES)


def step_at(now: float) -> int:
    """The number of the step in which a time lies, Unix seconds."""
    return int(now // STEP_S)


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of that step."""
    signature = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    at = signature[-1] & 0xF
    number = int.from_bytes(signature[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def fitting_step(secret: bytes, code: str, now: float, *, after: int) -> int | None:
    """The step whose code this is, of those around `now` that come after one that was taken."""
    shown = code.encode("utf-8", "surrogatepass")
    right = [
        step
        for step in range(step_at(now) - 1, step_at(now) + 2)
        if hmac.compare_digest(code_of(secret, step).encode(), shown) and step > after
    ]
    return right[-1] if secret and right else None


def written(secret: bytes) -> str:
    """The secret as people type it, in base32."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, account: str, issuer: str = "Umbel") -> str:
    """The address that a picture for authenticators holds; `account` is what they show."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={written(secret)}&issuer={quote(issuer, safe='')}"
