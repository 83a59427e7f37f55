"""Which exchanges and queues are Celery's, kombu's or Umbel's own, and so nobody's to send tasks
to, to consume or to empty.

Theory of operation. A message that Celery did not write itself can end every worker: one that
reaches the event exchange under `worker.heartbeat` is read by each worker with gossip, which
dies of it. So every name that a person gives for an exchange or a queue is looked up here. A
name counts in both parts: Celery gives a new queue an exchange of the same name
(`celery/app/amqp.py`, `Queues.new_missing`), and the exchange `""` sends to the queue that the
routing key names. On an exchange of a person's own any routing key is theirs. Some of Celery's
own tasks (`celery.chord_unlock`, `celery.group`) send further tasks, which their arguments
describe with routes of their own, so these are looked up as well.

Sources, read in Celery 5.3 to 5.7 and kombu 5.3 to 5.7: celery/app/defaults.py (`event`,
`control`, `result`), celery/events/receiver.py (`<event_queue_prefix>.<uuid>`), kombu/pidbox.py
(`%s.pidbox`, `reply.%s.pidbox`), celery/backends/rpc.py and kombu/common.py (`oid_from`),
celery/backends/base.py and redis.py (keys of results), kombu/transport/redis.py (`unacked_key`,
`_kombu.*`), kombu/transport/native_delayed_delivery.py; RabbitMQ's own `amq.*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from umbel.broker.base import Reservation, Signature
from umbel.broker.inner_routes import InnerRoute, routes_within
from umbel.broker.reserved_headers import COPIES

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-%s[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
_ANY_UUID: Final = re.compile(_UUID % "[0-9a-f]")
#: uuid3, or uuid5 where Python has no MD5 (kombu/common.py, `generate_oid`).
_OID: Final = re.compile(_UUID % "[35]")
_DELAYED: Final = re.compile(r"(?:.*_)?celery_delayed_(?:delivery|\d+)", re.S)
#: Exchanges that every virtual host has, for anybody to use (AMQP 0-9-1, 3.1.3).
_PUBLIC: Final = frozenset({"amq.direct", "amq.fanout", "amq.headers", "amq.match", "amq.topic"})

#: Names of tasks that every worker has (celery/app/builtins.py).
BUILT_IN: Final = "celery."

_EVENTS: Final = "Celery's events"
_CONTROL: Final = "Celery's remote control"
_RESULTS: Final = "Celery's results"
_DELIVERY: Final = "Celery's delayed delivery"
_TRANSPORT: Final = "what kombu keeps in Redis"
_UMBEL: Final = "Umbel's own queues"
_BROKER: Final = "RabbitMQ itself"
_CELERY: Final = "Celery itself"

#: What begins so, by whose it is, whatever the application calls its own.
_BEGINNINGS: Final = (
    ("celeryev.", _EVENTS),
    ("umbel.events.", _UMBEL),
    ("umbel.reply.", _UMBEL),
)
#: In Redis results lie beside queues, and a prefix may stand before these.
_RESULT_KEYS: Final = ("celery-task-meta-", "celery-taskset-meta-", "chord-unlock-")
_NAMES: Final = {"celeryev": _EVENTS, "celeryresults": _RESULTS}


class ReservedNames(msgspec.Struct, frozen=True, kw_only=True):
    """What one application and its Umbel call their own. `event_queue` is how the name of
    Umbel's event queue begins; `redis_keys` are the keys of the transport, None for another
    transport; `has_rpc`: results go to reply queues; `is_amqp`: names that begin with `amq.`
    are the broker's."""

    event_exchange: str = "celeryev"
    event_queue_prefix: str = "celeryev"
    result_exchange: str = "celeryresults"
    event_queue: str = "umbel.events.v1"
    redis_keys: tuple[str, ...] | None = None
    has_rpc: bool = False
    is_amqp: bool = False

    def owner(self, name: str) -> str | None:
        """Whose a queue or exchange is (`Celery's events`), None for anybody's."""
        if name in (self.event_exchange, *_NAMES):
            return _NAMES.get(name, _EVENTS)
        if name == self.result_exchange or any(key in name for key in _RESULT_KEYS):
            return _RESULTS
        for beginning, whose in _BEGINNINGS:
            if name.startswith(beginning):
                return whose
        if name.endswith(".pidbox"):
            return _CONTROL
        if _DELAYED.fullmatch(name):
            return _DELIVERY
        return self._of_application(name)

    def _of_application(self, name: str) -> str | None:
        prefix, _, node = name.rpartition(".")
        if prefix == self.event_queue_prefix and _ANY_UUID.fullmatch(node):
            return _EVENTS
        if name == self.event_queue or name.startswith(f"{self.event_queue}."):
            return _UMBEL
        if self.is_amqp and name.startswith("amq."):
            return _BROKER
        if self.has_rpc and _OID.fullmatch(name):
            return _RESULTS
        if self.redis_keys is not None and (name in self.redis_keys or name.startswith("_kombu.")):
            return _TRANSPORT
        return None

    def of_queue(self, name: str, field: str = "queue") -> Reservation | None:
        """Why a queue is not to be used; `field` is where its name stands."""
        whose = self.owner(name)
        return None if whose is None else Reservation(field, name, whose)

    def of_signature(self, signature: Signature) -> Reservation | None:
        """Why a task is not to be sent to where it would go."""
        return self.of_route(
            signature.queue, signature.exchange, signature.routing_key, signature.headers
        ) or self.of_arguments(signature.name, signature.args, signature.kwargs)

    def of_arguments(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> Reservation | None:
        """Why Celery's own task `name` must not be given these arguments: it sends what they
        describe. Tasks of an application are its own affair."""
        if not name.startswith(BUILT_IN):
            return None
        for field, value in (("args", args), ("kwargs", kwargs)):
            for route in routes_within(value):
                found = self._of_inner(route)
                if found is not None:
                    return msgspec.structs.replace(found, field=field)
        return None

    def _of_inner(self, route: InnerRoute) -> Reservation | None:
        if route.unfit is not None:
            return Reservation("headers", route.unfit, _CELERY)
        found = self.of_route(route.queue, route.exchange, route.routing_key, route.headers)
        if found is None and route.reply_to:
            return self.of_queue(route.reply_to)
        return found

    def of_route(
        self,
        queue: str | None,
        exchange: str | None,
        routing_key: str | None,
        headers: Mapping[str, object] | None = None,
    ) -> Reservation | None:
        """The same of a route, as `Signature` has it."""
        for field, name in _named(queue, exchange, routing_key, headers or {}):
            found = self.of_queue(name, field)
            if found is not None and not (field == "exchange" and name in _PUBLIC):
                return found
        return None


def _named(
    queue: str | None,
    exchange: str | None,
    routing_key: str | None,
    headers: Mapping[str, object],
) -> Iterator[tuple[str, str]]:
    """Every queue and exchange of a route, by its field."""
    if queue:
        yield "queue", queue
    if exchange:
        yield "exchange", exchange
    elif routing_key:
        yield "routing_key", routing_key
    for header in COPIES:
        copies = headers.get(header)
        for copy in copies if isinstance(copies, list | tuple) else (copies,):
            if isinstance(copy, str):
                yield "headers", copy


def reserved_names(app: Any, transport: str, event_queue: str | None = None) -> ReservedNames:
    """What `app`, whose broker's kind is `transport`, and the Umbel whose event queue begins
    with `event_queue` call their own."""
    conf = app.conf
    options = conf.broker_transport_options or {}
    own = ReservedNames(
        event_exchange=str(conf.event_exchange or "celeryev"),
        event_queue_prefix=str(conf.event_queue_prefix or "celeryev"),
        result_exchange=str(conf.result_exchange or "celeryresults"),
        redis_keys=_redis_keys(options) if transport == "redis" else None,
        has_rpc=str(conf.result_backend or "").startswith("rpc"),
        is_amqp=transport == "amqp",
    )
    return own if event_queue is None else msgspec.structs.replace(own, event_queue=event_queue)


def _redis_keys(options: Mapping[str, object]) -> tuple[str, ...]:
    """Names of queues that kombu's own keys would have: its prefix stands before both."""
    kinds = ("unacked", "unacked_index", "unacked_mutex")
    return (*kinds, *(str(options.get(f"{kind}_key") or kind) for kind in kinds))
