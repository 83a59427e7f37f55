"""Lists of errors where there are very many, no time, or no ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.stories import BASE, failed, uuid_of
from tests.support.clocks import SetClock, SetWallClock
from umbel.auth.base import Actor
from umbel.errors import ActionRefused, StoreError
from umbel.redact.rules import Redactor, RedactRules
from umbel.services.errors.decisions import ErrorDecisions
from umbel.services.errors.errors import Errors
from umbel.services.errors.group_list import GROUPS_MAX
from umbel.services.errors.matrix import ColumnCounts
from umbel.store.ledger import ErrorDecision
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.series import Series
from umbel.store.sqlite import SqliteStore

NOW = BASE + 3_600
ADA = Actor(name="ada", address="", via="cli", permissions=frozenset())
KINDS = [
    f"{first}{second}Error" for first in "ABCDEFGHIJKLMNOPQRST" for second in "abcdefghijklmno"
]


class UnreadableLedger(MemoryLedger):
    """What was decided cannot be read."""

    def error_decisions(self) -> Mapping[str, ErrorDecision]:
        raise StoreError("The disk is gone.")


class ContestedLedger(MemoryLedger):
    """Somebody else always decides first."""

    def decide_error(self, *_: object, **__: object) -> bool:
        return False


def few() -> MemoryStore:
    store = MemoryStore()
    store.apply(failed(uuid_of(1), BASE, exception="KeyError('password')"))
    return store


def errors_of(store: MemoryStore, ledger: MemoryLedger | None = None) -> Errors:
    return Errors(store, ledger or MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules()))


@pytest.fixture
def many(tmp_path: Path) -> Iterator[SqliteStore]:
    """Three hundred errors, each once, in files."""
    store = SqliteStore(tmp_path, write=True)
    for number, kind in enumerate(KINDS):
        store.apply(failed(uuid_of(number), BASE + number, exception=f"{kind}('x')"))
    yield store
    store.close()


def test_of_very_many_errors_a_bounded_list_says_how_many_failures_it_lacks(
    many: SqliteStore,
) -> None:
    errors = Errors(many, MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules()))

    found = errors.groups()

    assert len(found.items) == GROUPS_MAX
    assert found.others == len(KINDS) - GROUPS_MAX
    assert not found.complete


def test_of_more_errors_in_an_hour_than_roll_ups_have_room_for_each_is_counted(
    many: SqliteStore,
) -> None:
    errors = Errors(many, MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules()))

    found = errors.groups()

    assert {each.count for each in found.items} == {1}
    assert {each.matrix.h24 for each in found.items} == {1}
    assert {each.matrix.d7 for each in found.items} == {1}
    assert sum(each.count for each in found.items) + found.others == len(KINDS)


def test_ignored_errors_do_not_take_the_room_of_others(many: SqliteStore) -> None:
    ledger, clock = MemoryLedger(), SetWallClock(NOW)
    errors = Errors(many, ledger, clock, Redactor(RedactRules()))
    for each in errors.groups().items[:50]:
        ledger.decide_error(
            ErrorDecision(error=each.id, title="", state="ignored", at=NOW, actor="ada"),
            instead_of=None,
        )

    open_ = errors.groups(state="open", limit=200)

    assert len(open_.items) == 200
    assert {each.state.state for each in open_.items} == {"open"}


def test_a_rare_error_that_was_not_counted_is_not_said_to_be_absent() -> None:
    assert ColumnCounts({"a": 3}, has_rest=True).of("b") is None
    assert ColumnCounts({"a": 3}, has_rest=False).of("b") == 0


def test_an_error_that_grows_never_failed_more_often_in_an_hour_than_in_a_week() -> None:
    store, clock = few(), SetClock(NOW)
    errors = Errors(store, MemoryLedger(), clock, Redactor(RedactRules()))
    errors.groups()
    store.apply(failed(uuid_of(2), NOW - 20, exception="KeyError('password')"))
    clock.time += 1

    (group,) = errors.groups(since=NOW - 600, until=NOW).items

    assert group.matrix.h1 is not None
    assert group.matrix.h24 is not None
    assert group.matrix.d7 is not None
    assert group.matrix.h1 <= group.matrix.h24 <= group.matrix.d7
    assert group.matrix.h24 == 2


def test_without_time_a_list_says_that_it_is_not_complete(many: SqliteStore) -> None:
    errors = Errors(many, MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules()))

    found = errors.groups(waited_s=1e9)

    assert not found.complete


class HurriedStore(MemoryStore):
    """Never has the time to count all."""

    def series(self, *args: Any, **question: Any) -> Series:
        return msgspec.structs.replace(super().series(*args, **question), complete=False)


def test_counts_that_time_did_not_suffice_for_are_told_apart_from_more_errors(
    many: SqliteStore,
) -> None:
    hurried = HurriedStore()
    hurried.apply(failed(uuid_of(1), NOW - 60))
    short = Errors(hurried, MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules())).groups()
    more = Errors(many, MemoryLedger(), SetWallClock(NOW), Redactor(RedactRules())).groups(limit=1)

    assert (short.counted, short.complete) == (False, False)
    assert (more.counted, more.complete) == (True, False)


def test_a_ledger_that_cannot_be_read_takes_nothing_from_the_history(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = errors_of(few(), UnreadableLedger())

    found = errors.groups()

    assert [each.state.state for each in found.items] == ["open"]
    assert not found.complete
    assert "What was decided about errors is not shown. The disk is gone." in caplog.text


def test_who_always_comes_second_is_told_to_look_again() -> None:
    store, ledger = few(), ContestedLedger()
    error_id = errors_of(store).groups().items[0].id
    decisions = ErrorDecisions(store, ledger, SetWallClock(NOW))

    with pytest.raises(ActionRefused, match="Others decide about this error at the same time"):
        decisions.resolve(error_id, ADA)
    assert ledger.audit().items == ()


def test_a_sample_hides_what_the_rules_hide_now() -> None:
    """A task that was stored before the rule was written."""
    store = few()
    hiding = Redactor(RedactRules(exceptions=("shop.*",)))
    errors = Errors(store, MemoryLedger(), SetWallClock(NOW), hiding)

    sample = errors.detail(errors.groups().items[0].id).sample

    assert sample is not None
    assert (sample.exception, sample.traceback) == ("<hidden>", "<hidden>")
