"""API tokens: shown once, kept as a hash, revoked at once."""

from __future__ import annotations

import msgspec
import pytest

from umbel.auth.base import Identity
from umbel.auth.tokens import Tokens, described, free_name, make_token, name_in, new_token
from umbel.errors import NameTaken, SettingsError, StoreError, StoreUnwritable
from umbel.store.ledger import Token
from umbel.store.memory_ledger import MemoryLedger

NOW = 1_700_000_000.0


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def test_a_token_is_known_again_with_its_role(ledger: MemoryLedger) -> None:
    shown = make_token(ledger, "ci", "operator", now=NOW, expires_s=None)

    assert shown.startswith("umbel_ci_")
    assert Tokens(ledger).identify(shown, NOW) == Identity(
        "token:ci", "operator", "ci", because="token ci"
    )


def test_the_ledger_does_not_hold_what_would_open_the_door(ledger: MemoryLedger) -> None:
    shown = make_token(ledger, "ci", "admin", now=NOW, expires_s=None)
    (kept,) = ledger.tokens()

    assert shown.rpartition("_")[2] not in repr(kept)
    assert Tokens(ledger).identify(f"umbel_ci_{kept.secret_hash}", NOW) is None


def test_an_expired_token_is_nobodys(ledger: MemoryLedger) -> None:
    shown = make_token(ledger, "ci", "viewer", now=NOW, expires_s=60)

    assert Tokens(ledger).identify(shown, NOW + 59) is not None
    assert Tokens(ledger).identify(shown, NOW + 60) is None


def test_a_revoked_token_is_nobodys_at_once(ledger: MemoryLedger) -> None:
    shown = make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)
    tokens = Tokens(ledger)
    assert tokens.identify(shown, NOW) is not None

    ledger.drop_token("ci")

    assert tokens.identify(shown, NOW) is None


def test_a_token_is_bound_to_its_name(ledger: MemoryLedger) -> None:
    shown = make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)
    make_token(ledger, "root", "admin", now=NOW, expires_s=None)

    assert Tokens(ledger).identify(shown.replace("_ci_", "_root_"), NOW) is None


@pytest.mark.parametrize(
    "shown", ["", "umbel_", "umbel__", "umbel_ci_", "umbel_ci_x", "x" * 10_000, "umbel_ci_\ud800"]
)
def test_rubbish_is_nobodys_token(ledger: MemoryLedger, shown: str) -> None:
    make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)

    assert Tokens(ledger).identify(shown, NOW) is None


def test_that_it_is_used_is_written_down_once_a_minute(ledger: MemoryLedger) -> None:
    shown = make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)
    tokens = Tokens(ledger)

    used = []
    for later in (1, 30, 62):
        tokens.identify(shown, NOW + later)
        used.append(ledger.tokens()[0].last_used)

    assert used == [NOW + 1, NOW + 1, NOW + 62]


class FullLedger(MemoryLedger):
    """A ledger on a disk that is full. `tried` is how often a use was to be written down."""

    tried = 0

    def used_token(self, name: str, at: float) -> None:
        self.tried += 1
        raise StoreUnwritable(f"The disk is full: {name} {at}.")


def test_a_full_disk_locks_nobody_out() -> None:
    ledger = FullLedger()
    shown = make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)

    assert Tokens(ledger).identify(shown, NOW) is not None


def test_a_ledger_that_cannot_be_written_is_tried_once_a_minute() -> None:
    """It may be locked, and each attempt takes seconds."""
    ledger = FullLedger()
    shown = make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)
    tokens = Tokens(ledger)

    assert all(tokens.identify(shown, NOW + second) for second in (0, 1, 30, 61, 90))
    assert ledger.tried == 2


@pytest.mark.parametrize("name", ["", "CI", "a_b", "-a", "a-", "a" * 41, "ä", "a b", "a\n"])
def test_a_name_that_cannot_be_is_told_with_what_can(ledger: MemoryLedger, name: str) -> None:
    with pytest.raises(SettingsError, match="such as ci-deploy"):
        make_token(ledger, name, "viewer", now=NOW, expires_s=None)


