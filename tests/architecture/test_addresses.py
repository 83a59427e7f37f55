"""Addresses are shown by one masker, and what drivers say by another: nobody formats either."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import imports, modules

#: What kombu and urllib call the parts of an address that are secret, or may be.
SECRET_PARTS = {"password", "netloc", "userinfo"}
#: Who takes such parts to connect, and tells none of them.
CONNECTING = {"umbel.broker.management", "umbel.broker.cluster", "umbel.client.address"}
#: Where the words of a driver become ours.
DRIVERS = {"umbel.broker.errors", "umbel.results.errors", "umbel.broker.management",
           "umbel.broker.link", "umbel.applications", "umbel.logs", "umbel.collector"}  # fmt: skip


def formatted(tree: ast.AST) -> Iterator[ast.expr]:
    """What stands in braces of f-strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue):
            yield node.value


def test_no_sentence_is_made_of_the_secret_parts_of_an_address() -> None:
    wrong = [
        f"{name}: {ast.unparse(value)}"
        for name, tree in modules()
        if name not in CONNECTING
        for value in formatted(tree)
        if isinstance(value, ast.Attribute) and value.attr in SECRET_PARTS
    ]

    assert wrong == []


def test_no_sentence_has_an_address_of_the_settings_as_it_is() -> None:
    addresses = {"settings.broker", "settings.result_backend", "settings.broker_api"}
    wrong = [
        f"{name}: {ast.unparse(value)}"
        for name, tree in modules()
        for value in formatted(tree)
        if ast.unparse(value) in addresses or ast.unparse(value).endswith("conf.broker_url")
    ]

    assert wrong == []


def test_addresses_of_kombu_are_masked_by_ours_alone() -> None:
    calls = [
        (name, node)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "as_uri"
        and node.keywords  # a path has one without
    ]

    assert {name for name, _ in calls} == {"umbel.broker.link"}
    assert not any(keyword.arg == "mask" for _, call in calls for keyword in call.keywords)


def test_what_drivers_say_goes_through_the_redaction() -> None:
    users = {
        name for name, tree in modules() if "umbel.process_secrets.hidden" in set(imports(tree))
    }

    assert users >= DRIVERS
