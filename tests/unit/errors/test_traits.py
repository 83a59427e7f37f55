"""By what tasks are compared."""

from __future__ import annotations

import pytest

from umbel.cluster.task import Task
from umbel.query.canonical import canonical
from umbel.query.match import compile_query
from umbel.query.parse import parse
from umbel.services.errors.over_representation import Trait
from umbel.services.errors.traits import ARGUMENTS_MAX, VALUE_MAX, narrowing, traits


def task(args: str | None = None, kwargs: str | None = None) -> Task:
    return Task(
        uuid="t", state="FAILURE", seen=0.0, timestamp=0.0, name="shop.pay", worker="w1",
        queue="money", args=args, kwargs=kwargs,
    )  # fmt: skip


def arguments(args: str | None = None, kwargs: str | None = None) -> set[tuple[str, str]]:
    shared = {"name", "worker", "queue"}
    return {(each.field, each.value) for each in traits(task(args, kwargs))
            if each.field not in shared}  # fmt: skip


def test_a_task_has_its_name_worker_queue_and_each_argument() -> None:
    found = traits(task("(7, 'EUR')", "{'country': 'DE', 'items': [1, 2]}"))

    assert found == {
        Trait("name", "shop.pay"), Trait("worker", "w1"), Trait("queue", "money"),
        Trait("args.0", "7"), Trait("args.1", "EUR"), Trait("kwargs.country", "DE"),
        Trait("kwargs.items", "[1, 2]"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (None, None),
        ("()", "{}"),
        ("...", "..."),
        ("(<hidden>,)", "{'card': '<hidden>'}"),
        ("('a long text that was cut...',)", None),
        (f"('{'x' * VALUE_MAX}',)", None),
        (None, "{'0': 'no search tells it from a position'}"),
        ("not a tuple", "not a dictionary"),
    ],
)
def test_what_is_missing_cut_hidden_or_long_is_not_compared(
    args: str | None, kwargs: str | None
) -> None:
    assert arguments(args, kwargs) == set()


def test_of_many_arguments_the_first_are_compared() -> None:
    many = f"({', '.join(map(str, range(1_000)))})"

    assert len(arguments(many)) == ARGUMENTS_MAX


@pytest.mark.parametrize(
    "kwargs",
    [
        "{'country': 'DE'}",
        "{'a b': 'c d'}",
        "{'a.b': '1'}",
        """{'quote': "it's"}""",
        "{'n': None, 'x': [1, 'a']}",
        "{'star': 'a*', 'comma': 'a,b', 'tilde': '~a', 'range': '1..2'}",
        "{'日本': '渡辺'}",
    ],
)
def test_the_search_for_a_trait_finds_the_task_that_has_it(kwargs: str) -> None:
    one = task("('p', 3)", kwargs)

    for trait in traits(one):
        query = canonical(narrowing(trait))
        assert compile_query(parse(query), 0.0)(one), query
        assert not compile_query(parse(query), 0.0)(Task("u", "FAILURE", 0.0, 0.0)), query
