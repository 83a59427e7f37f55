"""Parameters of the v1 API: one struct a route, one field a parameter, with its bounds.

`http/parameters.py` checks requests against them, `http/openapi.py` describes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from umbel.cluster.events import LABEL_MAX, UUID_MAX
from umbel.query.lexer import TEXT_MAX
from umbel.query.orders import ORDER_NAMES
from umbel.services.cluster.inspection import Inspected
from umbel.services.control.types import Reason
from umbel.services.search.all_clusters import CURSOR_MAX
from umbel.services.search.exported_lines import ExportFormat
from umbel.store.capabilities import TOP_MAX, Grouping, Measure

#: The longest that one request waits for a result, seconds.
WAIT_MAX_S = 60
#: A moment in Unix seconds; the year 2200 is late enough.
_LATEST = 7_258_118_400

Text = Annotated[
    str,
    Meta(
        max_length=TEXT_MAX,
        description="A search in Umbel's query language; empty matches every task.",
        examples=["state:FAILURE name:shop.*", "runtime:>5s queue:mail"],
    ),
]
Zone = Annotated[
    str,
    Meta(
        max_length=64,
        description="The time zone (an IANA name) of times in q that name none, and of days.",
        examples=["Europe/Berlin"],
    ),
]
if TYPE_CHECKING:
    OrderName = str
else:
    OrderName = Literal[ORDER_NAMES]  # a table of texts, which type checkers do not read
Order = Annotated[
    OrderName, Meta(description="What to sort by; `-` is descending. Unknown values come last.")
]
Limit = Annotated[int, Meta(ge=1, le=200, description="The most tasks on a page.")]
Cursor = Annotated[
    str, Meta(min_length=1, max_length=4_096, description="`next` of the page before.")
]
AllCursor = Annotated[
    str, Meta(min_length=1, max_length=CURSOR_MAX, description="`next` of the page before.")
]
WorkflowCursor = Annotated[
    str, Meta(min_length=1, max_length=30, description="`next` of the page before.")
]
LogCursor = Annotated[
    str,
    Meta(
        max_length=30,
        pattern=r"^([0-9]{1,9}\.[0-9]{1,18})?$",
        description="`next` of an earlier answer.",
        examples=["12.1500"],
    ),
]
LogLimit = Annotated[
    int, Meta(ge=1, le=5_000, description="About how many lines are given at once.")
]
Ids = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200 * (UUID_MAX + 1),
        description="Up to 200 task ids with commas between: exactly these tasks, where known, "
        "and of them those that match q. Order, limit and cursor mean nothing then.",
    ),
]
Texts = Annotated[
    Literal["cut", "whole"],
    Meta(
        description="Of pages whose texts are together longer than 2 MB: `cut` shortens the "
        "longest texts (rows say which), `whole` gives fewer rows; `next` goes on after them."
    ),
]
TaskId = Annotated[str, Meta(min_length=1, max_length=UUID_MAX, description="A task's id.")]
Group = Annotated[Grouping, Meta(description="Count by this as well.")]
Lines = Annotated[
    Grouping, Meta(description="Give also one line for each of the top values of this.")
]
Top = Annotated[
    int,
    Meta(
        ge=1,
        le=TOP_MAX,
        description="How many lines with by: those with the most tasks, or the longest mean.",
    ),
]
Cap = Annotated[int, Meta(ge=1, le=1_000_000, description="Counting stops here.")]
Caret = Annotated[
    int, Meta(ge=0, le=TEXT_MAX, description="Where the caret is, in characters; default: the end.")
]
Suggestions = Annotated[int, Meta(ge=1, le=50, description="The most suggestions.")]
Moment = Annotated[
    float, Meta(ge=0, le=_LATEST, description="Unix seconds; default: now, or an hour before.")
]
Bound = Annotated[
    float, Meta(ge=0, le=_LATEST, description="Unix seconds; default: without bound.")
]
Step = Annotated[
    float, Meta(ge=1, le=31_536_000, description="Seconds in a bucket; default: what fits.")
]
ChangeNumber = Annotated[
    int,
    Meta(
        ge=0,
        le=2**63 - 1,
        description="Tell what changed after this change number (`seq` of a page, or the last "
        "`id` that was seen); default: from now on. The header Last-Event-ID goes before it.",
    ),
]
Label = Annotated[str, Meta(min_length=1, max_length=LABEL_MAX)]
WorkerName = Annotated[
    str, Meta(min_length=1, max_length=LABEL_MAX, description="A worker's node name.")
]
QueueName = Annotated[
    str, Meta(min_length=1, max_length=LABEL_MAX, description="The name of a queue.")
]
InspectionName = Literal[
    "stats", "active", "scheduled", "reserved", "revoked", "registered", "queues", "conf"
]
ActionId = Annotated[
    str, Meta(min_length=1, max_length=100, description="The id of an action, from its plan.")
]
WaitS = Annotated[
    float,
    Meta(ge=0, le=WAIT_MAX_S, description="How long to wait for the task to end, seconds."),
]


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


class ListTasks(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"
    order: Order = "-seen"
    limit: Limit = 50
    cursor: Cursor | None = None
    ids: Ids | None = None
    texts: Texts = "cut"


class ListAllTasks(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"
    order: Order = "-seen"
    limit: Limit = 50
    cursor: AllCursor | None = None


class ExportTasks(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"
    format: Annotated[ExportFormat, Meta(description="What kind of file.")] = "csv"
    columns: (
        Annotated[
            str,
            Meta(
                max_length=1_000,
                description="Which columns, with commas between, or `all`; without it those that "
                "tell most.",
                examples=["uuid,name,exception"],
            ),
        ]
        | None
    ) = None


class CountTasks(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"
    by: Group | None = None
    cap: Cap = 10_000


class OneTask(msgspec.Struct, frozen=True, kw_only=True):
    id: TaskId


class ReadLog(msgspec.Struct, frozen=True, kw_only=True):
    id: TaskId
    after: LogCursor = ""
    limit: LogLimit = 1_000


class ReadQuery(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"


class Suggest(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    at: Caret | None = None
    limit: Suggestions = 10


class ReadSeries(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"
    measure: Annotated[Measure, Meta(description="What to measure.")] = "count"
    start: Moment | None = msgspec.field(default=None, name="from")
    end: Moment | None = msgspec.field(default=None, name="to")
    bucket: Step | None = None
    by: Lines | None = None
    top: Top = 10


class ListGaps(msgspec.Struct, frozen=True, kw_only=True):
    start: Bound | None = None
    end: Bound | None = None


class OneWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    root_id: TaskId


#: How many searches one live stream follows.
SEARCHES_MAX = 20
Searches = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=60_000,
        description=f"Up to {SEARCHES_MAX} searches on one stream: a JSON list of objects with q, "
        "tz, after and left, which then mean nothing outside of it. Events of the first are "
        "called `changes/0`, `status/0` and so on, of the second `changes/1`.",
        examples=['[{"q": "state:FAILURE", "after": 4711}, {"q": "queue:mail", "left": false}]'],
    ),
]


class FollowedSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the searches that a stream follows."""

    q: Text = ""
    tz: Zone = "UTC"
    after: ChangeNumber | None = None
    left: bool = True


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    q: Text = ""
    tz: Zone = "UTC"
    after: ChangeNumber | None = None
    status_only: Annotated[bool, Meta(description="Tell the status alone.")] = False
    left: Annotated[
        bool, Meta(description="Tell the ids of tasks that changed and do not match, too.")
    ] = True
    searches: Searches | None = None


