"""The contracts between a broker and the rest: a source of events, and the cluster behind it.

A source is read by one thread, which never waits for the disk: `read` gives what has come,
`settle` is told (from any thread) what has been committed, and the source acknowledges it
the next time it is read. Connecting, reconnecting with backoff and noticing dead
connections are the source's own business; it raises nothing for a broker that is away, and
tells it in `health`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from umbel.cluster.control_traffic import ControlTraffic
from umbel.cluster.gaps import Cause, Gap

#: How long a call to the cluster without a timeout of its own may take, in seconds.
ANSWER_S: Final = 2.0
#: Workers that live have so many times as long to answer: on a machine that is busy they are late.
AWAITED_TIMES: Final = 4
#: A look into a queue (`Cluster.peek`) ends after so many bytes of messages.
PEEKED_BYTES: Final = 16 * 1024 * 1024


#: What a message tells: log lines alone; beginnings alone; successes, and maybe beginnings;
#: anything else (see `shedding`).
ShedKind = Literal["logs", "begun", "succeeded", "other"]


class Frame(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One message as it came. `tag` is the source's own handle for `settle`; `kind` is what it
    tells, where that is found out already."""

    body: bytes
    tag: int = 0
    kind: ShedKind | None = None
    content_type: str = "application/json"
    content_encoding: str = "utf-8"
    headers: dict[str, object] | None = None


class Missed(msgspec.Struct, frozen=True):
    """Events that came before a connection passed unseen: why, and up to when (Unix seconds;
    None: up to the connection)."""

    cause: Cause
    until: float | None = None


class StreamHealth(msgspec.Struct, frozen=True):
    """The stream (`event_stream`) that a broker keeps beside what it publishes: its key; the
    `position` up to where all of it is stored, empty while nothing is known; how many messages are
    still to be read (`behind`), and whether any are (`replaying`). `is_whole`: of late nothing came
    that the stream has not. `covered`: whether it had all that came before the connection while
    nobody heard, but for what `SourceHealth.missed` says; None while that is not known yet."""

    key: str
    position: str
    behind: int
    replaying: bool
    is_whole: bool
    covered: bool | None


class SourceHealth(msgspec.Struct, frozen=True):
    """How the connection is. `state` is `connecting`, `connected` or `refused`;
    `trouble` is the sentence that says why not connected and what to do. `gaps` are the
    last spans in which events may have passed unseen, and why. `lossless`:
    the broker keeps what comes while nobody reads, for `keeps_s` seconds at most. `missed`: the
    last connection found that something had not been kept since the one before, of this process
    or an earlier one; with an earlier one of this process it is among the `gaps` as well. `url`
    is the one of several addresses that is used or tried now, without secrets. `queue` is the
    event queue that other collectors of the store read as well, one at a time; empty where
    each has one of its own, that leaves with it.
    `foreign_consumers`: so many others read our event queue, so we do not. `stream` is None where
    there is none, or where it is not read."""

    state: str
    transport: str
    since: float | None = None
    trouble: str | None = None
    reconnections: int = 0
    gaps: tuple[Gap, ...] = ()
    lossless: bool = False
    missed: Missed | None = None
    keeps_s: float | None = None
    url: str = ""
    foreign_consumers: int = 0
    queue: str = ""
    stream: StreamHealth | None = None

    @property
    def has_backlog(self) -> bool:
        """Whether what is read now may have waited at the broker."""
        return self.lossless or (self.stream is not None and self.stream.replaying)

    @property
    def may_wait(self) -> bool:
        """Whether what is not read stays at the broker."""
        return self.lossless or self.stream is not None


