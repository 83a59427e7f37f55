"""What leaves a server gives nobody a way to find out a secret at home."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.support.clocks import SetWallClock
from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.people import everybody
from umbel.auth.session_key import session_key
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.sqlite.ledger import SqliteLedger
from umbel.web.sessions import Sessions

NOW = 1_000_000.0


def stamp_of(user: str, key: bytes) -> str:
    people = everybody([user], [])
    account_state = PeopleAndTokens(people, None, SetWallClock(NOW), key).account_state(
        user.split(":")[0]
    )
    assert account_state is not None
    return account_state.stamp


@pytest.mark.parametrize("hash_name", ["sha256", "sha1", "md5", "blake2b", "sha512"])
def test_who_has_a_cookie_cannot_try_passwords_at_home(hash_name: str) -> None:
    key = b"k" * 32
    stamp = stamp_of("bob:sunflower7", key)
    cookie = Sessions(key, 60, SetWallClock(NOW), MemoryLedger()).begin("bob", stamp)

    told = json.loads(base64.urlsafe_b64decode(cookie.split(".")[0] + "=="))
    person = everybody(["bob:sunflower7"], [])["bob"]
    guesses = {
        getattr(hashlib, hash_name)(said).hexdigest()
        for said in (msgspec.json.encode(person), b"stamp:" + msgspec.json.encode(person))
    }

    assert told[1] == stamp
    assert not any(guess.startswith(stamp) for guess in guesses)


def test_a_stamp_is_of_this_server_alone_and_stays_over_its_restarts(tmp_path: Path) -> None:
    def stamp_in(directory: Path) -> str:
        with closing(SqliteLedger(directory)) as ledger:
            return stamp_of("bob:sunflower7", session_key(ledger))

    first, again = (stamp_in(tmp_path / "here") for _ in range(2))
    elsewhere = stamp_in(tmp_path / "there")

    assert first == again
    assert first != elsewhere


def test_a_stamp_changes_with_the_password() -> None:
    assert stamp_of("bob:sunflower7", b"k" * 32) != stamp_of("bob:sunflower8", b"k" * 32)
