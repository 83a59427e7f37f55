"""`Sending`, for as long as somebody would wait for an application's own code.

Routes that are functions, serializers, and handlers of `before_task_publish` and
`after_task_publish` are anybody's code, which runs in this process when a task is routed or sent.
It may wait for ever, as for a table that a migration has locked; whoever asked would wait with it,
and a connection to the broker. So it runs in threads of their own, and is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from umbel.broker.acceptance import Acceptance
from umbel.broker.base import ANSWER_S, Routing, Signature
from umbel.broker.pooled_connection import PooledConnection
from umbel.broker.sending import Sending
from umbel.errors import BrokerError, RouteTooSlow
from umbel.timed_pool import EndedItself, NoClient, PoolClosed, TimedOut, TimedPool

R = TypeVar("R")

#: How long sending may take, seconds, and how much longer for each task.
SEND_S: Final = 5.0
SEND_EACH_S: Final = 0.05
#: So many calls may hang without keeping others from being tried.
_STUCK_MAX: Final = 16


class TimedSending:
    """Any thread."""

    def __init__(
        self, sending: Sending, *, route_s: float = ANSWER_S, send_s: float = SEND_S
    ) -> None:
        self._sending = sending
        self._route_s, self._send_s = route_s, send_s
        self._pool = TimedPool(NoClient, name="umbel-sending", size=4, stuck=_STUCK_MAX)

    def limit_s(self, count: int) -> float:
        """How long sending so many tasks may take, seconds."""
        return self._send_s + count * SEND_EACH_S

    def send(self, pooled: PooledConnection, signatures: Sequence[Signature]) -> None:
        """As `Cluster.send`. The connection is not to be used again if this raises."""
        acceptance = Acceptance()
        limit_s = self.limit_s(len(signatures))
        try:
            self._call(lambda: self._sending.send(pooled, signatures, acceptance), limit_s)
        except TimedOut:
            acceptance.is_given_up = True
            error = BrokerError(
                f"Sending was not over after {limit_s:g} s: code of the application that runs when "
                "a task is sent (a route, a serializer, a handler of before_task_publish or "
                "after_task_publish) takes too long.",
                remedy="See what it waits for, such as a locked table. Look whether the task was "
                "sent before you send it again.",
            )
            error.sent, error.maybe_sent = frozenset(tuple(acceptance.sent)), acceptance.unsure
            error.unsure, error.retriable = len(error.maybe_sent), False
            raise error from None

    def destination(self, signature: Signature) -> str | None:
        """As `Cluster.destination`."""
        return self.routing(signature).queue

    def routing(self, signature: Signature) -> Routing:
        """As `Cluster.routing`. Raises `RouteTooSlow` besides."""
        try:
            return self._call(lambda: self._sending.routing(signature), self._route_s)
        except TimedOut:
            raise RouteTooSlow(
                f"The application's routes did not say within {self._route_s:g} s where "
                f"{signature.name} goes.",
                remedy="See what the functions in its task_routes wait for.",
            ) from None

    def definition(self, queue: str) -> Any:
        """The application's own definition of a queue (kombu's), None if it has none."""
        return self._sending.definition(queue)

    def definitions(self) -> Mapping[str, Mapping[str, object]]:
        """As `Cluster.definitions`."""
        return self._sending.definitions()

    def close(self) -> None:
        self._pool.close()

    def _call(self, call: Callable[[], R], limit_s: float) -> R:
        try:
            return self._pool.call(lambda _: call(), limit_s)
        except PoolClosed:
            raise BrokerError("The connection to the broker was closed.") from None
        except EndedItself as error:
            raise BrokerError(
                f"Code of the application that runs when a task is routed or sent ended itself "
                f"({error}).",
                remedy="Look for sys.exit in its routes, serializers and handlers of signals.",
            ) from error
