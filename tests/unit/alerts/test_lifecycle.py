"""The life of an alert: when it fires, ends, is escalated, and what people are sent."""

from __future__ import annotations

from typing import Any

import msgspec

from umbel.services.alerts.judge import Answer, SubjectAnswer
from umbel.services.alerts.lifecycle import Step, advanced, ended
from umbel.store.alerts import Acknowledgement, Alert, AlertRule

RULE = AlertRule(id="r", name="Billing", condition="failures > 5 over 10m", clear_s=60.0)


class Life:
    """Steps of one alert."""

    def __init__(self, **rule: Any) -> None:
        self.rule = msgspec.structs.replace(RULE, **rule)
        self.alert: Alert | None = None

    def at(self, now: float, answer: Answer, silence: str | None = None) -> str | None:
        """What is sent by what is found at a time."""
        found = SubjectAnswer(subject="", answer=answer, sentence=f"At {now}.", value=now)
        step: Step = advanced(self.rule, self.alert, found, now, new_id="a", silence=silence)
        self.alert = step.alert
        return step.message

    @property
    def phase(self) -> str:
        return "none" if self.alert is None else self.alert.phase


def test_it_fires_once_and_is_resolved_when_it_has_been_well_for_a_while() -> None:
    life = Life()

    assert life.at(0, "well") is None
    assert life.phase == "none"
    assert life.at(10, "firing") == "fired"
    assert life.at(20, "firing") is None
    assert life.at(30, "well") is None
    assert life.at(80, "well") is None
    assert life.phase == "firing"
    assert life.at(90, "well") == "resolved"
    assert life.alert is not None
    assert (life.alert.fired, life.alert.ended, life.alert.value) == (10, 90, 20)


def test_what_comes_back_before_it_ended_is_the_same_alert() -> None:
    life = Life()
    life.at(0, "firing")
    life.at(10, "well")

    assert life.at(60, "firing") is None
    assert life.at(80, "well") is None
    assert life.at(130, "well") is None
    assert life.at(140, "well") == "resolved"


def test_it_must_be_so_for_a_while() -> None:
    life = Life(pending_s=120.0)

    assert life.at(0, "firing") is None
    assert life.phase == "pending"
    assert life.at(60, "well") is None
    assert life.phase == "none"
    life.at(70, "firing")
    assert life.at(189, "firing") is None
    assert life.at(190, "firing") == "fired"


def test_what_cannot_be_known_ends_nothing_and_begins_nothing() -> None:
    life = Life()

    life.at(0, "cannot be known")
    assert life.phase == "none"
    life.at(10, "firing")
    assert life.at(20, "cannot be known") is None
    assert life.at(5_000, "not yet known") is None
    assert life.phase == "firing"
    assert life.alert is not None
    assert life.alert.unknown_since == 20
    life.at(5_010, "well")
    assert life.at(5_070, "well") == "resolved"


def test_time_in_which_it_cannot_be_known_is_not_waited_for() -> None:
    life = Life(pending_s=300.0)

    life.at(0, "firing")
    life.at(10, "cannot be known")
    life.at(600, "not yet known")
    assert life.at(900, "firing") is None, "it was so for ten seconds, as far as anybody knows"
    assert life.phase == "pending"
    assert life.at(1_189, "firing") is None
    assert life.at(1_190, "firing") == "fired"


def test_what_nobody_acknowledges_is_escalated_once() -> None:
    life = Life(escalate_s=300.0)
    life.at(0, "firing")

    assert life.at(299, "firing") is None
    assert life.at(300, "cannot be known") == "escalated"
    assert life.at(900, "firing") is None


def test_what_somebody_acknowledged_is_not_escalated() -> None:
    life = Life(escalate_s=300.0)
    life.at(0, "firing")
    assert life.alert is not None
    seen = Acknowledgement(alert="a", actor="ada", at=10)
    life.alert = msgspec.structs.replace(life.alert, acknowledgement=seen)

    assert life.at(400, "firing") is None


def test_who_hears_of_it_after_a_silence_has_as_long_to_acknowledge_as_ever() -> None:
    life = Life(escalate_s=300.0)
    life.at(0, "firing", "s")

    assert life.at(28_800, "firing") == "fired"
    assert life.at(28_810, "firing") is None
    assert life.at(29_090, "cannot be known") is None
    assert life.at(29_100, "firing") == "escalated"


def test_in_a_silence_nobody_is_sent_anything_and_afterwards_what_still_fires() -> None:
    life = Life()

    assert life.at(0, "firing", "s") is None
    assert life.phase == "firing"
    assert life.at(100, "firing") == "fired"
    life.at(200, "well", "s")
    assert life.at(300, "well", "s") is None
    assert life.phase == "resolved"


def test_nobody_is_sent_the_end_of_what_they_were_not_sent() -> None:
    life = Life()
    life.at(0, "firing", "s")
    life.at(100, "well")

    assert life.at(160, "well") is None
    assert life.phase == "resolved"


def test_a_clock_that_is_put_back_makes_nobody_wait_for_an_hour() -> None:
    life = Life(pending_s=60.0, escalate_s=300.0)
    life.at(10_000, "firing")

    life.at(6_400, "firing")
    assert life.at(6_460, "firing") == "fired"
    life.at(2_860, "firing")
    assert life.at(3_160, "firing") == "escalated"
    life.at(3_170, "well")
    life.at(100, "well")
    assert life.at(160, "well") == "resolved"


def test_an_alert_ends_with_its_rule() -> None:
    life = Life()
    life.at(0, "firing")
    assert life.alert is not None

    assert ended(life.alert, 50).message == "resolved"
    pending = msgspec.structs.replace(life.alert, phase="pending")
    assert ended(pending, 50) == Step(None)
