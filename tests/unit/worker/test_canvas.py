"""What a worker tells of a task's group, chord and chain."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from umbel.cluster import events
from umbel.worker.canvas import CHAIN_MAX, canvas


def link(uuid: str, name: str = "shop.next") -> dict[str, Any]:
    return {"task": name, "args": ["secret"], "options": {"task_id": uuid}}


def request_of(group: Any = None, chord: Any = None, chain: Any = None) -> SimpleNamespace:
    return SimpleNamespace(group=group, chord=chord, _payload=([], {}, {"chain": chain}))


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (request_of(), {}),
        (request_of("g1"), {"group_id": "g1"}),
        (
            request_of("g1", link("b1", "sum")),
            {"group_id": "g1", "chord_id": "b1", "chord_name": "sum"},
        ),
        (request_of("g1", {"task": "sum", "options": {}}), {"group_id": "g1"}),
        (request_of(7, {"options": "odd"}, "odd"), {}),
        (
            request_of(chain=[link("last"), {"options": None}, link("next", 7)]),  # type: ignore[arg-type]
            {"chain": [("next", ""), ("last", "shop.next")]},
        ),
    ],
)
def test_it_tells_ids_and_names_and_nothing_else(
    request_: SimpleNamespace, told: dict[str, Any]
) -> None:
    assert canvas(request_) == told


def test_of_a_long_chain_the_next_links_are_told() -> None:
    found = canvas(request_of(chain=[link(str(number)) for number in range(1_000)]))

    assert [uuid for uuid, _ in found["chain"]] == [str(999 - n) for n in range(CHAIN_MAX)]
    assert CHAIN_MAX == events.CHAIN_MAX
