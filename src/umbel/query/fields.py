"""The table of searchable fields, read by every part of the query language.

A field has a name, other names that people try first, a kind that decides which comparisons
it takes, the way to its value in a `Task`, and one sentence of help.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from umbel.cluster.task import FLAGS, Task
from umbel.query.ast import And, Argument, Between, Comparison, During, Has, Matches, Node, Not, Or

Value = str | float | None


#: What no event tells of a task; `services.search.outside_terms` puts ids, everything or nothing
#: in its place before anything is searched for.
BESIDE: Final = frozenset({"action", "cluster", "repeated"})


class Kind(StrEnum):
    """What a field holds, and so how it is asked for."""

    ID = "id"  # equals, whatever else is asked for; case matters
    STATE = "state"  # one of cluster.task.STATES
    TEXT = "text"  # a short text: contains, equals or a pattern; commas and * are special
    LONG = "long"  # a repr or a traceback: contains or equals; commas and * are plain text
    COUNT = "count"  # a number
    DURATION = "duration"  # seconds, written with units
    TIME = "time"  # Unix seconds, written as dates or relative to now


class Field(msgspec.Struct, frozen=True):
    """One field. `how` is the comparison of a text that names none itself; `phrase` is what
    the sentence of a query calls it. `is_shared`: many tasks have the same few values."""

    name: str
    kind: Kind
    phrase: str
    help: str
    attribute: str
    aliases: tuple[str, ...] = ()
    how: Comparison = Comparison.CONTAINS
    is_shared: bool = False

    @property
    def is_text(self) -> bool:
        return self.kind in _TEXTS

    @property
    def cased(self) -> bool:
        """Whether upper and lower case differ in this field."""
        return self.kind in {Kind.ID, Kind.STATE}

    def value(self, task: Task) -> Value:
        """What `task` has in this field; None if nothing is known.

        A task that is not known to belong to another's workflow is the root of its own.
        """
        if self.name == "root":
            return task.root_id or task.uuid
        if self.name in BESIDE:
            return None
        value: Value = getattr(task, self.attribute)
        return value


_TEXTS: Final = frozenset({Kind.ID, Kind.STATE, Kind.TEXT, Kind.LONG})


def _id(name: str, phrase: str, help_: str, attribute: str, *aliases: str) -> Field:
    return Field(name, Kind.ID, phrase, help_, attribute, aliases, Comparison.EQUALS)


def _text(
    name: str, help_: str, *aliases: str, phrase: str = "", how: Comparison = Comparison.CONTAINS,
    is_shared: bool = False,
) -> Field:  # fmt: skip
    return Field(name, Kind.TEXT, phrase or name, help_, name, aliases, how, is_shared)


def _long(name: str, phrase: str, help_: str) -> Field:
    return Field(name, Kind.LONG, phrase, help_, name)


def _time(name: str, phrase: str, help_: str, *aliases: str) -> Field:
    return Field(name, Kind.TIME, phrase, help_, name, aliases)


_EQUALS = Comparison.EQUALS
_TABLE: Final = (
    Field(
        "state", Kind.STATE, "state", "What became of the task: state:FAILURE,RETRY",
        "state", ("status",), _EQUALS, is_shared=True,
    ),
    _text("name", "The task's name, or a part of it: name:shop.*", "task", is_shared=True),
    _text("worker", "The worker that has it, or a part of its name: worker:eu", "hostname", "node",
          is_shared=True),
    _text("queue", "The queue it was sent to, by its whole name: queue:mail", how=_EQUALS,
          is_shared=True),
    _id("uuid", "id", "The task's own id", "uuid", "id", "task_id"),
    _id("root", "root", "All tasks of one workflow, by the id of its first task", "root_id",
        "root_id", "workflow"),
    _id("parent", "parent", "Tasks that this task sent", "parent_id", "parent_id"),
    _id("group", "group", "Tasks of one group, where workers tell of groups", "group_id",
        "group_id"),
    _id("chord", "chord", "Tasks that a chord waits for, by the id of the task that it runs then",
        "chord_id", "chord_id"),
    _long("args", "positional arguments", "Text in the positional arguments; args.0:5 for one"),
    _long("kwargs", "keyword arguments",
          "Text in the keyword arguments; kwargs.order_id:4711 for one"),
    _long("result", "result", "Text in what the task returned"),
    _text("exception", "The exception, or a part of it: exception:Timeout"),
    _text("error", "Which error it is, by its id or a part of its title: error:Timeout",
          "fingerprint", is_shared=True),
    _long("traceback", "traceback", "Text in the traceback"),
    Field("runtime", Kind.DURATION, "ran", "How long the last run took: runtime:>5s",
          "runtime", ("duration",)),
    Field("wait", Kind.DURATION, "waited", "How long it waited for its start: wait:>1m", "wait"),
    Field("retries", Kind.COUNT, "retries", "How often it was tried again: retries:>=3", "retries"),
    Field("pid", Kind.COUNT, "process id", "The process that ran it", "pid"),
    _time("received", "received", "When a worker took it: received:-2h.."),
    _time("started", "started", "When its last run began"),
    _time("sent", "sent", "When it was sent"),
    _time("finished", "ended", "When it ended, well or badly", "ended"),
    _time("succeeded", "succeeded", "When it succeeded"),
    _time("failed", "failed", "When it last failed"),
    _time("retried", "retried", "When it last asked to be tried again"),
    _time("revoked", "revoked", "When it was revoked"),
    _time("rejected", "rejected", "When it was rejected"),
    _time("seen", "first seen", "When the first of its events happened"),
    _time("timestamp", "last heard of", "When the latest of its events happened", "updated"),
    _time("eta", "due", "When it may start at the earliest: eta:now.."),
    _time("expires", "expiring", "When it will no longer be run"),
    _id("action", "action", "Tasks that an action of somebody sent: action:ID", "action"),
    _text("cluster", "The cluster, by its whole name, where a server has several: cluster:eu-1",
          how=_EQUALS),
    _text("client", "The process that sent it"),
    _text("exchange", "The exchange it was sent to, by its whole name", how=_EQUALS),
    _text("routing_key", "The routing key it was sent with, as a whole", phrase="routing key",
          how=_EQUALS),
)  # fmt: skip

#: Every field by its own name, in the order in which suggestions show them.
FIELDS: Final[dict[str, Field]] = {field.name: field for field in _TABLE}
_BY_ANY_NAME: Final[dict[str, Field]] = {
    name: field for field in _TABLE for name in (field.name, *field.aliases)
}
#: Every name that `field` understands, aliases included.
FIELD_NAMES: Final = tuple(_BY_ANY_NAME)

#: What each flag (`is:redelivered`) says of a task, to complete "tasks that ...".
FLAG_PHRASES: Final[dict[str, str]] = {
    "redelivered": "were delivered more than once",
    "ran-again": "ran again after they had ended",
    "partial": "have events missing",
    "shortened": "had too many events to keep them all",
    "expired": "expired before they could run",
    "terminated": "were killed while they ran",
    "reconciled": "were asked for, as events were missing",
    "repeated": "were sent again",
}
assert set(FLAG_PHRASES) == {*FLAGS, "repeated"}  # noqa: S101  the two tables are one

#: The fields that free text is looked for in.
WORDS_IN: Final = (
    "name", "uuid", "state", "worker", "queue", "args", "kwargs", "result", "exception",
    "traceback",
)  # fmt: skip


def field(name: str) -> Field | None:
    """The field of that name or alias, whatever its case."""
    return _BY_ANY_NAME.get(name.lower())


def fields_used(node: Node) -> Iterator[str]:
    """The name of each field (or flag) that `node` asks about, in order; `words` for free
    text, `args` for an argument."""
    if isinstance(node, Not):
        yield from fields_used(node.node)
    elif isinstance(node, And | Or):
        for each in node.nodes:
            yield from fields_used(each)
    elif isinstance(node, Matches | Between | During | Has):
        yield node.field
    else:
        yield "args" if isinstance(node, Argument) else "words"
