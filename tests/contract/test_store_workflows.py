"""How every store finds workflows: the tasks of one, and which there are."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.contract import stories
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, placed, uuid_of
from umbel.cluster.events import Event
from umbel.errors import CursorError
from umbel.store.base import Store
from umbel.store.workflows import workflow_task

GROUP, BODY = uuid_of(900), uuid_of(901)


def family(number: int, at: float, children: int = 2) -> list[Event]:
    """A root and tasks that it sent."""
    root = uuid_of(number)
    found = stories.succeeded(root, at)
    for child in range(1, children + 1):
        uuid = uuid_of(number + child)
        found += stories.failed(uuid, at + child, name="shop.child", root=root, parent=root)
    return found


def chord(number: int, at: float, members: int = 3, *, root: str | None = None) -> list[Event]:
    """Members of a chord's header."""
    return [
        event
        for index in range(members)
        for event in placed(
            stories.succeeded(uuid_of(number + index), at + index, name="shop.part", root=root),
            group_id=GROUP, chord_id=BODY, chord_name="shop.whole",
        )
    ]  # fmt: skip


def test_a_workflow_has_what_its_tasks_have(store: Store) -> None:
    step = (uuid_of(70), "shop.later")
    store.apply(family(1, BASE))
    store.apply(placed(stories.begun(uuid_of(4), BASE + 9, root=uuid_of(1)), chain=(step,)))

    found = store.workflow_tasks(uuid_of(1))

    assert [task.uuid for task in found.tasks] == [uuid_of(n) for n in (1, 2, 3, 4)]
    assert found.complete
    whole = store.tasks([task.uuid for task in found.tasks])
    roots = [replace(task, root_id=task.root_id or task.uuid) for task in found.tasks]
    assert roots == [workflow_task(whole[task.uuid]) for task in found.tasks]
    assert found.tasks[3].chain == (step,)
    assert store.workflow_tasks(uuid_of(99)).tasks == ()


def test_what_a_client_sent_as_a_chord_is_one_workflow(store: Store) -> None:
    store.apply(chord(10, BASE))
    store.apply(stories.succeeded(BODY, BASE + 20, root=uuid_of(12), parent=uuid_of(12)))
    store.apply(stories.succeeded(uuid_of(30), BASE + 21, root=BODY, parent=BODY))
    expected = [uuid_of(10), uuid_of(11), uuid_of(12), BODY]

    for workflow_id in (uuid_of(10), uuid_of(12), GROUP):
        found = [task.uuid for task in store.workflow_tasks(workflow_id).tasks]
        assert found == expected


def test_a_workflow_past_its_limit_says_so(store: Store) -> None:
    store.apply(family(1, BASE, children=6))

    found = store.workflow_tasks(uuid_of(1), limit=3)

    assert len(found.tasks) == 3
    assert not found.complete
    assert store.workflow_tasks(uuid_of(1), limit=7).complete


def test_workflows_are_listed_by_their_beginning_the_newest_first(
    store_factory: StoreFactory,
) -> None:
    store = store_factory(partition_tasks=5)
    for number in range(6):
        store.apply(family(number * 10, BASE + 100 * number))
        store.apply(stories.succeeded(uuid_of(500 + number), BASE + 100 * number + 50))
    store.apply(stories.succeeded(uuid_of(7), BASE + 700, root=uuid_of(0), parent=uuid_of(0)))

    first = store.workflows(limit=4)
    second = store.workflows(limit=4, cursor=first.cursor)

    listed = [*first.ids, *second.ids]
    newest_first = [uuid_of(number * 10) for number in (5, 4, 3, 2, 1, 0)]
    # One that went on after thousands of others may be listed a second time, where it went on.
    assert [each for each in listed if each != uuid_of(0)] == newest_first[:-1]
    assert listed[-1] == uuid_of(0)
    assert second.cursor is None


def test_a_group_without_a_root_is_listed_once(store: Store) -> None:
    store.apply(chord(10, BASE))
    store.apply(stories.succeeded(BODY, BASE + 20, root=uuid_of(12), parent=uuid_of(12)))
    store.apply(family(40, BASE + 30))
    store.apply(chord(60, BASE + 40, root=uuid_of(40)))

    assert store.workflows().ids == (uuid_of(40), uuid_of(10))


@pytest.mark.parametrize("cursor", ["", "5", "w", "w-1", "w1e3", "x1", f"w{2**63}", "w" * 99])
def test_what_is_no_cursor_of_a_list_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(CursorError):
        store.workflows(cursor=cursor)
