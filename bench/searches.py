"""The fixed set of searches: first pages that people ask for, easy and hard.

Each kind comes with several variants, so that no answer is the repetition of the last one.
Times are absolute, so that a history filled yesterday is searched like one of today.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from bench.lifecycles import COMMON_WORD, NAMES, NO_WORD, RARE_NAME, WORKERS

_TELLING: Final = re.compile(r"'order_id': (?P<order>\d+).*'attempt_key': '(?P<key>[^']+)'")


class Sample(NamedTuple):
    """A task that is known to be stored: its id, the key in its arguments that no other
    task has, and its order number."""

    uuid: str
    key: str
    order: int


def sample_of(fields: dict[str, Any]) -> Sample:
    """The sample that the fields of a task's `task-sent` make."""
    found = _TELLING.search(fields["kwargs"])
    assert found is not None
    return Sample(fields["uuid"], found["key"], int(found["order"]))


class Known(NamedTuple):
    """What is known of a stored history: some of its tasks, and its first and last time
    (Unix seconds)."""

    samples: Sequence[Sample]
    first: float
    last: float


class Search(NamedTuple):
    """`q` in Umbel's language with `order`, or one task by its `uuid`. `flower` holds the
    parameters of Flower's `/api/tasks` that mean the same; None where there are none."""

    kind: str
    q: str = ""
    order: str = "-seen"
    uuid: str = ""
    flower: dict[str, Any] | None = None


#: The kinds whose bound is that of one task by its id.
BY_ID = ("one task by its id", "an id that is unknown")


def searches(known: Known, variants: int, seed: int = 1) -> dict[str, list[Search]]:
    """By kind, so many variants of each."""
    rng = random.Random(seed)
    found: dict[str, list[Search]] = {}
    for _ in range(variants):
        for search in _one_of_each(known, rng):
            found.setdefault(search.kind, []).append(search)
    return found


def _one_of_each(known: Known, rng: random.Random) -> list[Search]:
    return [*_by_id(known, rng), *_filters(known, rng), *_texts(known, rng), *_hard(rng)]


def _by_id(known: Known, rng: random.Random) -> list[Search]:
    digits = f"{rng.getrandbits(128):032x}"
    nobody = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    stored, unknown = BY_ID
    return [
        Search(stored, uuid=rng.choice(known.samples).uuid, flower={}),
        Search(unknown, uuid=nobody, flower={}),
    ]


def _filters(known: Known, rng: random.Random) -> list[Search]:
    name = rng.choice(NAMES[:9])[0]
    worker = rng.choice(WORKERS)
    length = (known.last - known.first) / 24
    start = known.first + rng.random() * 23 * length
    span = [datetime.fromtimestamp(at, UTC) for at in (start, start + length)]
    during = "..".join(at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in span)
    received = {
        f"received_{edge}": at.astimezone().strftime("%Y-%m-%d %H:%M")
        for edge, at in zip(("start", "end"), span, strict=True)
    }
    return [
        Search("everything, newest first", flower={}),
        Search("a state", "state:FAILURE", flower={"state": "FAILURE"}),
        Search("a common name", f"name:{name}", flower={"taskname": name}),
        Search("a rare name", f"name:{RARE_NAME}", flower={"taskname": RARE_NAME}),
        Search(
            "a name and a state",
            f"name:{name} state:FAILURE",
            flower={"taskname": name, "state": "FAILURE"},
        ),
        Search(
            "a rare name and a state",
            f"name:{RARE_NAME} state:FAILURE",
            flower={"taskname": RARE_NAME, "state": "FAILURE"},
        ),
        Search(
            "a worker, a state and a span of time",
            f"worker:{worker} state:FAILURE received:{during}",
            flower={"workername": worker, "state": "FAILURE", **received},
        ),
        Search("a queue and a long run", "queue:reports runtime:>4s"),
        Search("names by pattern, two states", "name:reports.* state:FAILURE,RETRY"),
    ]


def _texts(known: Known, rng: random.Random) -> list[Search]:
    one = rng.choice(known.samples)
    order = f"kwargs:order_id={one.order}"
    return [
        Search("text that many have", COMMON_WORD, flower={"search": COMMON_WORD}),
        Search("text that one has", one.key, flower={"search": one.key}),
        Search("part of a text that one has", one.key[3:15], flower={"search": one.key[3:15]}),
        Search("text that nobody has", NO_WORD, flower={"search": NO_WORD}),
        Search(
            "two words, and a state",
            f'"{COMMON_WORD} voucher" state:FAILURE',
            flower={"search": f'"{COMMON_WORD} voucher"', "state": "FAILURE"},
        ),
        Search("a keyword argument", f"args.order_id:{one.order}", flower={"search": order}),
        Search("an exception", "exception:Timeout"),
        Search("an exception that never was", f"exception:{NO_WORD}"),
    ]


def _hard(rng: random.Random) -> list[Search]:
    word = rng.choice(("lantern", "copper", "teapot", "harbour"))
    return [
        Search("retried, longest first", "retries:>=1", order="-runtime"),
        Search("all but two names", "-name:shop.* -name:reports.*"),
        Search("either of two texts", f"({word} OR exception:Permission) state:FAILURE"),
        Search("everything by name", order="name", flower={"sort_by": "name"}),
        Search("everything, longest first", order="-runtime"),
    ]
