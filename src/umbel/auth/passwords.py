"""Passwords as they are kept in settings: plain, or as a hash by scrypt.

A hash is one word, `scrypt.<n>.<r>.<p>.<salt>.<key>`, with its costs (RFC 7914), and salt and
key in URL-safe base64: neither a list of settings nor a shell finds anything in it to split
or expand. People choose passwords that can be guessed; scrypt makes every guess cost 16 MiB
and a tenth of a second or two.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

import msgspec

#: As hard as OWASP's 128 MiB for one pass, in a memory that a small container has.
_N, _R, _P = 2**14, 8, 5
_SALT_BYTES, _KEY_BYTES = 16, 32
_SCHEME: Final = "scrypt"
#: The most memory that a hash from the settings may ask for.
_MEMORY_MAX: Final = 256 * 2**20


class PlainPassword(msgspec.Struct, frozen=True):
    """A password as it is typed."""

    password: str

    def verify(self, tried: str) -> bool:
        """Whether it is that one, in a time that does not tell where they differ."""
        return hmac.compare_digest(_digest(self.password), _digest(tried))


class HashedPassword(msgspec.Struct, frozen=True):
    """A password's hash with what it was made with."""

    n: int
    r: int
    p: int
    salt: bytes
    key: bytes

    def verify(self, tried: str) -> bool:
        """Whether that password has this hash."""
        key = _derive(tried, self.n, self.r, self.p, self.salt, len(self.key))
        return hmac.compare_digest(key, self.key)


Password = PlainPassword | HashedPassword


def hash_password(password: str) -> str:
    """A new hash of it, as it is written into settings."""
    salt = secrets.token_bytes(_SALT_BYTES)
    key = _derive(password, _N, _R, _P, salt, _KEY_BYTES)
    return f"{_SCHEME}.{_N}.{_R}.{_P}.{_encode(salt)}.{_encode(key)}"


def parse_password(written: str) -> Password:
    """What stands in settings. Raises `ValueError` with the half sentence that says what is
    wrong with a hash."""
    if not written:
        raise ValueError("the password is empty")
    if not written.startswith(_SCHEME + "."):
        return PlainPassword(written)
    try:
        _, n, r, p, salt, key = written.split(".")
        found = HashedPassword(int(n), int(r), int(p), _decode(salt), _decode(key))
    except (ValueError, binascii.Error):
        raise ValueError("the hash is cut short or altered") from None
    if not _usable(found):
        raise ValueError("the hash has costs that cannot be used")
    return found


def nobody() -> HashedPassword:
    """A hash that no password has, and that costs as much to try as any."""
    return HashedPassword(
        _N, _R, _P, secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_KEY_BYTES)
    )


def _usable(found: HashedPassword) -> bool:
    power_of_two = found.n > 1 and found.n & (found.n - 1) == 0
    within = 1 <= found.r <= 64 and 1 <= found.p <= 64
    memory = 128 * found.n * found.r
    return power_of_two and within and memory <= _MEMORY_MAX and len(found.key) >= 16


def _derive(password: str, n: int, r: int, p: int, salt: bytes, length: int) -> bytes:
    return hashlib.scrypt(
        _bytes(password), salt=salt, n=n, r=r, p=p, maxmem=2 * _MEMORY_MAX, dklen=length
    )


def _digest(password: str) -> bytes:
    """Of one length, so that comparing tells nothing of the other one's."""
    return hashlib.sha256(_bytes(password)).digest()


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
