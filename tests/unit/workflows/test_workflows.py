"""The service: listing within a time, and one workflow."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.contract import stories
from tests.contract.stories import BASE, uuid_of
from tests.support.clocks import SetWallClock
from umbel.errors import TaskUnknown
from umbel.services.workflows.rows import WorkflowList, WorkflowOrder
from umbel.services.workflows.workflows import Workflows
from umbel.store.base import Store
from umbel.store.ledger import Repeat
from umbel.store.opening import MEMORY, open_ledger, open_store
from umbel.store.queue_pauses import QueuePause


@pytest.fixture
def store() -> Store:
    """Ten workflows of a root and as many children as its number, 0 to 9; the children of 3 and 6
    fail. Then a task that is none."""
    store = open_store(MEMORY, write=True)
    for number in range(10):
        root, at = uuid_of(100 * number), BASE + 100 * number
        store.apply(stories.succeeded(root, at, name="shop.order"))
        tell = stories.failed if number in {3, 6} else stories.succeeded
        for child in range(1, number + 1):
            store.apply(
                tell(uuid_of(100 * number + child), at + child, root=root, parent=root,
                     name=f"shop.item{number}", runtime=float(40 - 3 * number))
            )  # fmt: skip
    store.apply(stories.succeeded(uuid_of(9_999), BASE + 5_000))
    return store


@pytest.fixture
def workflows(store: Store) -> Workflows:
    return Workflows(store, open_ledger(MEMORY), SetWallClock(BASE + 10_000))


def numbers(found: WorkflowList) -> list[int]:
    return [int(row.root_id[-12:], 16) // 100 for row in found.items]


def test_pages_follow_each_other(workflows: Workflows) -> None:
    first = workflows.list(limit=4)
    second = workflows.list(limit=4, cursor=first.next)
    third = workflows.list(limit=4, cursor=second.next)

    assert [*numbers(first), *numbers(second), *numbers(third)] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert (first.complete, third.next) == (True, None)


def test_a_search_finds_workflows_by_any_of_their_tasks(workflows: Workflows) -> None:
    assert numbers(workflows.list("name:shop.item4")) == [4]
    assert numbers(workflows.list("state:FAILURE")) == [6, 3]
    assert numbers(workflows.list("name:shop.order", state="failing", limit=1)) == [6]
    assert numbers(workflows.list("name:nothing")) == []


def test_a_task_that_was_sent_again_is_no_workflow_and_what_its_repetition_sends_is_one(
    store: Store,
) -> None:
    ledger = open_ledger(MEMORY)
    workflows = Workflows(store, ledger, SetWallClock(BASE + 10_000))
    alone, once, twice = uuid_of(1_500), uuid_of(1_501), uuid_of(1_502)
    store.apply(stories.failed(alone, BASE + 5_100, name="shop.charge"))
    for again in (once, twice):
        store.apply(
            stories.failed(again, BASE + 5_200, root=alone, parent=alone, name="shop.charge")
        )
    assert numbers(workflows.list(limit=1)) == [15]

    ledger.repeat([Repeat(once, alone, BASE + 5_200, "ada"), Repeat(twice, once, BASE, "ada")])
    assert numbers(workflows.list(limit=1)) == [9]
    assert [task.uuid for task in workflows.detail(alone).tasks] == [alone, once, twice]

    child = uuid_of(1_503)
    store.apply(stories.succeeded(child, BASE + 5_300, root=alone, parent=twice, name="shop.mail"))
    assert numbers(workflows.list(limit=1)) == [15]


def test_a_task_of_which_the_name_was_missed_is_no_workflow_when_it_is_sent_again(
    store: Store,
) -> None:
    ledger = open_ledger(MEMORY)
    alone, once = uuid_of(1_500), uuid_of(1_501)
    named = stories.failed(alone, BASE + 5_100, name="shop.charge")
    store.apply([each for each in named if each.name is None])
    store.apply(stories.failed(once, BASE + 5_200, root=alone, parent=alone, name="shop.charge"))
    ledger.repeat([Repeat(once, alone, BASE + 5_200, "ada")])

    found = Workflows(store, ledger, SetWallClock(BASE + 10_000)).list(limit=1)

    assert numbers(found) == [9]


@pytest.mark.parametrize(
    ("order", "expected"), [("largest", [9, 8]), ("longest", [1, 2]), ("failures", [6, 3])]
)
def test_the_newest_are_ordered(
    workflows: Workflows, order: WorkflowOrder, expected: list[int]
) -> None:
    found = workflows.list(order=order, limit=2)

    assert numbers(found) == expected
    assert (found.next, found.bounded, found.looked_at) == (None, False, 9)


def test_out_of_time_it_says_so_and_goes_on(store: Store) -> None:
    class Impatient(SetWallClock):
        """A second passes whenever somebody looks."""

        def monotonic(self) -> float:
            self.at = getattr(self, "at", 0.0) + 1.0
            return self.at

    hasty = Workflows(store, open_ledger(MEMORY), Impatient(BASE))
    found, cursor = [], None
    for _ in range(20):
        page = hasty.list(cursor=cursor)
        found += numbers(page)
        cursor = page.next
        if cursor is None:
            break
        assert not page.complete

    assert found == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_one_has_its_tasks_path_and_runs(store: Store, workflows: Workflows) -> None:
    root, again = uuid_of(100), uuid_of(150)
    store.apply(stories.retried(again, BASE + 110, root=root, parent=root))
    second = stories.succeeded(again, BASE + 160, root=root, parent=root)
    store.apply([replace(each, retries=1) for each in second])

    found = workflows.detail(root)

    assert [task.uuid for task in found.tasks] == [root, uuid_of(101), again]
    assert [step.uuid for step in found.path.steps] == [root, again]
    assert [run.number for run in found.tasks[2].runs] == [0, 1]
    assert found.tasks[1].runs == ()


def test_nothing_known_of_it_is_said(workflows: Workflows) -> None:
    with pytest.raises(TaskUnknown, match="No task of the workflow"):
        workflows.detail("nothing")


def test_who_paused_the_queue_in_which_a_task_waits_is_told() -> None:
    store, ledger = open_store(MEMORY, write=True), open_ledger(MEMORY)
    root, waits = uuid_of(1), uuid_of(2)
    store.apply(stories.succeeded(root, BASE))
    store.apply(stories.begun(waits, BASE + 1, root=root, parent=root, queue="mail")[:1])
    ledger.keep_pause(
        QueuePause(queue="mail", actor="ann", at=BASE, action_id="a", reason="SMTP is down"),
        instead_of=None,
    )
    workflows = Workflows(store, ledger, SetWallClock(BASE + 10))

    (row,) = workflows.list(state="paused").items

    assert [(each.queue, each.tasks, each.by) for each in row.paused] == [("mail", 1, "ann")]
    assert workflows.detail(root).workflow.paused == row.paused
