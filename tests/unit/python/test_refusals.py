"""What Python functions raise for whoever may act on some tasks alone."""

from __future__ import annotations

import pytest

from tests.api.world import NOW, shop_store
from tests.contract.stories import uuid_of
from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from umbel.auth.base import GRANTS, Actor
from umbel.auth.grants import Grant
from umbel.errors import NotPermitted
from umbel.python.control import act
from umbel.python.local import LocalSource
from umbel.services.cluster_services import make_services
from umbel.store.memory_ledger import MemoryLedger

RUNS, ENDED = uuid_of(3), uuid_of(1)


def source(name: str) -> LocalSource:
    """The story of a shop, for an operator of tasks of this name."""
    services = make_services(
        shop_store(),
        MemoryLedger(),
        MemoryCluster(MemoryWorker("celery@us-1")),
        MemoryResults(),
        SetWallClock(NOW),
    )
    grants = (Grant(role="operator", name=name),)
    otto = Actor(
        name="otto", address="x", via="python", permissions=GRANTS["viewer"], bounded=grants
    )
    return LocalSource(
        "x", services, otto, services.close, reaches=True, again=lambda: source(name)
    )


def test_what_one_may_not_touch_is_not_passed_over_in_silence() -> None:
    shop = source("shop.*")

    for ids in ([RUNS], [RUNS, ENDED]):
        with pytest.raises(NotPermitted, match="otto may act on tasks shop"):
            act(shop, {"action": "revoke", "ids": ids})


def test_of_several_those_that_one_may_touch_are_revoked_and_the_rest_counted() -> None:
    etl = source("etl.*")

    answers = act(etl, {"action": "revoke", "ids": [RUNS, ENDED]})

    assert answers.report.done == 1
    assert "1 was left out." in answers.sentence
    assert [*answers.report.left_out] == ["Not permitted: otto may act on tasks etl.* alone."]
