"""Users of the settings: names, passwords and roles of those who may log in.

`basic_auth` is Flower's: `user:password`, and whoever is named may do everything, as there.
`auth.users` is `user:role:password`. In both the password may be a hash (`umbel password`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, get_args

import msgspec

from umbel.auth.base import Role
from umbel.auth.passwords import Password, parse_password

ROLES: Final[tuple[str, ...]] = get_args(Role)
NAME_MAX: Final = 100
#: What only two entries in one have, but for a password that nobody should choose.
_TWO: Final = re.compile(r",[^,:]+:")


class Person(msgspec.Struct, frozen=True):
    """Somebody with a password."""

    name: str
    role: Role
    password: Password


def parse_person(written: str, *, with_role: bool) -> Person:
    """One entry of `auth.users` (`with_role`) or `basic_auth`. Raises `ValueError` with the
    half sentence that says what is wrong, without the password."""
    if _TWO.search(written):
        raise ValueError(
            "an entry looks like two; write each as one of a list, and of a password with a comma "
            "and a colon the hash"
        )
    parts = written.split(":", 2 if with_role else 1)
    if len(parts) < (3 if with_role else 2):  # may be a password alone, which is not told
        raise ValueError("an entry has not all of its parts")
    name, password = parts[0], parts[-1]
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise ValueError("an entry has no name that can be shown")
    try:
        return Person(name, _role(parts[1]) if with_role else "admin", parse_password(password))
    except ValueError as error:
        raise ValueError(f"in the entry of {name} {error}") from None


def _role(word: str) -> Role:
    if word not in ROLES:
        raise ValueError(f"the role is none of {', '.join(ROLES)}")
    role: Role = msgspec.convert(word, Role)
    return role


def everybody(basic_auth: Iterable[str], users: Iterable[str]) -> dict[str, Person]:
    """All who may log in, by name. Raises `ValueError` as `parse_person` does, and for a
    name that is there twice."""
    found = [
        *(parse_person(entry, with_role=False) for entry in basic_auth),
        *(parse_person(entry, with_role=True) for entry in users),
    ]
    people = {person.name: person for person in found}
    if len(people) < len(found):
        names = [person.name for person in found]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is named more than once")
    return people
