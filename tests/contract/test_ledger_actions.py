"""Actions and tokens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from umbel.errors import StoreError
from umbel.store.ledger import ActionRecord, Ledger, Token


def record(action_id: str, at: float = 1.0, report: bytes = b"planned") -> ActionRecord:
    return ActionRecord(action_id, at, b'{"plan":1}', report)


def test_an_unknown_action_is_none(ledger: Ledger) -> None:
    assert ledger.action("x") is None
    assert ledger.actions() == ()
    assert ledger.running_actions() == ()


def test_an_action_is_kept_and_replaced_under_its_id(ledger: Ledger) -> None:
    ledger.keep_action(record("x"))
    changed = ActionRecord("x", 2.0, b'{"plan":2}', b"running", running=True)

    ledger.keep_action(changed)

    assert ledger.action("x") == changed
    assert ledger.actions() == (changed,)


def test_actions_come_newest_first_and_in_pages(ledger: Ledger) -> None:
    for n in range(5):
        ledger.keep_action(record(f"a{n}", at=float(n)))

    first = ledger.actions(limit=2)
    rest = ledger.actions(before=first[-1].at, limit=10)

    assert [each.id for each in first + rest] == ["a4", "a3", "a2", "a1", "a0"]


def test_running_actions_are_found_wherever_they_stand(ledger: Ledger) -> None:
    ledger.keep_action(msgspec.structs.replace(record("old", at=1.0), running=True))
    for n in range(60):
        ledger.keep_action(record(f"a{n}", at=10.0 + n))

    assert [each.id for each in ledger.running_actions()] == ["old"]

    ledger.keep_action(record("old", at=1.0))
    assert ledger.running_actions() == ()


def test_an_action_is_replaced_only_while_it_is_as_it_was_seen(ledger: Ledger) -> None:
    ledger.keep_action(record("x"))

    assert ledger.replace_action(record("x", report=b"mine"), b"planned")
    assert not ledger.replace_action(record("x", report=b"yours"), b"planned")
    assert not ledger.replace_action(record("nobody's"), b"planned")

    kept = ledger.action("x")
    assert kept is not None
    assert kept.report == b"mine"
    assert ledger.action("nobody's") is None


def test_of_many_who_replace_the_same_report_one_succeeds(ledger: Ledger) -> None:
    ledger.keep_action(record("x"))

    with ThreadPoolExecutor(8) as threads:
        won = list(
            threads.map(
                lambda n: ledger.replace_action(record("x", report=b"%d" % n), b"planned"),
                range(32),
            )
        )

    assert sum(won) == 1
    kept = ledger.action("x")
    assert kept is not None
    assert kept.report == b"%d" % won.index(True)


def test_old_actions_are_trimmed(ledger: Ledger) -> None:
    ledger.keep_action(record("old", at=1.0))
    ledger.keep_action(record("young", at=20.0))

    ledger.trim(10.0)

    assert [each.id for each in ledger.actions()] == ["young"]
    assert ledger.action("old") is None


def token(name: str) -> Token:
    return Token(name=name, role="operator", secret_hash="0123", created=1.0, expires=9.0)  # noqa: S106


def test_tokens_are_listed_by_name_as_they_were_kept(ledger: Ledger) -> None:
    ledger.put_token(token("deploy"))
    ledger.put_token(token("cron"))

    assert ledger.tokens() == (token("cron"), token("deploy"))


def test_a_name_is_given_to_one_token_only(ledger: Ledger) -> None:
    ledger.put_token(token("deploy"))

    with pytest.raises(StoreError, match="already is a token named deploy"):
        ledger.put_token(msgspec.structs.replace(token("deploy"), role="admin"))

    assert ledger.tokens() == (token("deploy"),)


def test_the_last_use_of_a_token_is_known(ledger: Ledger) -> None:
    ledger.put_token(token("deploy"))

    ledger.used_token("deploy", 7.5)
    ledger.used_token("nobody's", 8.0)

    assert [each.last_used for each in ledger.tokens()] == [7.5]


def test_a_dropped_token_is_gone_and_its_name_free(ledger: Ledger) -> None:
    ledger.put_token(token("deploy"))

    assert ledger.drop_token("deploy")
    assert not ledger.drop_token("deploy")

    assert ledger.tokens() == ()
    ledger.put_token(token("deploy"))


def test_trimming_keeps_tokens(ledger: Ledger) -> None:
    ledger.put_token(token("deploy"))

    ledger.trim(1e10)

    assert ledger.tokens() == (token("deploy"),)


def test_closing_twice_is_allowed(ledger: Ledger) -> None:
    ledger.close()
    ledger.close()
