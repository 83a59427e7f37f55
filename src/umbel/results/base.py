"""The contract between a result backend and the rest.

Results are read as the backend keeps them, and only as JSON: nothing is unpickled, no
exception is rebuilt, no class that data names is imported. Methods block, and may be called
from any thread, at the same time. A backend that cannot be used raises
`ResultsUnavailable`, whose sentence says which backend and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol, runtime_checkable

import msgspec

#: The state of a task of whose result not even that can be told.
UNKNOWN: Final = "UNKNOWN"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the backend keeps of one task. A task that it does not know is PENDING.

    `result` is plain JSON values; of a failure `exception` is `Type('message')` and
    `result` None. `children` are task ids. With `result_extended` also `name`, `args`,
    `kwargs` (JSON values, exactly as sent; None if not kept), `worker`, `retries` and
    `queue`. `date_done` is in Unix seconds. `unreadable` says why a result that is there
    cannot be shown (another serializer); `state` is UNKNOWN if it cannot be told either.
    `args` and `kwargs` hold what kombu's JSON wraps (dates, ...) as it stands on the wire, so
    that they can be sent again; in `result` it is text. `group_id` is the group that the task
    was a member of.
    """

    task_id: str
    state: str
    result: object = None
    exception: str | None = None
    traceback: str | None = None
    children: tuple[str, ...] = ()
    date_done: float | None = None
    name: str | None = None
    args: object = None
    kwargs: object = None
    worker: str | None = None
    retries: int | None = None
    queue: str | None = None
    group_id: str | None = None
    unreadable: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the task has ended."""
        return self.state in {"SUCCESS", "FAILURE", "REVOKED"}


class ResultBackend(Protocol):
    """One result backend. See the module's docstring for threads and errors."""

    @property
    def url(self) -> str:
        """Where it is, without secrets."""

    def expect(self, task_id: str) -> str | None:
        """Make ready for the result of a task that will be sent from here and waited for: the
        queue to which its worker is to reply (`reply_to`), None where the backend keeps
        results. Raises `ResultsUnavailable` if no result can come."""

    def get(self, task_id: str) -> Result:
        """What is kept now. Raises `ResultsUnavailable`."""

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        """The same for many, each once, in as few questions as fit into a little memory: who goes
        through them keeps what is needed of each. Raises `ResultsUnavailable` on the way."""

    def wait(self, task_id: str, timeout_s: float) -> Result:
        """The result once the task has ended, or what is kept when time is up. At once for
        a task whose state cannot be told."""

    def abort(self, task_id: str) -> None:
        """Mark the task as aborted, as `AbortableAsyncResult.abort` does: a task that looks
        (`is_aborted`) ends itself. One that has ended is left as it is."""

    def close(self) -> None:
        """Let go of connections. May be called twice."""


class ListedIds(NamedTuple):
    """Task ids of some results, and where to go on; `cursor` is None after the last."""

    ids: Sequence[str]
    cursor: str | None
    #: Whether all of these ended before the time asked for.
    are_older: bool = False


@runtime_checkable
class ResultListing(Protocol):
    """A backend that can say of which tasks it keeps results, bit by bit, at little cost each."""

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:
        """Some ids from `cursor` on, which is empty at the beginning, the newest first where the
        backend has an order; None where it cannot list them. `since` in Unix seconds. Raises
        `ResultsUnavailable`."""


class SentGroup(msgspec.Struct, frozen=True):
    """A group that a task sent, with all `members` (ids); `body_id` is what its chord runs in the
    end, None if it is none."""

    group_id: str
    members: tuple[str, ...]
    body_id: str | None = None


class TaskCanvas(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept with the result of a task: the group that it is in and those that it sent. The
    body of a chord has the group of its members, and one of these as its parent."""

    task_id: str
    state: str
    group_id: str | None = None
    parent_id: str | None = None
    sent: tuple[SentGroup, ...] = ()


class KeptGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of which anything is kept. `members` are all of them, None where these were not
    saved; of a chord that still waits `size` parts are needed and so many have `returned`, of which
    some are `returned_ids`. `sent` are the groups that stand in its members."""

    group_id: str
    members: tuple[str, ...] | None = None
    size: int | None = None
    returned: int | None = None
    returned_ids: tuple[str, ...] = ()
    sent: tuple[SentGroup, ...] = ()


@runtime_checkable
class CanvasRecords(Protocol):
    """A backend of which groups and chords can be read. What it does not keep is left out. Both
    raise `ResultsUnavailable`, and take up to `timeout_s` seconds."""

    def task_canvases(self, task_ids: tuple[str, ...], timeout_s: float) -> dict[str, TaskCanvas]:
        """Of these tasks, where that costs little."""

    def kept_groups(self, group_ids: tuple[str, ...], timeout_s: float) -> dict[str, KeptGroup]:
        """Of these groups."""
