"""What the failures of an error share: what is truly more frequent than among successes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from tests.contract.stories import BASE, failed, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from umbel.redact.rules import Redactor, RedactRules
from umbel.services.errors.errors import Errors
from umbel.services.errors.groups import SharedTraits
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.series import Series

NOW = BASE + 7_200
WORKERS, QUEUES, CURRENCIES = ("w1", "w2", "w3", "w4"), ("slow", "fast"), ("EUR", "USD", "SEK")
SUCCESSES, LENGTH_S = 240, 2_400.0


class HurriedStore(MemoryStore):
    """Time never suffices to count over time."""

    def series(self, *args: Any, **more: Any) -> Series:
        return msgspec.structs.replace(super().series(*args, **more), complete=False)


def shop(
    failures: int,
    same: Mapping[str, str] = MappingProxyType({}),
    *,
    store: MemoryStore | None = None,
    during_s: float = LENGTH_S,
) -> MemoryStore:
    """Payments of which so many failed within `during_s`, and others went well. Workers, queues and
    currencies take turns, but failures are all alike in what is the `same`."""
    store = MemoryStore() if store is None else store
    for number in range(SUCCESSES + failures):
        fails = number >= SUCCESSES
        turn = {
            "worker": WORKERS[number % len(WORKERS)],
            "queue": QUEUES[number // 4 % len(QUEUES)],
            "currency": CURRENCIES[number % len(CURRENCIES)],
        } | (dict(same) if fails else {})
        at = BASE + (
            during_s * (number - SUCCESSES) / failures if fails else LENGTH_S * number / SUCCESSES
        )
        store.apply(
            (failed if fails else succeeded)(
                uuid_of(number), at, name="shop.pay", worker=turn["worker"], queue=turn["queue"],
                args=f"({number},)", kwargs=f"{{'currency': '{turn['currency']}'}}",
            )
        )  # fmt: skip
    return store


def shares(store: MemoryStore) -> SharedTraits:
    """Of the store's one error."""
    errors = Errors(store, MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules()))
    (group,) = errors.groups().items
    return errors.shares(group.id)


@pytest.mark.parametrize(
    ("field", "same"),
    [
        ("worker", {"worker": "w3"}),
        ("queue", {"queue": "slow"}),
        ("kwargs.currency", {"currency": "SEK"}),
    ],
)
def test_what_all_failures_and_few_successes_have_alone_stands_out(
    field: str, same: dict[str, str]
) -> None:
    (found,) = shares(shop(40, same)).items

    assert (found.field, found.value) == (field, *same.values())
    assert (found.failed, found.failures) == (40, 40)
    assert found.succeeded < found.successes == SUCCESSES


def test_failures_that_are_like_successes_share_nothing() -> None:
    found = shares(shop(48))

    assert found.items == ()
    assert (found.why, found.failures, found.successes) == (None, 48, SUCCESSES)


def test_a_few_failures_of_one_worker_of_four_are_no_evidence() -> None:
    assert shares(shop(3, {"worker": "w3"})).items == ()


def test_of_two_failures_nothing_is_said() -> None:
    found = shares(shop(2, {"worker": "broken", "queue": "odd", "currency": "XXX"}))

    assert found.items == ()
    assert found.why == "It failed too seldom in this time; 3 failures are needed to compare."


def test_hours_that_were_not_counted_to_the_end_are_not_compared() -> None:
    """Where successes are missing, each hour would seem to have failures alone."""
    counted, hurried = (
        shares(shop(40, store=store, during_s=LENGTH_S / 4))
        for store in (MemoryStore(), HurriedStore())
    )

    assert [each.field for each in counted.items] == ["hour"]
    assert hurried.items == ()
    assert (counted.complete, hurried.complete) == (True, False)
