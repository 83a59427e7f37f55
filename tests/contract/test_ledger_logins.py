"""Logins while they last, what may be used once, second factors, and what bounds tokens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from umbel.store.ledger import (
    SESSIONS_EACH,
    SESSIONS_MAX,
    Ledger,
    LoginSession,
    SecondFactor,
    Token,
)


def login(id_: str, user: str = "okta:ann", *, began: float = 10.0) -> LoginSession:
    return LoginSession(
        id=id_,
        user=user,
        provider="okta",
        began=began,
        expires=began + 100,
        seen=began,
        address="192.0.2.7",
        client="Firefox",
        subject="00u1",
        claims=b'{"groups":["ops"]}',
        tokens=b"sealed",
        checked=began,
        provider_session="sid-1",
        rights="abc",
    )


def test_logins_that_last_are_listed_the_newest_first(ledger: Ledger) -> None:
    ledger.keep_session(login("a"))
    ledger.keep_session(login("b", began=20.0))
    ledger.keep_session(login("c", "bob", began=30.0))

    assert [each.id for each in ledger.sessions(50.0)] == ["c", "b", "a"]
    assert [each.id for each in ledger.sessions(50.0, user="okta:ann")] == ["b", "a"]
    assert [each.id for each in ledger.sessions(110.0)] == ["c", "b"]
    assert [each.id for each in ledger.sessions(50.0, limit=1)] == ["c"]


def test_logins_are_found_by_who_their_provider_says_it_is(ledger: Ledger) -> None:
    ledger.keep_session(login("a"))
    ledger.keep_session(msgspec.structs.replace(login("b"), subject="00u2"))
    ledger.keep_session(msgspec.structs.replace(login("c"), provider_session="sid-2"))
    ledger.keep_session(msgspec.structs.replace(login("d"), provider="google"))

    def found(**wanted: Any) -> set[str]:
        return {each.id for each in ledger.sessions(50.0, **wanted)}

    assert found(provider="okta") == {"a", "b", "c"}
    assert found(provider="okta", subject="00u1") == {"a", "c"}
    assert found(provider="okta", provider_session="sid-2") == {"c"}
    assert found(provider="okta", subject="00u2", provider_session="sid-2") == set()


def test_of_one_person_at_a_provider_the_logins_used_last_are_kept(ledger: Ledger) -> None:
    ledger.keep_session(login("in use"))
    ledger.seen_session("in use", 90.0)
    ledger.keep_session(msgspec.structs.replace(login("other"), subject="00u2"))
    ledger.keep_session(
        msgspec.structs.replace(login("password", "ann"), provider="password", subject="")
    )
    for number in range(SESSIONS_EACH + 20):
        ledger.keep_session(login(f"{number}", began=11.0 + number / 100))

    kept = {each.id for each in ledger.sessions(50.0, subject="00u1")}
    assert kept == {"in use", *(f"{number}" for number in range(21, SESSIONS_EACH + 20))}
    assert ledger.session("0") is None
    assert ledger.session("other") is not None
    assert ledger.session("password") is not None


def test_nobodys_many_logins_hide_those_of_others(ledger: Ledger) -> None:
    ledger.keep_session(login("b", "okta:bob"))
    for number in range(SESSIONS_MAX + 1):
        row = login(f"{number}", "ann", began=11.0 + number / 100)
        ledger.keep_session(msgspec.structs.replace(row, provider="password", subject=""))

    listed = [each.user for each in ledger.sessions(50.0)]
    assert listed == ["ann"] * SESSIONS_EACH + ["okta:bob"]
    assert len(ledger.sessions(50.0, user="ann")) == SESSIONS_MAX


def test_a_login_is_read_as_it_was_kept_and_replaced_under_its_id(ledger: Ledger) -> None:
    assert ledger.session("a") is None
    ledger.keep_session(login("a"))
    assert ledger.session("a") == login("a")

    changed = msgspec.structs.replace(login("a"), tokens=None, checked=60.0)
    ledger.keep_session(changed)

    assert ledger.session("a") == changed


def test_the_last_use_of_a_login_never_goes_back(ledger: Ledger) -> None:
    ledger.keep_session(login("a"))

    ledger.seen_session("a", 40.0)
    ledger.seen_session("a", 30.0)
    ledger.seen_session("unknown", 30.0)

    found = ledger.session("a")
    assert found is not None
    assert found.seen == 40.0


def test_a_login_that_ended_is_gone_and_known_as_ended(ledger: Ledger) -> None:
    ledger.keep_session(login("a"))
    ledger.keep_session(login("b"))

    ledger.end_session("a", 110.0, now=20.0, user="okta:ann")

    assert ledger.session("a") is None
    assert [each.id for each in ledger.sessions(20.0)] == ["b"]
    assert ledger.has_ended("a", "okta:ann", 110.0)


def test_logins_that_expired_are_forgotten_when_another_begins(ledger: Ledger) -> None:
    ledger.keep_session(login("a"))

    ledger.keep_session(login("b", began=200.0))

    assert ledger.session("a") is None
    assert ledger.session("b") is not None


def test_what_may_be_used_once_is_used_once(ledger: Ledger) -> None:
    assert ledger.use_once("state", 100.0, 10.0)
    assert not ledger.use_once("state", 200.0, 20.0)
    assert ledger.use_once("other", 100.0, 20.0)
    assert ledger.use_once("state", 200.0, 100.0)


def test_of_several_that_use_the_same_at_once_one_may(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ledger.use_once("state", 100.0, 10.0), range(16)))

    assert found.count(True) == 1


def test_a_second_factor_is_replaced_by_whoever_saw_it_last(ledger: Ledger) -> None:
    new = SecondFactor(user="ann", secret=b"x" * 20)
    used = msgspec.structs.replace(new, since=5.0, last_step=7, recovery=("aa", "bb"))
    assert ledger.second_factor("ann") is None

    assert ledger.keep_second_factor(new, instead_of=None)
    assert not ledger.keep_second_factor(used, instead_of=None)
    assert ledger.keep_second_factor(used, instead_of=new)
    assert not ledger.keep_second_factor(used, instead_of=new)

    assert ledger.second_factor("ann") == used
    assert ledger.drop_second_factor("ann")
    assert not ledger.drop_second_factor("ann")
    assert ledger.second_factor("ann") is None


def test_what_bounds_a_token_is_kept(ledger: Ledger) -> None:
    token = Token(
        name="ci",
        role="operator",
        secret_hash="00",  # noqa: S106
        created=1.0,
        names=("billing.*",),
        queues=("slow", "fast"),
        maker="ann",
    )
    ledger.put_token(token)

    assert ledger.tokens() == (token,)


def test_second_factors_are_listed_by_user_and_show_no_secret(ledger: Ledger) -> None:
    assert ledger.second_factors() == ()
    for user in ("bob", "ann"):
        factor = SecondFactor(user=user, secret=b"hidden" * 4, since=5.0, recovery=("spent",))
        ledger.keep_second_factor(factor, instead_of=None)

    assert [each.user for each in ledger.second_factors()] == ["ann", "bob"]
    assert "hidden" not in repr(ledger.second_factors())
    assert "spent" not in repr(ledger.second_factors())
