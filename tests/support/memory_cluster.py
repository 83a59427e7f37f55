"""A cluster and a result backend in memory, which remember what they were asked to do."""

# ruff: noqa: ARG002  what a protocol gives and memory does not need

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from umbel.broker.base import (
    Ability,
    BrokerMemory,
    Capabilities,
    Cluster,
    Declaration,
    ExchangeBindings,
    QueueDepth,
    QueuedMessage,
    QueueHead,
    Reply,
    Reserved,
    Routing,
    Signature,
)
from umbel.broker.reserved_names import ReservedNames
from umbel.clock import Clock
from umbel.errors import BrokerUnreachable, NotSupported, ResultsUnavailable
from umbel.results.base import Result
from umbel.services.cluster.inspection import InspectAnswers, Inspected, Inspection
from umbel.store.base import Store


class Command(msgspec.Struct, frozen=True):
    """A remote control command as it was sent; `workers` None is everybody."""

    name: str
    arguments: dict[str, object]
    workers: tuple[str, ...] | None


class MemoryWorker:
    """A worker that answers at once: what it runs, what it was told to revoke, which commands
    it refuses, and what it `says` to an inspection."""

    def __init__(self, name: str, *, running: Sequence[str] = ()) -> None:
        self.name = name
        self.running = set(running)
        self.revoked: set[str] = set()
        self.refuses: dict[str, str] = {}
        self.says: dict[str, object] = {}
        self.is_deaf = False

    def hear(self, command: Command) -> Reply | None:
        """Its answer, None where it has none."""
        if self.is_deaf:
            return None
        if command.name in self.refuses:
            return Reply(self.name, error=self.refuses[command.name])
        if command.name in self.says:
            return Reply(self.name, self.says[command.name])
        if command.name == "revoke":
            return self._revoke(command.arguments)
        if command.name == "add_consumer":
            self.consume(str(command.arguments["queue"]))
        if command.name == "cancel_consumer":
            self.let_go(str(command.arguments["queue"]))
        if command.name == "shutdown":
            self.is_deaf = True
            return None
        return Reply(self.name, "pong" if command.name == "ping" else {"ok": "done"})

    def consume(self, queue: str) -> None:
        """Begin to consume a queue, if it says what it consumes."""
        consumed = self.says.get("active_queues")
        if isinstance(consumed, list):
            self.says["active_queues"] = [*consumed, {"name": queue}]

    def let_go(self, queue: str) -> None:
        """Consume a queue no more, if it says what it consumes."""
        consumed = self.says.get("active_queues")
        if isinstance(consumed, list):
            self.says["active_queues"] = [each for each in consumed if each["name"] != queue]

    def _revoke(self, arguments: Mapping[str, object]) -> Reply:
        ids = arguments["task_id"]
        assert isinstance(ids, list)
        self.revoked |= set(ids)
        if arguments.get("terminate"):
            ended = self.running & set(ids)
            self.running -= ended
            text = f"terminate: {', '.join(sorted(ended)) or 'tasks unknown'}"
            return Reply(self.name, {"ok": text})
        return Reply(self.name, {"ok": f"tasks {ids} flagged as revoked"})