def test_a_name_that_is_taken_is_told(ledger: MemoryLedger) -> None:
    make_token(ledger, "ci", "viewer", now=NOW, expires_s=None)

    with pytest.raises(StoreError, match="ci"):
        make_token(ledger, "ci", "admin", now=NOW, expires_s=None)


def test_a_token_without_a_name_gets_its_role_and_a_number(ledger: MemoryLedger) -> None:
    for expected in ("viewer-1", "viewer-2"):
        name = free_name([ledger], "viewer")
        make_token(ledger, name, "viewer", now=NOW, expires_s=None)
        assert name == expected


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("umbel_ci-deploy_" + "0" * 64, "ci-deploy"),
        ("umbel_ci_cut", "ci"),
        ("umbel_ci_", "ci"),
        ("umbel_ci", None),
        ("umbel_" + "0" * 64 + "_x", None),
        ("umbel_CI\x1b_x", None),
        ("umbel_", None),
    ],
)
def test_of_a_wrong_token_its_name_can_be_told_and_never_its_secret(
    shown: str, name: str | None
) -> None:
    assert name_in(shown) == name


def bounded(names: tuple[str, ...], queues: tuple[str, ...], role: str = "operator") -> Token:
    return Token(name="ci", role=role, secret_hash="", created=NOW, names=names, queues=queues)


def test_a_bounded_token_sees_everything_and_touches_its_tasks_alone(
    ledger: MemoryLedger,
) -> None:
    shown, _ = new_token([ledger], bounded(("billing.*", "shop.pay"), ("slow",)))

    found = Tokens(ledger).identify(shown, NOW)

    assert found is not None
    assert found.role == "viewer"
    assert any(each.covers("billing.send", "slow") for each in found.bounded)
    assert any(each.covers("shop.pay", "slow") for each in found.bounded)
    for name, queue in (("billing.send", "fast"), ("shop.ship", "slow"), ("billing.send", None)):
        assert not any(each.covers(name, queue) for each in found.bounded)
    assert {each.role for each in found.bounded} == {"operator"}
    assert {each.because for each in found.bounded} == {"token ci"}


@pytest.mark.parametrize(
    ("names", "queues", "covered", "open_ones"),
    [
        (("a.*",), (), ("a.x", None), ("b.x", None)),
        ((), ("slow", "mail"), (None, "mail"), ("a.x", "fast")),
    ],
)
def test_names_alone_hold_in_any_queue_and_queues_alone_for_any_name(
    ledger: MemoryLedger,
    names: tuple[str, ...],
    queues: tuple[str, ...],
    covered: tuple[str | None, str | None],
    open_ones: tuple[str | None, str | None],
) -> None:
    shown, _ = new_token([ledger], bounded(names, queues))

    found = Tokens(ledger).identify(shown, NOW)

    assert found is not None
    assert any(each.covers(*covered) for each in found.bounded)
    assert not any(each.covers(*open_ones) for each in found.bounded)


@pytest.mark.parametrize("pattern", ["", "a" * 201, "a\nb", "\x1b[2J"])
def test_a_pattern_that_nobody_could_read_is_refused(ledger: MemoryLedger, pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"such as billing\.\*"):
        new_token([ledger], bounded((pattern,), ()))
    with pytest.raises(SettingsError, match="20 queues at most, not 21"):
        new_token([ledger], bounded((), tuple(map(str, range(21)))))

    assert ledger.tokens() == ()


def test_a_token_for_several_clusters_is_in_each_or_in_none(ledger: MemoryLedger) -> None:
    other = MemoryLedger()

    shown, kept = new_token([ledger, other], bounded((), ()))
    make_token(other, "taken", "viewer", now=NOW, expires_s=None)
    with pytest.raises(NameTaken, match="taken"):
        new_token([ledger, other], msgspec.structs.replace(kept, name="taken"))

    assert Tokens(ledger).identify(shown, NOW) == Tokens(other).identify(shown, NOW) is not None
    assert [each.name for each in ledger.tokens()] == ["ci"]
    assert described(kept) == "the token ci, an operator"
    assert free_name([ledger, other], "viewer") == "viewer-1"
