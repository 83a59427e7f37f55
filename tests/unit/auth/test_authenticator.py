"""Who somebody is by what they show."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.base import Credentials, Identity, Role
from umbel.auth.passwords import hash_password
from umbel.auth.people import everybody
from umbel.auth.rules import Rule
from umbel.auth.tokens import Tokens, make_token
from umbel.clock import SystemClock
from umbel.store.memory_ledger import MemoryLedger

HASH = hash_password("secret")


def authenticator(*users: str, ledger: MemoryLedger | None = None) -> PeopleAndTokens:
    tokens = Tokens(ledger) if ledger is not None else None
    return PeopleAndTokens(everybody([], users), tokens, SystemClock(), b"k" * 32)


def shown(user: str, password: str) -> Credentials:
    return Credentials(user=user, password=password)


@pytest.fixture(scope="module")
def known() -> PeopleAndTokens:
    return authenticator(f"ana:operator:{HASH}", "bob:viewer:plain")


def test_people_are_known_by_their_password_hashed_or_plain(known: PeopleAndTokens) -> None:
    ana = Identity("ana", "operator", because="the entry of ana in the settings")
    bob = Identity("bob", "viewer", because="the entry of bob in the settings")
    assert known.identify(shown("ana", "secret")) == ana
    assert known.identify(shown("bob", "plain")) == bob


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ana", "Secret"), ("ana", ""), ("bob", "secret"), ("eve", "secret"), ("", ""),
        pytest.param("ana", HASH, id="ana-its own hash"), ("ana", "x" * 100_000),
        ("\ud800", "\ud800"),
    ],
)  # fmt: skip
def test_everybody_else_is_nobody(known: PeopleAndTokens, user: str, password: str) -> None:
    assert known.identify(shown(user, password)) is None


def test_a_password_that_was_right_once_is_quick_to_try_again(known: PeopleAndTokens) -> None:
    known.identify(shown("ana", "secret"))

    assert known.is_remembered(shown("ana", "secret"))
    assert not known.is_remembered(shown("ana", "secreT"))
    assert not known.is_remembered(shown("anas", "ecret"))


def test_a_wrong_password_is_never_remembered(known: PeopleAndTokens) -> None:
    known.identify(shown("ana", "wrong"))

    assert not known.is_remembered(shown("ana", "wrong"))


def test_a_name_that_does_not_exist_takes_as_long_as_one_that_does(known: PeopleAndTokens) -> None:
    def spent_s(user: str) -> float:
        began = time.thread_time()
        known.identify(shown(user, "wrong"))
        return time.thread_time() - began

    times = {user: min(spent_s(user) for _ in range(3)) for user in ("ana", "bob", "eve")}

    assert min(times.values()) > 0.5 * max(times.values())


def test_a_token_is_known_beside_people() -> None:
    ledger = MemoryLedger()
    token = make_token(ledger, "ci", "viewer", now=0, expires_s=None)

    both = authenticator("bob:viewer:plain", ledger=ledger)

    assert both.identify(Credentials(token=token)) == Identity(
        "token:ci", "viewer", "ci", because="token ci"
    )
    assert authenticator("bob:viewer:plain").identify(Credentials(token=token)) is None


def test_who_stands_in_the_settings_has_a_stamp_that_follows_role_and_password() -> None:
    stamps = set()
    for entry in ("bob:viewer:plain", "bob:viewer:other", "bob:admin:plain"):
        account_state = authenticator(entry).account_state("bob")
        assert account_state is not None
        stamps.add(account_state.stamp)

    assert len(stamps) == 3
    assert authenticator("bob:viewer:plain").account_state("eve") is None
    again = authenticator("bob:viewer:plain").account_state("bob")
    assert again is not None
    assert again.stamp in stamps


def test_without_people_nobody_is_known() -> None:
    assert authenticator().identify(shown("", "")) is None


def test_rules_for_passwords_are_asked_before_the_entry_of_a_person() -> None:
    people = ruled(
        Rule(role="operator", provider="password", claim="name", values=("ada",), name="mail.*"),
        Rule(role="admin", provider="password", claim="name", values=("otto",), cluster="shop"),
        Rule(role="none", provider="password", claim="name", values=("eve",)),
        Rule(role="admin"),
    )

    ada, otto, vera, eve = (person(people, name) for name in ("ada", "otto", "vera", "eve"))

    assert (ada.role, [each.name for each in ada.bounded]) == ("viewer", ["mail.*"])
    assert (otto.role, otto.because) == ("admin", 'rule 0: name has "otto"')
    assert (vera.role, vera.is_stranger) == ("viewer", False)
    assert vera.because == "the entry of vera in the settings"
    assert eve.is_stranger


def test_a_rule_lets_somebody_into_a_cluster_that_does_not_name_them() -> None:
    rule = Rule(role="operator", provider="password", claim="name", values=("otto",))
    people = ruled(rule, roles={"ada": "viewer"})

    assert person(people, "vera").is_stranger
    assert not person(people, "otto").is_stranger


def test_a_role_of_one_cluster_names_its_table() -> None:
    ada = person(ruled(roles={"ada": "viewer"}), "ada")

    assert (ada.role, ada.because) == ("viewer", "clusters.shop.roles in the settings")


def test_the_stamp_of_a_person_follows_the_rules_that_concern_them_alone() -> None:
    rule = Rule(role="viewer", provider="password", claim="name", values=("otto",))
    none = Rule(role="none", provider="password", claim="name", values=("otto",))
    before, bounded, shut = ruled(Rule(role="admin")), ruled(rule), ruled(none)

    def stamp(people: PeopleAndTokens, name: str) -> str:
        state = people.account_state(name)
        assert state is not None
        return state.stamp

    assert len({stamp(each, "otto") for each in (before, bounded, shut)}) == 3
    assert len({stamp(each, "ada") for each in (before, bounded, shut)}) == 1


def ruled(*rules: Rule, roles: Mapping[str, Role] | None = None) -> PeopleAndTokens:
    """Four people in the cluster `shop`, under rules."""
    users = ["ada:admin:a", "otto:operator:o", "vera:viewer:v", "eve:viewer:e"]
    found = PeopleAndTokens(
        everybody([], users), None, SystemClock(), b"k" * 32, rules=rules, clusters=["shop"]
    )
    return found.of_cluster(Tokens(MemoryLedger()), roles, "shop")


def person(people: PeopleAndTokens, name: str) -> Identity:
    found = people.identify(shown(name, name[0]))
    assert found is not None
    return found
