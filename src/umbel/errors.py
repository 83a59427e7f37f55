"""Every exception that Umbel raises on purpose.

    UmbelError
    ├── SettingsError            a setting is unknown, malformed or contradictory
    ├── QueryError               a search text cannot be understood (position, suggestion)
    ├── ZoneUnknown              there is no time zone of this name, or none at all here
    ├── EventError               one message or event cannot be decoded
    ├── StoreError
    │   ├── StoreBusy            another Umbel writes to this directory
    │   ├── StoreTooNew          the directory was written by a newer Umbel
    │   ├── StoreUnwritable      permissions, a read-only or vanished mount
    │   │   └── StoreFull        no room on the disk
    │   ├── StoreCorrupt         a file is damaged
    │   ├── NameTaken            what is to be kept has a name that something else has
    │   ├── TooManySearches      so many searches are saved that no more are kept
    │   ├── TooManyRules         there are so many rules of alerts that no more are watched
    │   ├── TooManyPauses        so many queues are paused that no more are
    │   ├── CursorError          a paging cursor is not one of ours, or has expired
    │   └── CapabilityMissing    this store cannot sort, group or chart so (parameter)
    ├── BrokerError              (sent: ids of tasks that it has; unsure: it may have)
    │   ├── BrokerRefused        wrong credentials, virtual host or arguments
    │   │   ├── BrokerMisconfigured  its address or options can never work
    │   │   └── QueueShared      somebody else reads our event queue (consumers: how many)
    │   ├── BrokerUnreachable    nothing answers
    │   ├── RouteTooSlow         a route of the application does not say where a task goes
    │   └── NotSupported         this kind of broker cannot do that
    ├── ResultsUnavailable       the result backend is disabled, unreachable or unreadable
    ├── ActionError
    │   ├── UnknownAction        there is no such plan, or it expired
    │   ├── ActionRefused        it cannot be done so (confirmation, state, arguments)
    │   ├── OutcomeUntold        it was done or begun, but its report could not be had
    │   └── NotPermitted         this person's role does not allow it
    ├── ErrorUnknown             no task that is stored failed with this error
    ├── DeployUnknown            there is no deploy with this id
    ├── QueueUnknown             nobody tells of a queue of this name
    ├── EntryUnknown             beat has no entry with this id
    ├── ScheduleUnavailable      beat's entries cannot be read or written where they stand
    ├── AlertUnknown             there is no alert, rule or silence with this id
    ├── SearchUnknown            there is no saved search so called that this person sees
    ├── TaskError
    │   ├── TaskUnknown          nothing is known of a task with this id
    │   ├── TaskNotRegistered    no worker knows a task of this name
    │   ├── TaskTimeout          the task had not ended when time was up
    │   └── TaskFailed           the task itself failed, or was revoked
    ├── LoginError
    │   ├── ProviderUnavailable  an identity provider cannot be asked
    │   └── LoginRefused         what it or a client showed must not be believed
    ├── DeliveryFailed           a notifier did not take a message (after_s: when to try again)
    ├── NoAnswer                 no worker answered in time: what became of it is unknown
    ├── ServerError              a running Umbel answers with an error of no kind above
    │   └── ServerUnreachable    nothing that is an Umbel answers at this address
    └── TooManyStreams           no further live view is given now

Each carries a sentence that says what happened, and `remedy`, a sentence that says what
to do next. `retriable` tells whether the same call can succeed later without anyone
changing anything.

`auth.providers.base.RenewalInterrupted` is a `ProviderUnavailable` with tokens. Two more stand
elsewhere: `web.http.problems.Refusal` and `web.flower.refusal.Refused` are answers
of HTTP, made and caught in `web` alone.
"""

from __future__ import annotations