class MemoryCluster:
    """See `broker.base.Cluster`. `away` makes so many of the next calls fail; `sends_before`
    is how many tasks a failing `send` still takes; `refusal` is why no queue may be looked at. With
    `answers_lost` they do what they are to, and their answer is lost."""

    url = "memory://"
    transport = "memory"

    def __init__(self, *workers: MemoryWorker, missing: dict[Ability, str] | None = None) -> None:
        self.workers = {worker.name: worker for worker in workers}
        self.missing = missing or {}
        self.commands: list[Command] = []
        self.sent: list[Signature] = []
        self.queues: dict[str, list[QueuedMessage]] = {}
        self.consumers: dict[str, int] = {}
        self.own_names = ReservedNames()
        self.declarations: dict[str, Declaration] = {}
        self.routes: dict[str, str] = {}
        self.configured: tuple[str, ...] = ()
        self.bound: tuple[str, ...] = ()
        self.managed: dict[str, dict[str, object]] = {}
        self.defined: dict[str, dict[str, object]] = {}
        self.exchanges: dict[str, ExchangeBindings] = {}
        self.refusal: str | None = None
        self.away = 0
        self.sends_before = 0
        self.answers_lost = False
        self.on_call: Callable[[str], None] = lambda _name: None

    def capabilities(self) -> Capabilities:
        return Capabilities(self.transport, self.missing)

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
        self._called("control", command)
        heard = Command(command, dict(arguments or {}), None if workers is None else (*workers,))
        self.commands.append(heard)
        hearing = [w for w in self.workers.values() if workers is None or w.name in workers]
        replies = [reply for worker in hearing if (reply := worker.hear(heard)) is not None]
        return tuple(replies[:limit])

    def broadcast(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
    ) -> None:
        self.ask(command, arguments, workers=workers)

    def send(self, signatures: Sequence[Signature]) -> None:
        try:
            self._called("send", "send")
        except BrokerUnreachable as error:
            taken = signatures[: self.sends_before]
            error.sent = frozenset(each.id for each in taken)
            lost = signatures[len(taken) :] if self.answers_lost else ()
            error.maybe_sent = frozenset(each.id for each in lost)
            error.unsure = len(lost)
            self.sent += [*taken, *lost]
            raise
        self.sent += signatures

    def depths(self, queues: Sequence[str], *, often: bool = False) -> tuple[QueueDepth, ...]:
        self._called("depth", "depths")
        if self.refusal is not None:
            return tuple(QueueDepth(name=name, trouble=self.refusal) for name in queues)
        return tuple(
            QueueDepth(name=name, ready=len(self.queues[name]), consumers=self.consumers.get(name))
            if name in self.queues
            else QueueDepth(name=name, trouble=f"There is no queue {name}.", is_absent=True)
            for name in queues
        )

    def heads(self, queues: Sequence[str]) -> Mapping[str, tuple[QueueHead, ...]]:
        first = {name: self.queues.get(name, [])[:1] for name in queues}
        return {name: (QueueHead(found[0].task_id),) for name, found in first.items() if found}

    def purge(self, queue: str) -> int:
        try:
            self._called("purge", "purge")
        except BrokerUnreachable:
            if self.answers_lost:
                self.queues[queue] = []
            raise
        removed = len(self.queues[queue])
        self.queues[queue] = []
        return removed

    def peek(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        self._called("peek", "peek")
        return tuple(self.queues.get(queue, [])[:limit])

    def configured_queues(self) -> tuple[str, ...]:
        return (self.default_queue(), *self.configured)

    def bound_queues(self) -> tuple[str, ...]:
        return tuple(self.bound)

    def queue_objects(self, queues: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        return {name: self.managed[name] for name in queues if name in self.managed}

    def memory(self) -> BrokerMemory | None:
        return None

    def definitions(self) -> Mapping[str, Mapping[str, object]]:
        return self.defined

    def bindings(self, exchange: str) -> ExchangeBindings | None:
        return self.exchanges.get(exchange)

    def reserved(self) -> Reserved:
        return self.own_names

    def declaration(self, queue: str) -> Declaration:
        self._called("depth", "declaration")
        return self.declarations.get(queue, Declaration())

    def destination(self, signature: Signature) -> str | None:
        if signature.exchange is not None or signature.routing_key is not None:
            return None
        return signature.queue or self.routes.get(signature.name, self.default_queue())

    def routing(self, signature: Signature) -> Routing:
        queue = self.destination(signature)
        key = signature.routing_key if queue is None else queue
        exchange = signature.exchange if queue is None else ""
        return Routing(queue=queue, exchange=exchange, routing_key=key, by_application=True)

    def default_queue(self) -> str:
        return "celery"

    def close(self) -> None:
        """Nothing is held."""

    def _called(self, ability: Ability, name: str) -> None:
        self.on_call(name)
        if ability in self.missing:
            raise NotSupported(self.missing[ability])
        if self.away:
            self.away -= 1
            error = BrokerUnreachable("The broker at memory:// does not answer.")
            error.unsure = int(self.answers_lost)
            raise error


class MemoryResults:
    """See `results.base.ResultBackend`. `away` makes so many of the next calls fail."""

    url = "memory://"

    def __init__(self, *results: Result) -> None:
        self.results = {result.task_id: result for result in results}
        self.aborted: list[str] = []
        self.routes: dict[str, str] = {}
        self.configured: tuple[str, ...] = ()
        self.bound: tuple[str, ...] = ()
        self.away = 0

    def expect(self, task_id: str) -> None:
        self._called()

    def get(self, task_id: str) -> Result:
        self._called()
        return self.results.get(task_id, Result(task_id=task_id, state="PENDING"))

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        self._called()
        for each in task_ids:
            yield self.results.get(each, Result(task_id=each, state="PENDING"))

    def wait(self, task_id: str, timeout_s: float) -> Result:
        return self.get(task_id)

    def abort(self, task_id: str) -> None:
        self._called()
        self.aborted.append(task_id)

    def close(self) -> None:
        """Nothing is held."""

    def _called(self) -> None:
        if self.away:
            self.away -= 1
            raise ResultsUnavailable("The result backend at memory:// does not answer.")


class KnownWorkers(Inspection):
    """Workers that live and answer as a test says, and nobody is asked."""

    def __init__(
        self, store: Store, cluster: Cluster, clock: Clock, *, names: tuple[str, ...]
    ) -> None:
        super().__init__(store, cluster, clock)
        self.names = names
        self.quiet: tuple[str, ...] = ()
        self.registered: dict[str, object] = {}
        self.queues: dict[str, object] = {}
        self.stats: dict[str, object] = {}
        self.late: dict[str, int] = {}
        self.forgotten = 0

    def live(self) -> tuple[str, ...]:
        return self.names

    def silent(self) -> tuple[str, ...]:
        return self.quiet

    def inspect(self, what: Inspected, workers: Sequence[str] | None = None) -> InspectAnswers:
        """Those that are `late` leave so many questions without an answer. Who answers but is
        none of `names` has not been heard of before."""
        answers = {"registered": self.registered, "active_queues": self.queues, "stats": self.stats}
        said = answers.get(what, {})
        hearing = [name for name in said if workers is None or name in workers]
        values = {name: said[name] for name in hearing if not self.late.get(name)}
        self.late = {name: turns - (name in hearing) for name, turns in self.late.items() if turns}
        awaited = self.names if workers is None else workers
        missing = tuple(name for name in awaited if name not in values)
        silent = self.quiet if workers is None else ()
        return InspectAnswers(
            what=what, at=self._clock.now(), values=values, missing=missing, silent=silent
        )

    def forget(self) -> None:
        self.forgotten += 1
