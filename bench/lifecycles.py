"""Invents the lives of tasks, as a mid-sized shop's Celery cluster would tell of them.

Theory of operation. A life is a list of steps; a step is one event without its time. Where
a text must differ between tasks, it ends in `mark`: nine hexadecimal digits, or a
placeholder of that length which the publisher replaces, so that the same prepared bytes
can be sent again as other tasks. Everything else comes from the seed, so two runs tell the
same stories. Shapes and sizes follow captures of real workers: an event averages 300 to
400 bytes of JSON, argument reprs 100 to 300 characters, tracebacks 600.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice, product
from typing import Any, Final, NamedTuple

MARK_LENGTH: Final = 9
#: A word that about one task in nine mentions, one that two in ten thousand have as their
#: name, and one that nobody ever says.
COMMON_WORD: Final = "parcel"
RARE_NAME: Final = "billing.close_the_year"
NO_WORD: Final = "zzqxjkwv"

#: name, queue, weight, mean seconds of a run
NAMES: Final[tuple[tuple[str, str, float, float], ...]] = (
    ("shop.mail.send_receipt", "mail", 22, 0.15),
    ("shop.orders.charge_card", "payments", 14, 0.30),
    ("shop.search.index_product", "celery", 13, 0.04),
    ("shop.images.resize", "images", 11, 0.45),
    ("shop.stock.recount", "celery", 9, 0.08),
    ("shop.webhooks.deliver", "webhooks", 8, 0.25),
    ("shop.carts.expire", "celery", 6, 0.02),
    ("reports.daily.collect_rows", "reports", 5, 0.60),
    ("reports.daily.render_pdf", "reports", 4, 0.90),
    ("crm.contacts.sync", "crm", 4, 0.20),
    ("crm.contacts.merge_duplicates", "crm", 2, 0.50),
    ("shop.orders.refund", "payments", 1, 0.30),
    ("ops.sessions.sweep", "celery", 0.9, 0.03),
    (RARE_NAME, "reports", 0.02, 0.90),
)
WORKERS: Final = tuple(
    f"{role}-{number}@eu-{zone}"
    for role, number, zone in (
        ("mail", 1, "west"),
        ("mail", 2, "west"),
        ("pay", 1, "north"),
        ("images", 1, "west"),
        ("images", 2, "north"),
        ("default", 1, "west"),
        ("default", 2, "north"),
        ("reports", 1, "north"),
    )
)
CLIENTS: Final = ("gen4121@web-1", "gen4122@web-1", "gen877@web-2", "gen61@beat")
#: Stands for a client in `Step.node`; workers are counted from 0.
CLIENT: Final = -1

_WORDS: Final = (
    f"{COMMON_WORD} invoice basket voucher delayed express fragile gift northbound return "
    "priority warehouse carrier pickup customs signature reminder winter catalogue loyal "
    "seasonal batch review address street harbour garden copper violet amber lantern "
    "bicycle kettle blanket hammer ladder window mirror candle pillow saddle teapot"
).split()
_ERRORS: Final = (
    "ConnectionError('card terminal did not answer')",
    "TimeoutError('smtp.example.org: timed out after 30 s')",
    "ValueError('quantity must be positive')",
    "KeyError('customer_id')",
    "PermissionError('webhook answered 403')",
    "LookupError('no such product')",
)
_TRACEBACK: Final = """Traceback (most recent call last):
  File "/srv/shop/lib/celery/app/trace.py", line 564, in trace_task
    R = retval = fun(*args, **kwargs)
                 ^^^^^^^^^^^^^^^^^^^^
  File "/srv/shop/lib/celery/app/trace.py", line 883, in __protected_call__
    return self.run(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/shop/app/{module}.py", line {line}, in {function}
    return gateway.call(request, deadline=deadline)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/shop/app/gateway.py", line 71, in call
    raise failure
{error}
"""


class Step(NamedTuple):
    """One event to come: seconds since the task was sent, which node tells of it (a worker
    by number, or `CLIENT`), its host name, its type and its own fields in wire order."""

    at: float
    node: int
    hostname: str
    type: str
    fields: dict[str, Any]


class Life(NamedTuple):
    uuid: str
    name: str
    steps: list[Step]
    end: str


def different_errors(number: int) -> tuple[str, ...]:
    """So many exceptions, no two of which are the same error."""
    words = [word for word in _WORDS if word != COMMON_WORD]
    some = product(("LookupError", "ValueError", "TimeoutError"), words, words)
    return tuple(f"{kind}('no {a} for the {b}')" for kind, a, b in islice(some, number))


class Storyteller:
    """Tells of one task after another; the same seed gives the same stories. The first of the
    `errors` are the most frequent (Zipf's law), unless they are the usual ones. `workers` are the
    names of those that run the tasks."""

    def __init__(
        self, seed: int, errors: Sequence[str] = _ERRORS, workers: Sequence[str] = WORKERS
    ) -> None:
        self._random = random.Random(seed)
        self._workers = workers
        self._errors = errors
        if errors is not _ERRORS:
            weights = [1 / rank for rank in range(1, len(errors) + 1)]
            self._errors = random.Random(seed + 2).choices(errors, weights, k=65_536)
        self._names = random.Random(seed + 1).choices(
            NAMES, weights=[weight for _, _, weight, _ in NAMES], k=65_536
        )
        self._roots: list[str] = []
        self._told = 0

    def life(self, mark: str) -> Life:
        """The next task's whole life."""
        rng = self._random
        name, queue, _, mean_s = self._names[rng.getrandbits(16)]
        self._told += 1
        uuid = f"{_uuid_head(rng)}{mark}"
        root, parent = self._family(uuid)
        described = {
            "name": name,
            "args": self._args(),
            "kwargs": self._kwargs(mark),
            "root_id": root,
            "parent_id": parent,
        }
        routed = {"queue": queue, "exchange": "", "routing_key": queue}
        steps, end = self._steps(uuid, described, routed, mean_s)
        return Life(uuid, name, steps, end)

    def _family(self, uuid: str) -> tuple[str, str | None]:
        if self._roots and self._random.random() < 0.2:
            root = self._random.choice(self._roots)
            return root, root
        self._roots.append(uuid)
        del self._roots[:-20]
        return uuid, None

    def _steps(
        self, uuid: str, described: dict[str, Any], routed: dict[str, Any], mean_s: float
    ) -> tuple[list[Step], str]:
        rng = self._random
        worker = rng.randrange(len(self._workers))
        host = self._workers[worker]
        client = CLIENTS[rng.randrange(len(CLIENTS))]
        about: dict[str, Any] = {"uuid": uuid}
        first = {**about, **described, "retries": 0, "eta": None, "expires": None}
        began = 0.002 + rng.expovariate(20.0)
        ended = began + rng.expovariate(1.0 / mean_s)
        steps = [
            Step(0.0, CLIENT, client, "task-sent", {**first, **routed}),
            Step(0.001, worker, host, "task-received", first),
            Step(began, worker, host, "task-started", about),
        ]
        fate = rng.random()
        if fate < 0.93:
            steps.append(Step(ended, worker, host, "task-succeeded", about | self._success(mean_s)))
            return steps, "SUCCESS"
        failure = about | self._failure(described["name"])
        if fate < 0.97:
            steps.append(Step(ended, worker, host, "task-failed", failure))
            return steps, "FAILURE"
        again = {**first, "parent_id": uuid, "retries": 1}
        child = f"gen{9000 + worker}@{host.partition('@')[2]}"
        steps += [
            Step(ended, CLIENT, child, "task-sent", {**again, **routed}),
            Step(ended + 0.001, worker, host, "task-received", again),
            Step(ended + 0.002, worker, host, "task-retried", failure),
            Step(ended + 0.1, worker, host, "task-started", about),
            Step(ended + 0.2, worker, host, "task-succeeded", about | self._success(mean_s)),
        ]
        return steps, "SUCCESS"

    def _args(self) -> str:
        rng = self._random
        return f"('{_WORDS[rng.getrandbits(16) % len(_WORDS)]}', {rng.getrandbits(20)})"

    def _kwargs(self, mark: str) -> str:
        rng = self._random
        note = " ".join(rng.choices(_WORDS, k=2 + rng.getrandbits(4) % 11))
        return (
            f"{{'order_id': {self._told}, 'customer': 'c{rng.getrandbits(24):06x}', "
            f"'note': '{note}', 'attempt_key': '{rng.getrandbits(40):010x}{mark}'}}"
        )

    def _success(self, mean_s: float) -> dict[str, Any]:
        rng = self._random
        amount, shard = rng.getrandbits(14) / 100, rng.getrandbits(4)
        receipt = f"{{'ok': True, 'amount': {amount}, 'shard': {shard}}}"
        return {"result": receipt, "runtime": round(rng.expovariate(1.0 / mean_s), 12)}

    def _failure(self, name: str) -> dict[str, Any]:
        rng = self._random
        module, _, function = name.rpartition(".")
        error = self._errors[rng.randrange(len(self._errors))]
        where = {"module": module.replace(".", "/"), "function": function}
        trace = _TRACEBACK.format(line=rng.randrange(10, 400), error=error, **where)
        return {"exception": error, "traceback": trace}


def _uuid_head(rng: random.Random) -> str:
    """The first 27 characters of a random UUID; a mark of nine makes it whole."""
    digits = f"{rng.getrandbits(92):023x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
