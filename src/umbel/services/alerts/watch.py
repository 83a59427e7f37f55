"""The threads that judge rules and deliver messages, and the leases by which one server of a
cluster does either. A mail server that hangs holds up no judgement."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.errors import UmbelError
from umbel.services.alerts.alerting import Alerting
from umbel.services.alerts.delivery import MessageDelivery
from umbel.services.alerts.evaluator import AlertEvaluator
from umbel.services.renewed_lease import RenewedLease
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

EVALUATION, DELIVERY = "alerts", "alert-messages"
#: How long a lease lasts after its holder renewed it, in periods, and seconds at least.
LEASE_PERIODS: Final = 3.0
LEASE_MIN_S: Final = 15.0
#: The lease of delivery, and how much of it is left before each message, which may take all of
#: `umbel.time_limit.WHOLE_S`, seconds.
MESSAGES_LEASE_S: Final = 30.0
MESSAGES_SPARE_S: Final = 25.0
#: How often messages that are due are looked for, seconds.
DELIVER_EVERY_S: Final = 1.0
#: How long what is done just now may hold up the end, seconds.
LEAVE_S: Final = 3.0


class AlertWatch:
    """One for each cluster. `judge` and `deliver` are for one thread each, which `start` begins."""

    def __init__(
        self,
        evaluator: AlertEvaluator,
        delivery: MessageDelivery,
        ledger: Ledger,
        clock: Clock,
        every_s: float,
    ) -> None:
        self._evaluator = evaluator
        self._delivery = delivery
        self._ledger = ledger
        self._clock = clock
        self._every_s = every_s
        lasts_s = max(LEASE_MIN_S, LEASE_PERIODS * every_s)
        self._evaluation = RenewedLease(ledger, EVALUATION, lasts_s)
        self._messages = RenewedLease(ledger, DELIVERY, MESSAGES_LEASE_S, spare_s=MESSAGES_SPARE_S)
        self._alerting = Alerting(every_s=every_s)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=each, name=name, daemon=True)
            for name, each in (
                ("umbel-alerts", (self.judge, every_s, self._evaluation)),
                ("umbel-messages", (self.deliver, DELIVER_EVERY_S, self._messages)),
            )
        ]

    @property
    def alerting(self) -> Alerting:
        """How it goes. Any thread."""
        return self._alerting

    def start(self) -> None:
        """Judge and deliver from now on."""
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        """Judge and deliver no more: the process ends, and its collector with it, which is no
        trouble of the cluster. Returns at once; may be called twice."""
        self._stopping.set()

    def close(self) -> None:
        """Stop, before the ledger is closed. May be called twice."""
        self.stop()
        for each in self._threads:
            if each.is_alive():
                each.join(LEAVE_S)

    def _run(self, turn: Callable[[], None], every_s: float, lease: RenewedLease) -> None:
        while not self._stopping.wait(every_s):
            self._attempt(turn)
        lease.release()

    def _attempt(self, turn: Callable[[], None]) -> None:
        try:
            turn()
        except UmbelError as error:
            self._note_trouble(str(error))
        except Exception as error:
            # What goes wrong once is never worth the thread.
            log.debug("Alerts were not judged or delivered.", exc_info=True)
            self._note_trouble(f"{type(error).__name__} while alerts were judged or delivered.")

    def judge(self) -> None:
        """Judge all rules, if this server is the one that does. Raises `StoreError`."""
        at = self._clock.now()
        if not self._evaluation.has(at):
            self._alerting = Alerting(
                every_s=self._every_s,
                elsewhere=True,
                firing=sum(each.phase == "firing" for each in self._ledger.open_alerts()),
                waiting=self._ledger.waiting_notices(),
            )
            return
        turn = self._evaluator.turn(takes_over=self._evaluation.is_taken_over)
        self._alerting = Alerting(
            every_s=self._every_s,
            at=at,
            took_s=turn.took_s,
            rules=turn.rules,
            left=turn.left,
            firing=turn.firing,
            waiting=self._ledger.waiting_notices(),
        )

    def deliver(self) -> None:
        """Deliver what is due, if this server is the one that does. Raises `StoreError`."""
        if self._ledger.waiting_notices():
            self._delivery.turn(lambda: self._messages.has(self._clock.now()))

    def _note_trouble(self, trouble: str) -> None:
        if trouble != self._alerting.trouble:
            log.warning("Alerts were not judged or delivered: %s", trouble)
        self._alerting = msgspec.structs.replace(self._alerting, trouble=trouble)
