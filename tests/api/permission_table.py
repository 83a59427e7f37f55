"""The table of docs/logins/roles.md as it is written, and people and deeds to ask it about.

`MINE` is a task that the bounded people may act on: it is one of their names, in their queue. They
may not act on `OTHERS`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from tests.api.doors import basic
from tests.api.world import SAYS, World, shop_store
from tests.contract.stories import BASE, WORKER, begun, uuid_of
from umbel.auth.base import Role
from umbel.auth.rules import PASSWORD, Rule
from umbel.auth.tokens import new_token
from umbel.store.ledger import Token

_PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "logins" / "roles.md"

Verdict = Literal["yes", "no", "theirs"]


class Subject(NamedTuple):
    """A task, by what an action could name of it."""

    uuid: str
    name: str
    queue: str


MINE: Final = Subject(uuid_of(71), "billing.pay", "slow")
OTHERS: Final = Subject(uuid_of(72), "shop.pack", "mail")


class Bounded(NamedTuple):
    """A role for tasks of a name or a queue."""

    user: str
    role: Role
    name: str | None = None
    queue: str | None = None


#: By the heads of the table's columns.
UNBOUNDED: Final[dict[str, tuple[str, Role]]] = {
    "viewer": ("vera", "viewer"),
    "operator": ("otto", "operator"),
    "admin": ("ada", "admin"),
}
BOUNDED: Final = {
    "operator of `name`": Bounded("nora", "operator", name="billing.*"),
    "operator of `queue`": Bounded("quin", "operator", queue="slow"),
    "admin of `queue`": Bounded("quade", "admin", queue="slow"),
}
EVERYBODY: Final = (*UNBOUNDED, *BOUNDED)

#: Bounded people have the least role in `users`, and the rest by rules.
USERS: Final = (
    *(f"{user}:{role}:pw-{user}" for user, role in UNBOUNDED.values()),
    *(f"{who.user}:viewer:pw-{who.user}" for who in BOUNDED.values()),
)
RULES: Final = tuple(
    Rule(
        role=who.role, provider=PASSWORD, claim="name", values=(who.user,), name=who.name,
        queue=who.queue, number=number,
    )
    for number, who in enumerate(BOUNDED.values(), 1)
)  # fmt: skip


def table() -> dict[str, dict[str, Verdict]]:
    """What the page says of each deed, by deed and column."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in _PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and not line.startswith("|--")
    ]
    heads, *body = rows
    found: dict[str, dict[str, Verdict]] = {}
    for what, *cells in body:
        verdicts = {
            head: msgspec.convert(cell, Verdict)
            for head, cell in zip(heads[1:], cells, strict=True)
        }
        for deed in re.findall(r"`(\w+)`", what):
            assert deed not in found, f"{deed} stands in two rows"
            found[deed] = verdicts
    return found


def world_of(*, rules: bool = True, read_only: bool = False) -> World:
    """A cluster with both tasks, whose worker and queues are theirs as well."""
    store = shop_store()
    for task in (MINE, OTHERS):
        store.apply(begun(task.uuid, BASE, name=task.name, queue=task.queue)[:2])
    users = USERS if rules else USERS[: len(UNBOUNDED)]
    world = World(
        store=store, users=users, rules=RULES if rules else (), read_only=read_only
    )  # fmt: skip
    world.worker.says = {**SAYS, "registered": [MINE.name, OTHERS.name]}
    world.cluster.queues = {MINE.queue: [], OTHERS.queue: []}
    world.cluster.routes = {task.name: task.queue for task in (MINE, OTHERS)}
    return world


def shown_by(column: str, world: World, *, token: bool) -> dict[str, str]:
    """The headers with a password, or a token, of somebody of a column."""
    who = BOUNDED.get(column)
    user, role = (who.user, who.role) if who is not None else UNBOUNDED[column]
    if not token:
        return basic(user, f"pw-{user}")
    names = (who.name,) if who is not None and who.name is not None else ()
    queues = (who.queue,) if who is not None and who.queue is not None else ()
    wanted = Token(
        name=user, role=role, secret_hash="", created=0.0, expires=None, names=names, queues=queues
    )
    shown, _ = new_token([world.ledger], wanted)
    return {"authorization": f"Bearer {shown}"}


def action(kind: str, subject: Subject) -> dict[str, Any]:
    """The body that plans an action of this kind, about this task where it is about tasks."""
    of_tasks = {"ids": [subject.uuid]}
    by_kind: dict[str, dict[str, Any]] = {
        "revoke": of_tasks,
        "terminate": of_tasks,
        "abort": of_tasks,
        "retry": {**of_tasks, "edit": {"args": [], "kwargs": {}}},
        "rate_limit": {"name": subject.name, "rate": "1/s"},
        "time_limit": {"name": subject.name, "soft": 1.0},
        "purge": {"queue": subject.queue},
        "pause": {"queue": subject.queue},
        "resume": {"queue": subject.queue},
        "autoscale": {"min": 1, "max": 2},
        "add_consumer": {"queue": subject.queue},
        "cancel_consumer": {"queue": subject.queue},
        "log_level": {"level": "info"},
    }
    return {"action": kind, **by_kind.get(kind, {})}


#: What Flower's routes that act do, and what they are asked with.
FLOWER: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "/api/worker/shutdown/{worker}": ("shutdown", {}),
    "/api/worker/pool/restart/{worker}": ("pool_restart", {}),
    "/api/worker/pool/grow/{worker}": ("pool_grow", {"n": 1}),
    "/api/worker/pool/shrink/{worker}": ("pool_shrink", {"n": 1}),
    "/api/worker/pool/autoscale/{worker}": ("autoscale", {"min": 1, "max": 2}),
    "/api/worker/queue/add-consumer/{worker}": ("add_consumer", {"queue": "{queue}"}),
    "/api/worker/queue/cancel-consumer/{worker}": ("cancel_consumer", {"queue": "{queue}"}),
    "/api/task/apply/{name}": ("send", {}),
    "/api/task/async-apply/{name}": ("send", {}),
    "/api/task/send-task/{name}": ("send", {}),
    "/api/task/abort/{uuid}": ("abort", {}),
    "/api/task/timeout/{name}": ("time_limit", {"workername": WORKER, "soft": 1}),
    "/api/task/rate-limit/{name}": ("rate_limit", {"workername": WORKER, "ratelimit": "1/s"}),
    "/api/task/revoke/{uuid}": ("revoke", {}),
}


def filled(text: str, subject: Subject) -> str:
    """A path or a value with what it is about."""
    return text.format(
        worker=WORKER, uuid=subject.uuid, name=subject.name, queue=subject.queue
    )  # fmt: skip
