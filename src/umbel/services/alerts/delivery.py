"""Messages are delivered from the ledger, tried again with longer and longer pauses, and given up
after a day. A notifier that fails holds up no other one, and none hears that something is over
before it heard that it began."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.errors import DeliveryFailed
from umbel.notify.base import AlertMessage, Notifier
from umbel.store.alerts import NOTICES_MAX, AlertNotice
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

#: How long a message waits after it failed, at first and at most, and when it is given up, seconds.
AGAIN_S: Final = 10.0
AGAIN_MAX_S: Final = 1_800.0
GIVEN_UP_S: Final = 86_400.0
#: A turn that has taken so long ends after the message that it tries, so that new ones are seen.
TURN_S: Final = 2.0


class MessageDelivery:
    """One thread. `address` is where people reach this cluster, `cluster` its name for them."""

    def __init__(
        self,
        ledger: Ledger,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        *,
        address: str,
        cluster: str,
    ) -> None:
        self._ledger = ledger
        self._notifiers = notifiers
        self._clock = clock
        self._address = address.rstrip("/")
        self._cluster = cluster
        #: When notifiers failed that did so the last time (monotonic seconds).
        self._failed_at: dict[str, float] = {}

    def turn(self, may: Callable[[], bool] = lambda: True) -> int:
        """Deliver what is due; how many were delivered. Before each `may` says whether this server
        still does. Raises `StoreError`."""
        began = self._clock.monotonic()
        delivered, failing = 0, set()
        for notice in self._in_turn():
            if notice.notifier in failing:
                continue
            if self._clock.monotonic() - began > TURN_S or not may():
                break
            after = self.attempted(notice)
            self._ledger.keep_notice(after)
            self._failed_at.pop(notice.notifier, None)
            if after.state == "delivered":
                delivered += 1
            elif after.state == "waiting":
                failing.add(notice.notifier)
                self._failed_at[notice.notifier] = self._clock.monotonic()
        return delivered

    def _in_turn(self) -> list[AlertNotice]:
        """What is due, the oldest first, but those last whose notifiers failed, the last one at the
        end: what hangs is waited for when all others have theirs."""
        waiting = self._ledger.notices(states=("waiting",), limit=NOTICES_MAX)
        due = deliverable(waiting[::-1], self._clock.now())
        return sorted(due, key=lambda each: self._failed_at.get(each.notifier, 0.0))

    def attempted(self, notice: AlertNotice) -> AlertNotice:
        """How a message is after it was tried once."""
        attempts = notice.attempts + 1
        notifier = self._notifiers.get(notice.notifier)
        try:
            if notifier is None:
                raise DeliveryFailed(
                    f"The settings have no notifier {notice.notifier}.",
                    remedy="Add [alerts.notifiers.NAME], or change the rule.",
                    retriable=False,
                )
            notifier.deliver(self.message(notice))
        except DeliveryFailed as error:
            return self._failed(notice, attempts, error)
        except Exception as error:
            # Whatever an adapter of others does: it is written down, without its words, which
            # may have secrets of its address.
            log.debug("A notifier failed.", exc_info=True)
            name = type(error).__name__
            failure = DeliveryFailed(f"{name} in the notifier.", retriable=True)
            return self._failed(notice, attempts, failure)
        now = self._clock.now()
        return msgspec.structs.replace(
            notice, state="delivered", attempts=attempts, trouble="", ended=now
        )

    def message(self, notice: AlertNotice) -> AlertMessage:
        """A message as a notifier gets it."""
        return AlertMessage(
            id=notice.id,
            kind=notice.kind,
            severity=notice.severity,
            cluster=self._cluster,
            rule=notice.rule,
            name=notice.name or notice.rule,
            title=f"{notice.title} ({self._cluster})" if self._cluster else notice.title,
            text=notice.text,
            link=self._address + notice.link,
            at=notice.at,
            alerts=notice.alerts,
        )

    def _failed(self, notice: AlertNotice, attempts: int, error: DeliveryFailed) -> AlertNotice:
        now = self._clock.now()
        pause_s = min(AGAIN_MAX_S, AGAIN_S * 2 ** min(attempts - 1, 20))
        due = now + max(pause_s, error.after_s or 0.0)
        over = not error.retriable or due - notice.at > GIVEN_UP_S
        log.warning("A message about an alert was not delivered by %s: %s", notice.notifier, error)
        return msgspec.structs.replace(
            notice,
            at=min(notice.at, now),
            attempts=attempts,
            trouble=str(error),
            due=due,
            state="failed" if over else "waiting",
            ended=now if over else None,
        )


def deliverable(waiting: Sequence[AlertNotice], now: float) -> tuple[AlertNotice, ...]:
    """Of messages that wait, the oldest first, those that are due. One stands behind an older one
    of its notifier about the same alert, such as that it is over behind that it fires."""
    found: list[AlertNotice] = []
    before: set[tuple[str, str]] = set()
    for notice in waiting:
        about = {(notice.notifier, alert) for alert in notice.alerts}
        # One of a time to come was made before the clock was put back.
        if (notice.due <= now or notice.at > now) and not about & before:
            found.append(notice)
        before |= about
    return tuple(found)
