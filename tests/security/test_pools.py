"""Pools grow within what a machine can bear, unless an admin says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.control.scene import ADA, US, Scene, actor
from umbel.errors import NotPermitted
from umbel.services.control.types import ActionRequest

BOB = actor("bob", "operator")
HUGE: tuple[dict[str, Any], ...] = (
    {"action": "pool_grow", "n": 101},
    {"action": "autoscale", "min": 1, "max": 101},
)


@pytest.mark.parametrize("request_", HUGE)
def test_thousands_of_processes_take_an_admin(request_: dict[str, Any]) -> None:
    scene = Scene()
    request = ActionRequest(workers=[US], **request_)

    with pytest.raises(NotPermitted, match="more than 100"):
        scene.control.plan(request, BOB)
    plan = scene.control.plan(request, ADA)
    with pytest.raises(NotPermitted):
        scene.control.execute(plan.id, BOB)

    assert scene.told(request.action) == []


@pytest.mark.parametrize(
    "request_", [{"action": "pool_grow", "n": 100}, {"action": "autoscale", "min": 1, "max": 100}]
)
def test_an_operator_grows_a_pool_by_what_is_usual(request_: dict[str, Any]) -> None:
    plan = Scene().control.plan(ActionRequest(workers=[US], **request_), BOB)

    assert plan.count == 1
