"""Tasks and workers by their ids and names."""

from __future__ import annotations

from tests.contract import stories
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, WORKER, uuid_of
from umbel.store.base import Store


def test_tasks_are_found_by_their_ids_with_everything(store_factory: StoreFactory) -> None:
    store = store_factory(partition_tasks=7)
    for number in range(40):
        store.apply(stories.failed(uuid_of(number), BASE + number))

    found = store.tasks([uuid_of(33), uuid_of(2), "unknown", uuid_of(17), uuid_of(2)])

    assert list(found) == [uuid_of(33), uuid_of(2), uuid_of(17)]
    assert all(task == store.task(uuid) for uuid, task in found.items())
    assert all(task.traceback for task in found.values())


def test_of_no_ids_no_tasks_are_found(store: Store) -> None:
    store.apply(stories.shop())

    assert store.tasks(()) == {}


def test_many_tasks_are_found_at_once(store: Store) -> None:
    ids = [uuid_of(number) for number in range(1_200)]
    store.apply([event for uuid in ids for event in stories.begun(uuid, BASE)])

    assert list(store.tasks(iter(ids))) == ids


def test_ids_need_not_be_uuids(store: Store) -> None:
    for uuid in ("import-1", "IMPORT-1", uuid_of(1).upper()):
        store.apply(stories.begun(uuid, BASE))

    assert set(store.tasks(["import-1", uuid_of(1).upper(), uuid_of(1)])) == {
        "import-1",
        uuid_of(1).upper(),
    }


def test_a_worker_is_found_by_its_name(store: Store) -> None:
    assert store.worker(WORKER) is None

    store.apply([stories.heartbeat(WORKER, BASE)])

    assert store.worker(WORKER) == store.workers()[0]
    assert store.worker("celery@unknown") is None
