"""What both are asked, in this order, and what of an answer must be the same.

Paths and options have `{names}` for what differs from run to run (see `Stage.names`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

View = Callable[[Any], Any]


class Step(NamedTuple):
    """One request. `view` takes from the JSON of an answer what is determined; of a page it is
    only asked whether it is there."""

    name: str
    method: str
    path: str
    options: Mapping[str, Any] = MappingProxyType({})
    view: View = lambda found: found
    is_page: bool = False


def _get(name: str, path: str, view: View = lambda found: found, **parameters: Any) -> Step:
    return Step(name, "GET", path, {"params": parameters} if parameters else {}, view)


def _post(name: str, path: str, **options: Any) -> Step:
    return Step(name, "POST", path, options)


def _ids(found: dict[str, Any]) -> list[str]:
    """The tasks of a list, in their order."""
    return list(found)


def _unordered(found: dict[str, Any]) -> Any:
    """The tasks of a list, in any order."""
    return dict.fromkeys(found, "here")


def _task(row: dict[str, Any]) -> Any:
    """A task, but for what Umbel knows better: Flower takes a retry for a child of the task
    and its worker for the client, and gives no runtime of failures. Children have no order."""
    told = {"worker": None, **row, "children": dict.fromkeys(row["children"], "here")}
    if row["state"] == "FAILURE":
        del told["runtime"]
    if row["state"] == "PENDING":
        del told["clock"]
    elif (row["sent"] or 0.0) > (row["received"] or 0.0):
        # Flower's own of when the sender was heard, not that of any worker; where it was heard
        # last, the time of the last event is its, too.
        told["clock"] = 0
        told["timestamp"] = row["sent"]
    if row["retries"]:
        for key in ("children", "client", "parent", "parent_id"):
            del told[key]
    return told


def _tasks(found: dict[str, Any]) -> Any:
    """Rows of a list; Flower leaves `worker` out where there is none."""
    return {uuid: _task(row) for uuid, row in found.items()}


#: What Flower says when no answer came in time.
GAVE_UP: Final = "Unknown reason"
_PROFILE = {"stats", "active_queues", "registered", "conf", "timestamp"}


def _profile(found: dict[str, Any]) -> Any:
    """Of each worker what does not change from moment to moment; or that one was too late to tell
    all of it."""
    if not all(worker.keys() >= _PROFILE - {"timestamp"} for worker in found.values()):
        return GAVE_UP
    return {
        name: {
            "keys": sorted(_PROFILE & worker.keys()),
            "active_queues": worker["active_queues"],
            "registered": sorted(worker["registered"]),
            "stats": sorted(worker["stats"]),
            "conf": sorted(worker["conf"]),
            "pool": sorted(worker["stats"].get("pool", {})),
        }
        for name, worker in sorted(found.items())
    }


def _one_profile(found: dict[str, Any]) -> Any:
    lists = ("scheduled", "active", "reserved", "revoked")
    return _profile(found), {
        name: {key: len(worker[key]) for key in lists} for name, worker in found.items()
    }


def _table(found: dict[str, Any]) -> Any:
    """Rows of the page of workers, but for counts of events."""
    return {
        row["hostname"]: (row["status"], sorted(key for key in row if "-" not in key))
        for row in found["data"]
    }


def _types(found: dict[str, list[str]]) -> Any:
    """Umbel tells all that are registered, Flower those that it saw."""
    return [name for name in found["task-types"] if name.endswith((".add", ".decline"))]


def _sent(found: dict[str, Any]) -> Any:
    """The keys and, where it was waited for, the result."""
    return sorted(found), (found["state"], found["result"]) if "result" in found else None


PLAYED = ("added", "echoed", "declined", "lucky", "parent", "child1", "later", "lost")
APP = "{app}"

READS = (
    _get("healthcheck", "/healthcheck"),
    *(_get(f"info of {name}", f"/api/task/info/{{{name}}}", _task) for name in PLAYED),
    _get("info of nobody", "/api/task/info/nobody"),
    _get("info of an id with odd characters", "/api/task/info/a%2Fb%20c@d"),
    _get("all tasks", "/api/tasks", _tasks),
    _get("no tasks", "/api/tasks", limit=0),
    _get("a page", "/api/tasks", _ids, sort_by="received", limit=3, offset=1, state="SUCCESS"),
    _get("by name", "/api/tasks", lambda rows: [r["name"] for r in rows.values()], sort_by="name"),
    _get("by state", "/api/tasks", lambda rows: [r["state"] for r in rows.values()],
         sort_by="-state"),
    _get("by reception", "/api/tasks", _ids, sort_by="-received", state="SUCCESS"),
    _get("of a name", "/api/tasks", _unordered, taskname="{app}.add"),
    _get("of a worker", "/api/tasks", _unordered, workername="{worker}"),
    _get("of a worker and a state", "/api/tasks", _unordered, workername="All", state="FAILURE"),
    _get("of a state in small letters", "/api/tasks", _unordered, state="failure"),
    _get("of no such worker", "/api/tasks", workername="nobody@nowhere"),
    _get("from a year ago", "/api/tasks", _unordered, received_start="2020-01-01 00:00",
         state="SUCCESS"),
    _get("until a year ago", "/api/tasks", received_end="2020-01-01 00:00", state="SUCCESS"),
    _get("search of a word", "/api/tasks", _unordered, search="needle"),
    _get("search of a field", "/api/tasks", _unordered, search="state:FAILURE name:decline"),
    _get("search of kwargs", "/api/tasks", _unordered, search="kwargs:customer=ann"),
    _get("search with OR", "/api/tasks", _unordered, search="(needle OR state:FAILURE)"),
    _get("search of a phrase", "/api/tasks", _unordered, search='result:"order 8 at try 2"'),
    _get("a bad search", "/api/tasks", sorted, search="(needle"),
    _get("a bad limit", "/api/tasks", limit="many"),
    _get("an empty limit", "/api/tasks", limit=""),
    _get("empty filters", "/api/tasks", _unordered, workername="", state="", search=""),
    _get("an unknown parameter", "/api/tasks", _unordered, colour="red", state="FAILURE"),
    _get("task types", "/api/task/types", _types),
    _get("workers", "/api/workers", _profile, refresh=1),
    _get("one worker", "/api/workers", _one_profile, workername="{worker}", refresh=1),
    _get("status of workers", "/api/workers", status=1),
    _get("an unknown worker", "/api/workers", workername="nobody@nowhere"),
    _get("a bad flag", "/api/workers", refresh="perhaps"),
    _get("table of workers", "/workers", _table, json=1),
    _get("table of workers at the root", "/", _table, json=1),
    _get("lengths of queues", "/api/queues/length"),
    *(_get(f"result of {name}", f"/api/task/result/{{{name}}}") for name in PLAYED),
    _get("result of nobody", "/api/task/result/nobody"),
    _get("a result waited for", "/api/task/result/{added}", timeout=5),
    _get("a result waited for in vain", "/api/task/result/nobody", timeout=0.2),
    _get("a bad timeout", "/api/task/result/nobody", timeout="soon"),
)  # fmt: skip

_SENDS = (
    _post("apply", f"/api/task/apply/{APP}.add", json={"args": [1, 2]}),
    _post("apply with kwargs", f"/api/task/apply/{APP}.echo", json={"kwargs": {"a": None}}),
    _post("apply what fails", f"/api/task/apply/{APP}.decline", json={"args": [5]}),
    _post("apply in vain", f"/api/task/apply/{APP}.add",
          json={"args": [1, 2], "queue": "nobody", "timeout": 0.2}),
    _post("apply at no time", f"/api/task/apply/{APP}.add", json={"args": [1, 2], "timeout": "x"}),
    _post("apply without type", f"/api/task/apply/{APP}.add", content=b'{"args": [1, 2]}'),
    _post("apply as curl", f"/api/task/apply/{APP}.add", content=b'{"args": [1, 2]}',
          headers={"content-type": "application/x-www-form-urlencoded"}),
    _post("apply later", f"/api/task/async-apply/{APP}.add",
          json={"args": [1, 2], "eta": "2020-01-01 00:00:00.000000", "expires": 60}),
    _post("apply by a countdown", f"/api/task/async-apply/{APP}.add",
          json={"args": [1, 2], "countdown": "0.1"}),
    _post("apply at a bad ETA", f"/api/task/async-apply/{APP}.add",
          json={"args": [1, 2], "eta": "soon"}),
    _post("send", f"/api/task/send-task/{APP}.add", json={"args": [1, 2]}),
    _post("send what nobody has", "/api/task/send-task/no.such", json={"queue": "nobody"}),
    _post("apply what nobody has", "/api/task/apply/no.such", json={}),
    _post("apply async what nobody has", "/api/task/async-apply/no.such", json={}),
    _post("apply a list", f"/api/task/apply/{APP}.add", json=[1]),
    _post("apply wrong args", f"/api/task/async-apply/{APP}.add", json={"args": 1}),
    _post("apply args of null", f"/api/task/async-apply/{APP}.add", json={"args": None}),
    _post("apply kwargs of null", f"/api/task/apply/{APP}.add",
          json={"args": [1, 2], "kwargs": None}),
    _post("apply with what is no option", f"/api/task/apply/{APP}.add",
          json={"args": [1, 2], "options": {"queue": "nobody"}}),
    _post("apply no JSON", f"/api/task/async-apply/{APP}.add", content=b"{'args': 1"),
    _post("apply nothing", f"/api/task/async-apply/{APP}.ignore"),
)  # fmt: skip

WRITES = (
    *(step._replace(view=_sent) for step in _SENDS),
    _post("revoke", "/api/task/revoke/{later}"),
    _post("terminate", "/api/task/revoke/x-{tag}", params={"terminate": "true"}),
    _post("terminate by form", "/api/task/revoke/y-{tag}",
          data={"terminate": "1", "signal": "SIGKILL"}),
    _post("revoke with a bad flag", "/api/task/revoke/z-{tag}", params={"terminate": "perhaps"}),
    _post("abort", "/api/task/abort/a-{tag}"),
    _post("rate limit", f"/api/task/rate-limit/{APP}.nap",
          data={"workername": "{worker}", "ratelimit": "10/m"}),
    _post("rate limit of no task", "/api/task/rate-limit/no.such",
          data={"workername": "{worker}", "ratelimit": "10/m"}),
    _post("rate limit at no worker", f"/api/task/rate-limit/{APP}.nap",
          data={"workername": "nobody@nowhere", "ratelimit": "10/m"}),
    _post("rate limit without worker", f"/api/task/rate-limit/{APP}.nap"),
    _post("rate limit without limit", f"/api/task/rate-limit/{APP}.nap",
          data={"workername": "{worker}"}),
    _post("time limits", f"/api/task/timeout/{APP}.nap",
          data={"workername": "{worker}", "soft": "30.5", "hard": "100"}),
    _post("a bad time limit", f"/api/task/timeout/{APP}.nap",
          data={"workername": "{worker}", "soft": "long"}),
    _post("grow", "/api/worker/pool/grow/{worker}", params={"n": 2}),
    _post("shrink", "/api/worker/pool/shrink/{worker}", data={"n": "2"}),
    _post("grow by one", "/api/worker/pool/grow/{worker}"),
    _post("shrink by one", "/api/worker/pool/shrink/{worker}"),
    _post("grow by a word", "/api/worker/pool/grow/{worker}", params={"n": "two"}),
    _post("grow nobody", "/api/worker/pool/grow/nobody@nowhere"),
    _post("autoscale that is off", "/api/worker/pool/autoscale/{worker}",
          params={"min": 1, "max": 3}),
    _post("autoscale without max", "/api/worker/pool/autoscale/{worker}", params={"min": 1}),
    _post("restart that is off", "/api/worker/pool/restart/{worker}"),
    _post("restart nobody", "/api/worker/pool/restart/nobody@nowhere"),
    _post("add a consumer", "/api/worker/queue/add-consumer/{worker}", params={"queue": "q-{tag}"}),
    _post("cancel a consumer", "/api/worker/queue/cancel-consumer/{worker}",
          params={"queue": "q-{tag}"}),
    _post("add no consumer", "/api/worker/queue/add-consumer/{worker}"),
    _post("add a consumer to nobody", "/api/worker/queue/add-consumer/nobody",
          params={"queue": "q"}),
    _post("shut nobody down", "/api/worker/shutdown/nobody@nowhere"),
    _post("shut down", "/api/worker/shutdown/{spare}"),
    _get("post by get", "/api/worker/shutdown/{spare}"),
    _post("get by post", "/api/tasks"),
)  # fmt: skip


def _page(name: str, path: str, **parameters: Any) -> Step:
    """A page of Flower as a link leads to it: wherever the address is led on to."""
    options = {"params": parameters, "follow_redirects": True}
    return Step(f"page: {name}", "GET", path, options, is_page=True)


#: Every address of Flower's pages.
PAGES = (
    _page("workers at the root", "/"),
    _page("workers", "/workers"),
    _page("a worker", "/worker/{worker}"),
    _page("a worker with more of its lists", "/worker/{worker}", limit=100),
    _page("an unknown worker", "/worker/nobody@nowhere"),
    _page("a task", "/task/{added}"),
    _page("an unknown task", "/task/nobody"),
    _page("tasks", "/tasks"),
    _page("tasks of a state", "/tasks", state="FAILURE"),
    _page("tasks of a worker", "/tasks", worker="{worker}", state="SUCCESS"),
    _page("broker", "/broker"),
    _page("login", "/login"),
    _page("logout", "/logout"),
    _page("icon", "/static/favicon.ico"),
    _page("script of a page", "/static/js/flower.js"),
    _page("rows of a page", "/tasks/datatable", draw=1, start=0, length=10,
          **{"order[0][column]": 0, "columns[0][data]": "name"}),
    _page("no page", "/nosuch"),
)  # fmt: skip

STEPS = (*READS, *PAGES, *WRITES)

#: What the management API tells of a queue that does not change from moment to moment.
_OF_A_QUEUE = (
    "name", "messages", "messages_ready", "messages_unacknowledged", "consumers", "durable",
    "auto_delete", "exclusive", "arguments", "type", "state",
)  # fmt: skip


def _queues(found: dict[str, Any]) -> Any:
    return {row["name"]: {key: row.get(key) for key in _OF_A_QUEUE}
            for row in found["active_queues"]}  # fmt: skip


LENGTHS_ON_RABBITMQ = _get("lengths of queues", "/api/queues/length", _queues)
#: What is asked of both on RabbitMQ with its management API.
ON_RABBITMQ = (
    *(step for step in READS if step.name != "lengths of queues"),
    LENGTHS_ON_RABBITMQ,
    _page("broker", "/broker"),
)