class EventSource(Protocol):
    """Messages of Celery's event exchange."""

    def read(self, timeout_s: float) -> Sequence[Frame]:
        """What has come, at most a few thousand frames; empty after `timeout_s`."""

    def rest(self) -> Sequence[Frame]:
        """What has been taken from a broker that keeps nothing, and was not handed out yet. To be
        called when `read` is called no more."""

    def settle(self, tag: int) -> None:
        """Every frame up to `tag` is committed. Thread-safe, returns at once."""

    def resume(self, position: str, *, is_whole: bool) -> None:
        """Where the broker keeps a stream, read on from the `position` up to which the store has
        it, empty if from the beginning; `is_whole` is what the last collector said of it
        (`StreamHealth`). Before the first read, or while another thread reads."""

    def health(self) -> SourceHealth:
        """How the connection is. Thread-safe."""

    def close(self) -> None:
        """Leave the broker, giving back what is not settled, and leave no keys behind."""


class Reply(msgspec.Struct, frozen=True):
    """What one worker answered to a command: plain values, or the sentence by which it
    refused (`error`)."""

    worker: str
    value: object = None
    error: str | None = None


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A task to send. `countdown_s` is in seconds from now, `eta` in Unix seconds, `expires`
    in Unix seconds. `headers` are added to the message's. `reply_to` is the queue to which the
    backend rpc:// sends the result, None for nowhere. `args_repr` and `kwargs_repr` are the texts
    that events and logs show of the arguments; Celery's own unless given. Unset routing is the
    application's business, or the queue `task_default_queue` without an application."""

    id: str
    name: str
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = {}
    queue: str | None = None
    exchange: str | None = None
    routing_key: str | None = None
    priority: int | None = None
    countdown_s: float | None = None
    eta: float | None = None
    expires: float | None = None
    root_id: str | None = None
    parent_id: str | None = None
    serializer: str | None = None
    soft_time_limit_s: float | None = None
    time_limit_s: float | None = None
    headers: dict[str, object] = {}
    reply_to: str | None = None
    args_repr: str | None = None
    kwargs_repr: str | None = None


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """One queue now. None is unknown: see `Capabilities.missing` for why. `ready` messages
    wait, `unacknowledged` ones are with workers. `priorities` is `ready` by priority step,
    where the broker keeps them apart. `trouble` says why nothing is known of this queue, and with
    `is_absent` that is since the broker says that there is none."""

    name: str
    ready: int | None = None
    unacknowledged: int | None = None
    consumers: int | None = None
    priorities: dict[int, int] = {}
    kind: str | None = None
    trouble: str | None = None
    is_absent: bool = False


class QueueHead(msgspec.Struct, frozen=True):
    """The message that stands first in a queue, or in one of its priorities: the id of its task,
    and when it was sent (Unix seconds), where message or broker tells."""

    task_id: str | None = None
    sent: float | None = None


class QueuedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits in a queue, as it is. `args` and `kwargs` are JSON values if the
    body is JSON (`unreadable` says why not); `eta` and `expires` ISO 8601 texts. `args_repr`
    and `kwargs_repr` are the texts that the sender chose to be shown in their place, `shadow`
    the name. `follows` says what hangs on the task (`link`, `link_error`, `chain`, `chord`,
    `group`). `headers` are those that are not Celery's own; `ignore_result`: its result is not
    kept. `sent` is when it was sent (Unix seconds), if it says so itself; `content_type` is what
    its body is declared as. `body` is what a JSON message holds that is no task. `group_id` is
    the task's group, `chord_id` and `chord_name` the task that its chord runs in the end, and
    `chain` the ids and names of up to 50 tasks that its chain runs after it."""

    task_id: str | None
    name: str | None = None
    args: object = None
    kwargs: object = None
    eta: str | None = None
    expires: str | None = None
    retries: int | None = None
    root_id: str | None = None
    parent_id: str | None = None
    priority: int | None = None
    size_bytes: int = 0
    unreadable: str | None = None
    args_repr: str | None = None
    kwargs_repr: str | None = None
    shadow: str | None = None
    follows: tuple[str, ...] = ()
    soft_time_limit_s: float | None = None
    time_limit_s: float | None = None
    headers: dict[str, object] = {}
    ignore_result: bool = False
    sent: float | None = None
    content_type: str | None = None
    body: object = None
    group_id: str | None = None
    chord_id: str | None = None
    chord_name: str | None = None
    chain: tuple[tuple[str, str], ...] = ()


class Binding(msgspec.Struct, frozen=True):
    """An exchange hands messages of this key to the queue."""

    queue: str
    routing_key: str


class ExchangeBindings(msgspec.Struct, frozen=True):
    """The queues that are bound to an exchange of this `kind` (`direct`, `topic`, ...); None: it is
    not there, and what is published to it is dropped."""

    kind: str | None
    bindings: tuple[Binding, ...] = ()


class Reservation(msgspec.Struct, frozen=True):
    """A name that is not a person's to use: where it stood (`queue`, `exchange`, `routing_key`,
    `headers`, `args`, `kwargs`), the name, and whose it is (`Celery's events`)."""

    field: str
    name: str
    owner: str

    @property
    def sentence(self) -> str:
        """Why, for people."""
        return f"{self.name} belongs to {self.owner}, so it is nobody's to use for tasks."


class Reserved(Protocol):
    """Which names are Celery's, kombu's, Umbel's or the broker's own (`broker.reserved_names`)."""

    def of_queue(self, name: str, field: str = "queue") -> Reservation | None:
        """Why a queue is not to be used; `field` is where its name stands."""

    def of_signature(self, signature: Signature) -> Reservation | None:
        """Why a task is not to be sent to where it would go."""

    def of_route(
        self,
        queue: str | None,
        exchange: str | None,
        routing_key: str | None,
        headers: Mapping[str, object] | None = None,
    ) -> Reservation | None:
        """The same of a route, as `Signature` has it."""

    def of_arguments(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> Reservation | None:
        """Why Celery's own task `name` must not be given these arguments."""


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message of a task is published: with this `exchange` (empty: the broker's own, whose
    key is the name of the queue) and `routing_key`; None where the broker's or the exchange's
    default is taken. `queue` is where it arrives, None where a route names an exchange or a key
    alone. `by_application`: whether the routes are those of the application; without one the
    default queue is all that is known."""

    queue: str | None
    exchange: str | None
    routing_key: str | None
    by_application: bool


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker has to declare a queue that is there, so that it can consume it: `options`
    go with `add_consumer` beside the name. `differences` say what is not as a plain queue has it
    (`x-max-priority: 10`); `impossible` is why no worker that is told to can consume it."""

    options: dict[str, object] = {}
    differences: tuple[str, ...] = ()
    impossible: str | None = None


#: What a broker may not be able to do.
Ability = Literal["control", "send", "depth", "unacknowledged", "consumers", "purge", "peek"]


class Capabilities(msgspec.Struct, frozen=True):
    """What this broker can do; `missing` has a sentence for each thing that it cannot."""

    transport: str
    missing: dict[Ability, str] = {}

    def can(self, ability: Ability) -> bool:
        return ability not in self.missing


class QuestionTurns(Protocol):
    """Whose turn it is to ask workers: one question at a time, and a bounded number in any minute,
    of all processes of a history. Any thread."""

    def take(self, timeout_s: float) -> bool:
        """Whether it became this thread's turn within that time. The turn is given back, by any
        thread, and ends with the process."""

    def give_back(self) -> None:
        """It is somebody else's turn."""

    def traffic(self) -> ControlTraffic:
        """How many questions were asked in the last minute."""


class BrokerMemory(msgspec.Struct, frozen=True, kw_only=True):
    """How a broker that keeps messages in memory makes room when it is full: the `policy` by which
    it removes keys once `limit_bytes` are reached (None: there is no limit), and how many it has
    `evicted` since it was started, of all its databases."""

    policy: str
    limit_bytes: int | None = None
    evicted: int = 0


