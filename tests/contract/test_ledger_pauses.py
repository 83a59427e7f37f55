"""Paused queues, as every ledger keeps them."""

from __future__ import annotations

import msgspec
import pytest

from umbel.errors import TooManyPauses
from umbel.store import queue_pauses
from umbel.store.ledger import Ledger
from umbel.store.queue_pauses import QueuePause, StoppedConsumer

MAIL = QueuePause(queue="mail", actor="ann", at=100.0, action_id="a1", reason="SMTP is down")


def stopped(worker: str, at: float = 101.0) -> StoppedConsumer:
    return StoppedConsumer(worker=worker, at=at, options={"exchange_type": "topic"})


def test_a_pause_is_kept_until_it_is_dropped(ledger: Ledger) -> None:
    assert ledger.pauses() == {}
    assert not ledger.drop_pause(MAIL)

    assert ledger.keep_pause(MAIL, instead_of=None)

    assert ledger.pauses() == {"mail": MAIL}
    assert ledger.drop_pause(MAIL)
    assert ledger.pauses() == {}


def test_of_two_who_pause_the_same_queue_one_succeeds(ledger: Ledger) -> None:
    other = msgspec.structs.replace(MAIL, actor="bob", action_id="a2")

    assert ledger.keep_pause(MAIL, instead_of=None)
    assert not ledger.keep_pause(other, instead_of=None)
    assert ledger.pauses() == {"mail": MAIL}


def test_of_two_who_resume_the_same_pause_one_succeeds(ledger: Ledger) -> None:
    ledger.keep_pause(MAIL, instead_of=None)
    resuming = msgspec.structs.replace(MAIL, state="resuming", resumed=120.0, resumed_by="bob")

    assert ledger.keep_pause(resuming, instead_of=MAIL)
    assert not ledger.keep_pause(resuming, instead_of=MAIL)
    assert not ledger.drop_pause(MAIL)
    assert ledger.drop_pause(resuming)


def test_consumers_are_kept_with_the_pause_for_which_they_were_stopped(ledger: Ledger) -> None:
    assert ledger.stopped("mail") == ()
    assert not ledger.keep_stopped(MAIL, [stopped("w1")])
    ledger.keep_pause(MAIL, instead_of=None)

    assert ledger.keep_stopped(MAIL, [stopped("w2"), stopped("w1")])
    assert ledger.keep_stopped(MAIL, [stopped("w2", at=130.0)])

    assert ledger.stopped("mail") == (stopped("w1"), stopped("w2", at=130.0))
    assert (ledger.stopped_at("w1"), ledger.stopped_at("nobody")) == (("mail",), ())
    ledger.drop_stopped("mail", ["w1", "nobody"])
    assert ledger.stopped_at("w1") == ()
    assert ledger.stopped("mail") == (stopped("w2", at=130.0),)
    assert ledger.stopped("other") == ()


def test_no_consumer_is_kept_for_a_pause_that_somebody_resumes(ledger: Ledger) -> None:
    ledger.keep_pause(MAIL, instead_of=None)
    ledger.keep_stopped(MAIL, [stopped("w1")])
    resuming = msgspec.structs.replace(MAIL, state="resuming", resumed=120.0, resumed_by="bob")
    ledger.keep_pause(resuming, instead_of=MAIL)

    assert not ledger.keep_stopped(MAIL, [stopped("w2")])
    assert ledger.stopped("mail") == (stopped("w1"),)
    ledger.drop_pause(resuming)
    assert ledger.stopped("mail") == ()


def test_a_pause_outlives_what_is_trimmed(ledger: Ledger) -> None:
    ledger.keep_pause(MAIL, instead_of=None)

    ledger.trim(1_000.0)

    assert ledger.pauses() == {"mail": MAIL}


def test_no_more_queues_are_paused_than_a_ledger_keeps(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_pauses, "PAUSES_MAX", 2)
    for name in ("a", "b"):
        assert ledger.keep_pause(msgspec.structs.replace(MAIL, queue=name), instead_of=None)

    with pytest.raises(TooManyPauses, match="mail was not"):
        ledger.keep_pause(MAIL, instead_of=None)
    noted = msgspec.structs.replace(MAIL, queue="a", reason="other")
    assert ledger.keep_pause(noted, instead_of=msgspec.structs.replace(MAIL, queue="a"))
