"""Messages are delivered in an order that makes sense, whatever the other side does."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.clocks import SetClock
from umbel.errors import DeliveryFailed
from umbel.notify.base import AlertMessage
from umbel.services.alerts.delivery import MessageDelivery, deliverable
from umbel.store.alerts import AlertNotice
from umbel.store.memory_ledger import MemoryLedger


def notice(name: str, at: float, **given: object) -> AlertNotice:
    made = AlertNotice(
        id=name, kind="fired", notifier="live", rule="r", alerts=("a",), severity="notice",
        title=name, text="Text", link="/alerts", at=at, due=at,
    )  # fmt: skip
    return msgspec.structs.replace(made, **given)


class ReceivingNotifier:
    """Takes messages while it is up; one that hangs takes ten seconds for each."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.is_up = True
        self.took_last_at = 0.0
        self.hangs = False
        self.taken: list[str] = []

    def deliver(self, message: AlertMessage) -> None:
        if self.hangs:
            self.clock.time += 10
        if not self.is_up:
            raise DeliveryFailed("Nobody answers.", retriable=True)
        self.taken.append(message.id)
        self.took_last_at = self.clock.now()


class Delivering:
    """Two notifiers, and what waits for them."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.ledger = MemoryLedger()
        self.live, self.dead = ReceivingNotifier(self.clock), ReceivingNotifier(self.clock)
        self.dead.is_up = False
        self.delivery = MessageDelivery(
            self.ledger, {"live": self.live, "dead": self.dead}, self.clock, address="", cluster=""
        )

    def add(self, *notices: AlertNotice) -> None:
        self.ledger.keep_alerts(notices=notices)

    def later(self, seconds: float) -> None:
        self.clock.time += seconds
        self.delivery.turn()


@pytest.fixture
def delivering() -> Delivering:
    return Delivering()


def test_nobody_hears_that_something_is_over_before_that_it_fires(delivering: Delivering) -> None:
    now = delivering.clock.now()
    delivering.live.is_up = False
    delivering.add(notice("fired", now))
    delivering.later(0)
    delivering.add(notice("resolved", now + 5, kind="resolved"))

    delivering.live.is_up = True
    delivering.later(6)
    assert delivering.live.taken == []

    delivering.later(6)
    delivering.later(1)
    assert delivering.live.taken == ["fired", "resolved"]


def test_a_message_stands_behind_an_older_one_of_its_notifier_and_alert_alone() -> None:
    waiting = (
        notice("fired", 1.0, due=60.0, alerts=("a", "b")),
        notice("over", 2.0, alerts=("b",)),
        notice("elsewhere", 3.0, alerts=("b",), notifier="dead"),
        notice("other", 4.0, alerts=("c",)),
        notice("again", 5.0, alerts=("c",)),
    )

    assert [each.id for each in deliverable(waiting, 10.0)] == ["elsewhere", "other"]
    assert [each.id for each in deliverable(waiting, 70.0)] == ["fired", "elsewhere", "other"]
    assert [each.id for each in deliverable(waiting[1:], 10.0)] == ["over", "elsewhere", "other"]


def test_messages_do_not_wait_for_a_clock_that_was_put_back(delivering: Delivering) -> None:
    delivering.add(notice("fired", delivering.clock.now()))
    delivering.live.is_up = False
    delivering.later(-3_600)
    delivering.live.is_up = True
    delivering.later(1)
    assert delivering.live.taken == []

    delivering.later(10)
    assert delivering.live.taken == ["fired"]


def test_many_messages_for_one_that_is_away_hold_up_no_other(delivering: Delivering) -> None:
    now = delivering.clock.now()
    delivering.add(
        *(notice(f"d{each}", now, notifier="dead", alerts=(f"{each}",)) for each in range(300)),
        notice("live", now + 1),
    )

    delivering.later(2)

    assert delivering.live.taken == ["live"]


def test_what_hangs_is_tried_when_others_have_theirs(delivering: Delivering) -> None:
    """Each attempt at one that hangs takes ten seconds."""
    now = delivering.clock.now()
    delivering.dead.hangs = True
    hanging = [notice(f"d{each}", now, notifier="dead", alerts=(f"{each}",)) for each in range(9)]
    delivering.add(*hanging)
    delivering.later(1)
    delivering.add(notice("new", delivering.clock.now(), alerts=("x",)))
    at = delivering.clock.now()
    delivering.later(1)

    assert delivering.live.taken == ["new"]
    assert delivering.live.took_last_at == at + 1
