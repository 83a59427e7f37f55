"""Each layer imports only those before it, and adapters are known to the composition root alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture.sources import imports, modules

#: Layers from the bottom up; a module belongs to the longest prefix that fits its name.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("umbel",),
    (
        "umbel.characters",
        "umbel.json_size",
        "umbel.event_stream",
        "umbel.timed_pool",
        "umbel.path_parts",
    ),
    ("umbel.worker",),
    ("umbel.bounded_json", "umbel.csv_lines", "umbel.time_limit"),
    (
        "umbel.errors",
        "umbel.clock",
        "umbel.lazy",
        "umbel.masking",
        "umbel.decompression",
        "umbel.msgpack_size",
        "umbel.owner",
        "umbel.timed_http",
        "umbel.basic_auth",
    ),
    ("umbel.secret_scrubbing", "umbel.clock_leaps"),
    ("umbel.process_secrets", "umbel.process_memory", "umbel.open_files"),
    ("umbel.redact",),
    ("umbel.cluster",),
    ("umbel.query",),
    ("umbel.store", "umbel.broker", "umbel.results", "umbel.notify", "umbel.beat"),
    ("umbel.auth",),
    ("umbel.services",),
    ("umbel.web", "umbel.client"),
    ("umbel.collector", "umbel.supervise"),
    ("umbel.settings", "umbel.logs", "umbel.applications"),
    ("umbel.login_composition",),
    ("umbel.composition", "umbel.web_composition", "umbel.otel_composition"),
    ("umbel.app",),
    ("umbel.python",),
    ("umbel.demo", "umbel.aio"),
    ("umbel.cli",),
    ("umbel.__main__", "umbel.plugin"),
)

#: Protocols and their values, which services and web may know; all beside them is an adapter.
PROTOCOLS: dict[str, frozenset[str]] = {
    "umbel.store": frozenset(
        {
            "umbel.store.alerts",
            "umbel.store.base",
            "umbel.store.capabilities",
            "umbel.store.ledger",
            "umbel.store.sample_folds",
            "umbel.store.samples",
            "umbel.store.queue_pauses",
            "umbel.store.saved_searches",
            "umbel.store.series",
            "umbel.store.series_of_tasks",
            "umbel.store.workflows",
        }
    ),
    "umbel.results": frozenset({"umbel.results.base"}),
    "umbel.beat": frozenset({"umbel.beat.base"}),
    "umbel.notify": frozenset({"umbel.notify.base", "umbel.notify.templates"}),
    "umbel.auth": frozenset(
        {
            "umbel.auth.base",
            "umbel.auth.claims",
            "umbel.auth.grants",
            "umbel.auth.machine_user",
            "umbel.auth.passwords",
            "umbel.auth.people",
            "umbel.auth.providers.base",
            "umbel.auth.providers.completeness",
            "umbel.auth.providers.config",
            "umbel.auth.providers.header_identity",
            "umbel.auth.rights",
            "umbel.auth.rules",
            "umbel.auth.second_factor",
            "umbel.auth.tokens",
        }
    ),
    "umbel.broker": frozenset(
        {
            "umbel.broker.base",
            "umbel.broker.backoff",
            "umbel.broker.compression",
            "umbel.broker.envelope",
            "umbel.broker.reserved_headers",
            "umbel.broker.shedding",
        }
    ),
}

#: Who may know adapters: they wire them.
COMPOSERS = frozenset(
    {
        "umbel.composition",
        "umbel.web_composition",
        "umbel.login_composition",
        "umbel.app",
        "umbel.python.opening",
    }
)


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def level(name: str) -> tuple[int, str]:
    """The height of a module's layer, and the part of the layer that it is in."""
    fitting = [
        (len(prefix), height, prefix)
        for height, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if within(name, prefix)
    ]
    _, height, prefix = max(fitting)
    return height, prefix


def own_imports() -> Iterator[tuple[str, str]]:
    """What modules import of the package; its own `__init__` names the Python API, which is
    loaded when it is used."""
    for name, tree in modules():
        if name == "umbel":
            continue
        for imported in imports(tree):
            if within(imported, "umbel"):
                yield name, imported


def test_every_module_has_a_layer() -> None:
    homeless = [name for name, _ in modules() if name != "umbel" and level(name)[0] == 0]

    assert homeless == []


def test_each_layer_imports_only_those_before_it() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, imported in own_imports()
        if level(imported)[1] != level(name)[1] and level(imported)[0] >= level(name)[0]
    ]

    assert wrong == []


@pytest.mark.parametrize("package", PROTOCOLS)
def test_only_the_composition_root_knows_adapters(package: str) -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, imported in own_imports()
        if within(imported, package)
        and not within(name, package)
        and name not in COMPOSERS
        and not any(within(imported, protocol) for protocol in PROTOCOLS[package])
    ]

    assert wrong == []


def test_the_domain_touches_no_clock_socket_disk_or_framework() -> None:
    foreign = {
        "socket", "subprocess", "threading", "asyncio", "sqlite3", "apsw", "celery", "kombu",
        "starlette", "uvicorn", "click", "pathlib", "os", "random",
    }  # fmt: skip
    wrong = [
        f"{name} imports {imported}"
        for name, tree in modules()
        if within(name, "umbel.cluster") or within(name, "umbel.query")
        for imported in imports(tree)
        if imported.split(".")[0] in foreign
    ]

    assert wrong == []


def test_adapters_of_the_store_are_named_by_its_opening_alone() -> None:
    adapters = ("umbel.store.sqlite", "umbel.store.memory", "umbel.store.memory_ledger")
    wrong = [
        f"{name} imports {imported}"
        for name, imported in own_imports()
        if any(within(imported, adapter) for adapter in adapters)
        and not any(within(name, adapter) for adapter in adapters)
        and name != "umbel.store.opening"
    ]

    assert wrong == []
