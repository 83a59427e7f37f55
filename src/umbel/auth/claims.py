"""Claims: what an identity provider says of a person, and where in it a rule looks.

A path leads into nested objects (`realm_access.roles`). A name that has dots itself, as Auth0's
`https://example.com/roles`, is found by its whole: at each level the longest name that is there
is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

Claims = Mapping[str, object]
#: Claims that are addresses of mail: their upper and lower case is the same.
EMAILS: Final = frozenset({"email", "emails"})
#: The most values of one claim that are looked at, and the longest.
VALUES_MAX: Final = 5_000
_LENGTH_MAX: Final = 1_000


def values_at(claims: Claims, path: str) -> tuple[str, ...]:
    """The values of a claim as texts: one, those of a list, or none. Numbers and truth values
    are as JSON writes them."""
    found = [_text(each) for each in _found(claims, path.split("."))]
    texts = [each for each in found if each is not None][:VALUES_MAX]
    return tuple(each.lower() for each in texts) if path in EMAILS else tuple(texts)


def _found(value: object, parts: list[str]) -> Iterator[object]:
    if not parts:
        yield from value if isinstance(value, list | tuple) else [value]
        return
    if not isinstance(value, Mapping):
        return
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in value:
            yield from _found(value[name], parts[length:])
            return


def _text(value: object) -> str | None:
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    return value if isinstance(value, str) and len(value) <= _LENGTH_MAX else None
