"""What is offered while a search is typed."""

from __future__ import annotations

import pytest

from umbel.cluster.task import STATES
from umbel.query.fields import FIELDS, FLAG_PHRASES
from umbel.query.parse import parse
from umbel.query.suggest import Context, Lookup, complete


def typed(text: str) -> tuple[str, Context]:
    """The text without its `|`, and what is offered there."""
    caret = text.index("|")
    text = text.replace("|", "")
    return text, complete(text, caret)


def inserts(context: Context) -> list[str]:
    return [candidate.insert for candidate in context.candidates]


def test_an_empty_box_offers_every_field_and_no_operator() -> None:
    _, context = typed("|")

    assert inserts(context) == [*(f"{name}:" for name in FIELDS), "is:", "has:", "args."]
    assert context.lookups == ()


def test_after_a_term_operators_are_offered_too() -> None:
    _, context = typed("a |")

    assert inserts(context)[-3:] == ["AND", "OR", "NOT"]
    assert {candidate.kind for candidate in context.candidates} == {"field", "operator"}
    assert "AND" not in inserts(typed("a OR |")[1])
    assert "AND" not in inserts(typed("(|")[1])


def test_a_word_offers_fields_that_begin_so_and_values_that_the_store_knows() -> None:
    _, context = typed("x sta|")

    assert inserts(context) == ["state:", "started:"]
    assert (context.start, context.end, context.field, context.prefix) == (2, 5, None, "sta")
    assert context.lookups == (
        Lookup("name", "sta", before="name:"),
        Lookup("worker", "sta", before="worker:"),
        Lookup("queue", "sta", before="queue:"),
        Lookup("error", "sta", before="error:"),
    )
    assert inserts(typed("task|")[1]) == ["name:", "uuid:"]


def test_the_beginning_of_a_field_replaces_the_field_and_keeps_its_value() -> None:
    text, context = typed("na|:x")

    assert text[: context.start] + "name:" + text[context.end :] == "name:x"
    assert "name:" in inserts(context)


@pytest.mark.parametrize(
    ("text", "replaced", "expected"),
    [
        ("state:|", "", list(STATES)),
        ("state:FA|", "FA", ["FAILURE"]),
        ("-state:FAILURE,re|", "re", ["RECEIVED", "RETRY", "REJECTED", "REVOKED"]),
        ("state:FA|,RETRY", "FA", ["FAILURE"]),
        ("status:=suc|", "suc", ["SUCCESS"]),
        ("is:|", "", list(FLAG_PHRASES)),
        ("has:trace|", "trace", ["traceback"]),
        ("runtime:>1|", ">1", [">1s", ">10s", ">1m", ">1h"]),
        ("received:-1|", "-1", ["-15m..", "-1h.."]),
        ("eta:|", "", ["now..", "now..+1h", "..now"]),
        ("retries:>|", ">", [">=1", ">=3"]),
        ("pid:|", "", []),
        ("uuid:a|", "a", []),
        ("args:a,b|", "a,b", []),
        ("nosuch:a|", "a", []),
    ],
)
def test_values_are_offered_where_they_stand(text: str, replaced: str, expected: list[str]) -> None:
    plain, context = typed(text)

    assert plain[context.start : context.end] == replaced
    assert inserts(context) == expected


@pytest.mark.parametrize(
    ("text", "replaced", "lookup"),
    [
        ("name:sh|", "sh", Lookup("name", "sh")),
        ("name:~sh|", "sh", Lookup("name", "sh")),
        ("name:sh*|", "sh*", Lookup("name", "sh")),
        ('name:"a b|', '"a b', Lookup("name", "a b")),
        ("task:x,sh|op,y", "shop", Lookup("name", "sh")),
        ("node:eu|", "eu", Lookup("worker", "eu")),
        ("queue:|", "", Lookup("queue", "")),
        ("kwargs.ord|", "kwargs.ord", Lookup("key", "ord", before="kwargs.", after=":")),
        ("args.|", "args.", Lookup("key", "", before="args.", after=":")),
    ],
)
def test_values_that_only_a_store_knows_are_asked_for(
    text: str, replaced: str, lookup: Lookup
) -> None:
    plain, context = typed(text)

    assert plain[context.start : context.end] == replaced
    assert context.lookups == (lookup,)


def test_what_is_inserted_can_be_read() -> None:
    for value in ("shop.send", "a b", 'q"', "a,b", "*", "~x", "-x", "(x)"):
        lookup = Lookup("name", "", before="name:")
        assert parse(lookup.insertion(value)) == parse(f'name:~"{value}"' if '"' not in value
                                                       else r'name:"q\""')  # fmt: skip


def test_what_is_complete_is_not_offered_again() -> None:
    assert inserts(typed("state:FAILURE|")[1]) == []


def test_texts_that_cannot_be_read_offer_nothing() -> None:
    assert complete("a" * 5_000, 3) == Context(3, 3)
    assert complete("a\0", 1) == Context(1, 1)
    assert complete("", 99).start == 0