class Cluster(Protocol):
    """The workers and queues behind a broker. Any thread, at the same time; calls block, and
    none longer than its timeout (`ANSWER_S` where there is none). Raise `BrokerUnreachable`,
    `BrokerRefused`, or `NotSupported` for what `capabilities` says is missing. Nothing is sent
    to, emptied or consumed by a name that is `reserved`: that is `BrokerRefused`."""

    @property
    def url(self) -> str:
        """Where the broker is, without secrets."""

    def capabilities(self) -> Capabilities:
        """What can be done. Does not ask the broker."""

    def ask(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
        limit: int | None = None,
        timeout_s: float = 1.0,
        awaited: Sequence[str] = (),
    ) -> tuple[Reply, ...]:
        """Send a remote control command to all workers, or these, and collect answers until
        `limit` workers (default: `len(workers)` if given) have answered or time is up. It is
        `AWAITED_TIMES` as long for as long as one of those `awaited`, who live, has not answered.
        Who does not answer is missing: nothing is known of it."""

    def broadcast(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
    ) -> None:
        """Send a command and wait for no answer. The broker has it when this returns."""

    def send(self, signatures: Sequence[Signature]) -> None:
        """Send tasks over one connection; the broker has all of them when this returns.
        Raises what the broker raises, having sent some of them: `sent` of the error has their
        ids, and `maybe_sent` those of more that it may have."""

    def depths(self, queues: Sequence[str], *, often: bool = False) -> tuple[QueueDepth, ...]:
        """Each of these queues now, in this order. `often`: whoever asks does so every few
        seconds, so it may cost the broker little: figures may be some seconds old, or None where
        they are dear."""

    def heads(self, queues: Sequence[str]) -> Mapping[str, tuple[QueueHead, ...]]:
        """What stands first in each of these queues, where the broker shows that without touching
        it, at little cost."""

    def purge(self, queue: str) -> int:
        """Remove all messages that wait; how many there were. If the error that it raises is
        `unsure`, they may be gone."""

    def peek(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        """The next messages, which stay where they are, in their order: all up to `limit`, unless
        they are more than `PEEKED_BYTES`."""

    def reserved(self) -> Reserved:
        """Whose names are not to be used. Does not ask the broker."""

    def declaration(self, queue: str) -> Declaration:
        """How a worker has to declare this queue, as far as the broker tells. Changes nothing."""

    def destination(self, signature: Signature) -> str | None:
        """The queue to which the application's routes send a task; None where they name an exchange
        or a routing key instead. Does not ask the broker."""

    def routing(self, signature: Signature) -> Routing:
        """Where the application's routes send a task. Does not ask the broker. A route may be a
        function, which raises what it likes."""

    def default_queue(self) -> str:
        """The application's default queue (`celery`)."""

    def configured_queues(self) -> tuple[str, ...]:
        """The queues that the application's configuration names, the default one first. Does
        not ask the broker."""

    def definitions(self) -> Mapping[str, Mapping[str, object]]:
        """What the application's `task_queues` say of each queue, by name, in the words in which
        workers tell of theirs (kombu/entity.py, `Queue.as_dict`); empty without an application.
        Does not ask the broker."""

    def bindings(self, exchange: str) -> ExchangeBindings | None:
        """What RabbitMQ's management API tells of an exchange; None where there is none, or where
        it does not answer."""

    def bound_queues(self) -> tuple[str, ...]:
        """The queues that the broker itself tells of, whether anybody consumes them or not;
        none where it tells of none."""

    def queue_objects(self, queues: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        """All that RabbitMQ's management API tells of these queues, by name, in its own words;
        empty where there is none, or where it does not answer."""

    def memory(self) -> BrokerMemory | None:
        """How Redis makes room; None for another broker, and where Redis does not tell this user.
        Raises `BrokerError`."""

    def close(self) -> None:
        """Let go of connections, leaving no reply queue behind. May be called twice."""
