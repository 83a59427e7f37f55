"""What a provider says of somebody, as `Claimed`: bounded, and with verified e-mails alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from umbel.auth.claims import VALUES_MAX
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.printable import printable
from umbel.characters import is_encodable
from umbel.errors import LoginRefused

#: What tells of the token and not of the person; it changes with each login.
_OF_TOKENS: Final = frozenset(
    {"iss", "aud", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "s_hash", "azp", "jti", "sid",
     "auth_time", "typ", "session_state", "events", "rat", "uti", "rh", "aio", "ver",
     "identity_nonce"}
)  # fmt: skip
#: Bounds of claims: characters of a text and of a name, levels, names in an object, and bytes of
#: all as JSON.
_TEXT_MAX: Final = 1_000
_NAME_MAX: Final = 200
_DEPTH_MAX: Final = 6
_FIELDS_MAX: Final = 200
_BYTES_MAX: Final = 256 * 2**10
#: The longest subject (OpenID Connect Core 2) and name, characters.
_SUBJECT_MAX: Final = 255
_CALLED_MAX: Final = 200


def claimed_of(
    found: Mapping[str, object],
    *,
    label: str,
    proof: str | None = "email_verified",
    names: Iterable[str] = ("preferred_username",),
    trusts_names: bool = True,
    may_share_names: bool = False,
    emails: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Claimed:
    """Who these claims say somebody is. `email` is believed if the claim `proof` is true, or
    without a `proof`, unless `email_verified` says the contrary; `emails` are verified ones beside
    it. People are called by their e-mail, else by the first of `names`, else by the subject; by no
    name that looks like an e-mail, unless the provider `trusts_names`, since anybody could call
    themselves so. Where several `may_share_names`, the subject stands behind it: `ann (00u1)`.
    Raises `LoginRefused` if there is no subject."""
    subject = found.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_MAX or not _is_one(subject):
        raise LoginRefused(f"{label} does not say whose login it is (sub).")
    said = [*notes]
    email = _email(found, label, proof, said)
    claims = _bounded_claims(found, label, said)
    for name in ("email", "emails"):
        claims.pop(name, None)
    verified = list(dict.fromkeys([*([email] if email else []), *emails]))
    if email is not None:
        claims["email"] = email
    if verified:
        claims["emails"] = verified
    called = email or _called(found, names, trusts_names)
    if called is None or (email is None and may_share_names):
        called = _of_subject(called, subject)
    return Claimed(subject=subject, name=called, email=email, claims=claims, notes=tuple(said))


def is_email(value: object) -> bool:
    """Whether it has the form of an address of mail. Letters beyond ASCII make it none: some become
    the same small letters as others do, so that a look-alike would be equal."""
    return (
        isinstance(value, str)
        and value.isascii()
        and len(value) <= _CALLED_MAX
        and value.count("@") == 1
        and not value.startswith("@")
        and not value.endswith("@")
        and _is_one(value)
        and not any(each.isspace() for each in value)
    )


def is_true(value: object) -> bool:
    """A truth value as providers write them: `true`, `"true"`, `1`, `"1"`."""
    return (
        value is True or value == 1 or (isinstance(value, str) and value.lower() in {"true", "1"})
    )


def _email(
    found: Mapping[str, object], label: str, proof: str | None, notes: list[str]
) -> str | None:
    """The e-mail, if it is verified; a note says that it was left out."""
    email = found.get("email")
    if not isinstance(email, str):
        return None
    if not is_email(email):
        notes.append(
            f"{label} tells an e-mail ({printable(email)}) that is none, or has letters beyond "
            "ASCII, by which it could look like another; it was left out."
        )
        return None
    if proof is None:
        is_verified = "email_verified" not in found or is_true(found["email_verified"])
    else:
        is_verified = is_true(found.get(proof))
    if is_verified:
        return email
    reason = (
        "says that it is not verified" if proof in found or proof is None else
        f"does not say that it is verified ({proof})"
    )  # fmt: skip
    notes.append(f"The e-mail {email} was left out: {label} {reason}.")
    return None


def _called(found: Mapping[str, object], names: Iterable[str], trusts: bool) -> str | None:
    """The first name that is there, and may be used."""
    for name in names:
        value = found.get(name)
        fits = isinstance(value, str) and 0 < len(value) <= _CALLED_MAX and _is_one(value)
        if fits and (trusts or "@" not in str(value)):
            return str(value)
    return None


def _of_subject(name: str | None, subject: str) -> str:
    """What nobody else is called."""
    both = subject if name in (None, subject) else f"{name} ({subject})"
    return both if len(both) <= _CALLED_MAX else subject[:_CALLED_MAX]


def _is_one(text: str) -> bool:
    return text.isprintable() and text == text.strip()


def _bounded_claims(found: Mapping[str, object], label: str, notes: list[str]) -> dict[str, object]:
    """What tells of the person, as far as it is within the bounds."""
    dropped: list[str] = []
    claims: dict[str, object] = {}
    for name, value in found.items():
        if name in _OF_TOKENS or value is None:
            continue
        if len(claims) >= _FIELDS_MAX or not _is_name(name):
            dropped.append(name)
            continue
        bounded, is_whole = _bounded(value, 1)
        if not is_whole:
            dropped.append(name)
        if bounded is not None:
            claims[name] = bounded
    while len(msgspec.json.encode(claims)) > _BYTES_MAX:
        largest = max(claims, key=lambda name: len(msgspec.json.encode(claims[name])))
        del claims[largest]
        dropped.append(largest)
    if dropped:
        names = ", ".join(printable(each) for each in dict.fromkeys(dropped[:10]))
        notes.append(f"{label} tells more than is kept: parts of {names} were left out.")
    return claims


def _bounded(value: object, depth: int) -> tuple[object, bool]:
    """The value within the bounds, None for nothing of it; and whether that is all of it."""
    match value:
        case bool() | None:
            return value, True
        case int():
            return (value, True) if value.bit_length() <= 64 else (None, False)
        case float():
            return (value, True) if math.isfinite(value) else (None, False)
        case str():
            is_short = len(value) <= _TEXT_MAX and is_encodable(value)
            return (value, True) if is_short else (None, False)
        case list() if depth <= _DEPTH_MAX:
            pairs = [_bounded(each, depth + 1) for each in value[:VALUES_MAX]]
            kept = [each for each, _ in pairs if each is not None]
            return kept, len(value) <= VALUES_MAX and all(whole for _, whole in pairs)
        case dict() if depth <= _DEPTH_MAX:
            names = [name for name in value if _is_name(name)][:_FIELDS_MAX]
            fields = {name: _bounded(value[name], depth + 1) for name in names}
            kept_fields = {name: each for name, (each, _) in fields.items() if each is not None}
            whole = len(names) == len(value) and all(whole for _, whole in fields.values())
            return kept_fields, whole
        case _:
            return None, False


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _NAME_MAX and is_encodable(name)