class UmbelError(Exception):
    """Base of all. `str(error)` is the whole message for a person."""

    retriable = False

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class SettingsError(UmbelError):
    """A setting is unknown, malformed or contradicts another."""

    def __init__(self, message: str, *, setting: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.setting = setting


class QueryError(UmbelError, ValueError):
    """A search text cannot be understood.

    `position` and `end` are offsets in characters into the text; `suggestion` is the
    nearest right word, or None.
    """

    def __init__(
        self, message: str, *, position: int, end: int, suggestion: str | None = None
    ) -> None:
        remedy = f"Did you mean {suggestion}?" if suggestion else ""
        super().__init__(message, remedy=remedy)
        self.position = position
        self.end = end
        self.suggestion = suggestion


class ZoneUnknown(UmbelError, ValueError):
    """There is no time zone of this name, or this machine knows none."""


class EventError(UmbelError):
    """A message or an event that cannot be decoded. `reason` is a short, countable word."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(UmbelError):
    """The store cannot do what was asked."""


class StoreBusy(StoreError):
    """Another process writes to this data directory."""

    retriable = True


class StoreTooNew(StoreError):
    """The data directory was written by a newer Umbel."""


class StoreUnwritable(StoreError):
    """The data directory cannot be written: permissions, a full disk, a vanished mount."""

    retriable = True


class StoreFull(StoreUnwritable):
    """There is no room left where the data directory is."""


class StoreCorrupt(StoreError):
    """A file in the data directory is damaged."""


class NameTaken(StoreError):
    """There already is something of this name."""


class TooManySearches(StoreError):
    """So many searches are saved that no more are kept."""


class TooManyRules(StoreError):
    """There are so many rules of alerts that no more are watched."""


class TooManyPauses(StoreError):
    """So many queues are paused that no more are."""


class CursorError(StoreError):
    """A paging cursor that this store did not give, or whose rows have expired."""


class CapabilityMissing(StoreError, ValueError):
    """This store cannot sort, group or chart by what was asked for; `remedy` says by what it
    can. `parameter` is that of the HTTP API which is wrong: `order`, `by`, `measure` or `q`."""

    def __init__(self, message: str, *, remedy: str = "", parameter: str) -> None:
        super().__init__(message, remedy=remedy)
        self.parameter = parameter


class BrokerError(UmbelError):
    """The broker cannot do what was asked. `sent`: ids of tasks of a sending that it has all the
    same; `unsure`: how many more of what was asked it may have done, since they were on their way
    to it and no answer came; `maybe_sent`: the ids of those that are tasks. `takes_nothing`: it
    answers, and writes nothing of anybody's, since it has no memory or disk left or is a
    replica."""

    retriable = True
    sent: frozenset[str] = frozenset()
    unsure = 0
    maybe_sent: frozenset[str] = frozenset()
    takes_nothing = False


class BrokerRefused(BrokerError):
    """The broker answered and said no: credentials, virtual host, arguments."""


class BrokerMisconfigured(BrokerRefused):
    """The broker's address or the options of its transport can never work as they are."""

    retriable = False


class QueueShared(BrokerRefused):
    """`consumers` others read the event queue of this store."""

    def __init__(self, message: str, *, remedy: str = "", consumers: int = 1) -> None:
        super().__init__(message, remedy=remedy)
        self.consumers = consumers


class BrokerUnreachable(BrokerError):
    """Nothing answers at the broker's address."""


class RouteTooSlow(BrokerError):
    """The application's routes, which may be functions, did not say in time where a task goes."""


class NotSupported(BrokerError):
    """This kind of broker cannot do that."""

    retriable = False


class ResultsUnavailable(UmbelError):
    """The result backend is disabled, does not answer, or keeps what cannot be read."""

    retriable = True


class ActionError(UmbelError):
    """An action cannot be planned or executed."""


class UnknownAction(ActionError):
    """There is no plan with this id, or it expired."""


class ActionRefused(ActionError):
    """The action cannot be done as asked. `field` names what is wrong with the request, and
    `suggestion` is the nearest right value for it."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        remedy: str = "",
        suggestion: str | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.field = field
        self.suggestion = suggestion


class ErrorUnknown(UmbelError):
    """No task that is stored has the error with this id."""


class DeployUnknown(UmbelError):
    """There is no deploy with this id."""


class QueueUnknown(UmbelError, LookupError):
    """Nobody tells of a queue of this name."""


class EntryUnknown(UmbelError):
    """Beat has no entry with this id."""


class ScheduleUnavailable(UmbelError):
    """Beat's entries cannot be read or written where a scheduler keeps them."""

    retriable = True


class AlertUnknown(UmbelError):
    """There is no alert, rule of alerts, silence or notifier with this id or name."""


class SearchUnknown(UmbelError):
    """There is no saved search with this id or name that this person sees."""


class OutcomeUntold(ActionError):
    """Something was done, or at least begun, and telling how it went failed. `deed` is a
    sentence that says what was done."""

    def __init__(self, deed: str, why: BaseException) -> None:
        reason = " ".join((str(why) or type(why).__name__).split())
        super().__init__(
            f"{deed} But what came of it could not be told: {reason}",
            remedy="Look before you do it again; umbel audit lists what was done.",
        )
        self.deed = deed


class NotPermitted(ActionError):
    """This person's role does not allow it; with `is_stranger`, it is not known who asks."""

    is_stranger = False


class TaskError(UmbelError):
    """One task cannot be had, run or waited for. `task_id` is its id, as far as it has one."""

    def __init__(self, message: str, *, task_id: str | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.task_id = task_id


class TaskUnknown(TaskError, LookupError):
    """Nothing is known of a task with this id."""


class TaskNotRegistered(TaskError, LookupError):
    """No worker that answered knows a task of this name."""


class TaskTimeout(TaskError, TimeoutError):
    """The task had not ended when time was up; it may still run."""

    retriable = True


class TaskFailed(TaskError, RuntimeError):
    """The task itself failed, or was revoked: `state` says which. `exception` is
    `Type('message')` as text and `traceback` its text, as far as the worker told them."""

    def __init__(
        self,
        message: str,
        *,
        task_id: str,
        state: str,
        exception: str | None = None,
        traceback: str | None = None,
    ) -> None:
        super().__init__(message, task_id=task_id)
        self.state = state
        self.exception = exception
        self.traceback = traceback


class LoginError(UmbelError):
    """Somebody cannot be logged in."""


class ProviderUnavailable(LoginError):
    """An identity provider does not answer, or not as one."""

    retriable = True


class LoginRefused(LoginError):
    """What an identity provider, a proxy or a client showed must not be believed, or lets nobody
    in."""


class NoAnswer(UmbelError, TimeoutError):
    """No worker answered in time: whether the command was carried out is unknown."""

    retriable = True


class ServerError(UmbelError):
    """A running Umbel answers with an error. `kind` is the last part of the problem's type
    (`too-busy`, ...), `status` the HTTP status."""

    def __init__(self, message: str, *, kind: str = "", status: int = 0, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.kind = kind
        self.status = status


class ServerUnreachable(ServerError, ConnectionError):
    """Nothing that is an Umbel answers at this address."""

    retriable = True


class TooManyStreams(UmbelError):
    """No further live view is given now."""

    retriable = True


class DeliveryFailed(UmbelError):
    """A notifier did not take a message. `after_s`: how long it asks to be let
    alone, seconds."""

    def __init__(
        self, message: str, *, remedy: str = "", retriable: bool, after_s: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.retriable = retriable
        self.after_s = after_s