class ListActions(msgspec.Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=200, description="The most actions.")] = 50
    before: (
        Annotated[
            float,
            Meta(ge=0, le=_LATEST, description="Only actions planned before this time: `next`."),
        ]
        | None
    ) = None


class OneAction(msgspec.Struct, frozen=True, kw_only=True):
    id: ActionId


class ExecuteAction(msgspec.Struct, frozen=True, kw_only=True):
    id: ActionId
    confirm: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=2**63 - 1,
                description="The number that the plan asks to be typed, if it does.",
            ),
        ]
        | None
    ) = None
    reason: Annotated[
        Reason | None, Meta(description="Your words for the audit, in the place of the plan's.")
    ] = None


class CancelAction(msgspec.Struct, frozen=True, kw_only=True):
    id: ActionId


class ReadResult(msgspec.Struct, frozen=True, kw_only=True):
    id: TaskId
    timeout: WaitS = 0


class ListWorkers(msgspec.Struct, frozen=True, kw_only=True):
    since: Annotated[
        Bound | None, Meta(description="Unix seconds; default: an hour before until.")
    ] = None
    until: Annotated[Bound | None, Meta(description="Unix seconds; default: now.")] = None
    name: Annotated[WorkerName | None, Meta(description="Only the worker of this name.")] = None


class CompareWorkers(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[
        str, Meta(max_length=LABEL_MAX, description="Only workers with this in their name.")
    ] = ""
    deployment: Annotated[
        Label | None, Meta(description="Only workers of this deployment, such as celery@web-*.")
    ] = None


class CompareClusters(msgspec.Struct, frozen=True, kw_only=True):
    clusters: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=4_096,
                description="Names of clusters with commas between; all unless given.",
                examples=["production,staging"],
            ),
        ]
        | None
    ) = None


class OneWorker(msgspec.Struct, frozen=True, kw_only=True):
    name: WorkerName


class InspectWorker(msgspec.Struct, frozen=True, kw_only=True):
    name: WorkerName
    inspection: Annotated[InspectionName, Meta(description="What to ask it.")]

    @property
    def what(self) -> Inspected:
        """The inspection by Celery's own name."""
        return "active_queues" if self.inspection == "queues" else self.inspection


class ListQueues(msgspec.Struct, frozen=True, kw_only=True):
    search: Annotated[
        str,
        Meta(
            max_length=1_000,
            description="Words in the name of a queue or of those who consume it.",
        ),
    ] = ""


class OneQueue(msgspec.Struct, frozen=True, kw_only=True):
    name: QueueName


class QueueOverTime(OneQueue, frozen=True, kw_only=True):
    since: Moment | None = None
    until: Moment | None = None


class PeekQueue(msgspec.Struct, frozen=True, kw_only=True):
    name: QueueName
    limit: Annotated[int, Meta(ge=1, le=100, description="The most messages.")] = 20


class PauseQueue(msgspec.Struct, frozen=True, kw_only=True):
    name: QueueName
    reason: Reason | None = None


class ReadAudit(msgspec.Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=200, description="The most lines.")] = 50
    before: (
        Annotated[
            int,
            Meta(ge=0, le=2**63 - 1, description="Only lines before this number: `next`."),
        ]
        | None
    ) = None
    actor: Annotated[Label, Meta(description="Only what this person did.")] | None = None
    action: Annotated[Label, Meta(description="Only this, such as `revoke`.")] | None = None
    action_id: Annotated[ActionId, Meta(description="Only this action.")] | None = None
    task: (
        Annotated[TaskId, Meta(description="Only what was done to this task, or sent it.")] | None
    ) = None
