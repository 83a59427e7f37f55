"""Arguments out of reprs, whole, cut or odd."""

from __future__ import annotations

import pytest
from celery.utils.saferepr import saferepr

from umbel.query.arguments import KEYS_MAX, argument, keys, readings

ARGS: tuple[object, ...] = (7, "EUR", {"lines": [{"sku": "A-1", "n": 2}]}, None, [])
KWARGS = {
    "order_id": 4711,
    "email": "ann@example.org",
    "note": "it's (so, or) {not}: 'x'",
    "line": "one\ntwo",
    "a.b": "dotted",
    "a": {"b": "nested", "c": {1: "one"}},
    "empty": "",
    "flag": True,
    "price": 1.5,
}


@pytest.mark.parametrize("written", [repr, saferepr])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("0", "7"),
        ("1", "EUR"),
        ("3", "None"),
        ("4", "[]"),
        ("order_id", "4711"),
        ("ORDER_ID", "4711"),
        ("email", "ann@example.org"),
        ("note", "it's (so, or) {not}: 'x'"),
        ("a.b", "dotted"),
        ("empty", ""),
        ("flag", "True"),
        ("price", "1.5"),
        ("5", None),
        ("nosuch", None),
        ("order_id.x", None),
        ("", None),
        (".", None),
    ],
)
def test_an_argument_is_found_as_python_and_as_celery_write_it(
    written: object, key: str, value: str | None
) -> None:
    assert callable(written)
    assert argument(written(ARGS), written(KWARGS), key) == value


def test_a_path_leads_into_dictionaries_and_lists() -> None:
    assert argument(repr(ARGS), None, "2.lines.0.sku") == "A-1"
    assert argument(repr(ARGS), None, "2.lines.0") == "{'sku': 'A-1', 'n': 2}"
    assert argument(None, repr(KWARGS), "a.c.1") == "one"
    assert argument(None, "{'a': {'x.y': {'z': 5}}}", "a.x.y") == "{'z': 5}"


def test_an_index_may_also_be_a_keyword() -> None:
    assert argument("('a',)", "{'1': 'b'}", "0") == "a"
    assert argument("('a',)", "{'1': 'b'}", "1") == "b"


def test_what_was_cut_away_is_not_there_and_the_rest_is() -> None:
    cut = saferepr({"first": "x", "second": "y" * 50, "third": "z"}, 40)
    assert "..." in cut

    assert argument("()", cut, "first") == "x"
    assert argument("()", cut, "third") is None
    assert argument("()", "{'a': {...}, 'b': 1", "b") == "1"
    assert argument("()", "{'a': ..., 'b': 1}", "a") is None
    assert argument("(1, ...)", "{}", "1") is None


@pytest.mark.parametrize(
    ("kwargs", "key", "value"),
    [
        ("{'when': datetime.datetime(2026, 11, 22, 0, 0), 'b': 1}", "when",
         "datetime.datetime(2026, 11, 22, 0, 0)"),
        ("{'who': <User: ann, 5>, 'b': 1}", "b", "1"),
        ("{'who': <User: ann, 5>, 'b': 1}", "who", "<User: ann, 5>"),
        ("{'b': b'raw'}", "b", "raw"),
        ('{"b": "double"}', "b", "double"),
        ("{'b': 'open", "b", "'open"),
        ("{'b': 1}}}", "b", "1"),
        ("not a dictionary", "b", None),
        ("", "b", None),
        ("{", "b", None),
        ("OrderedDict({'b': 1})", "b", None),
    ],
)  # fmt: skip
def test_odd_texts_are_read_as_far_as_they_go(kwargs: str, key: str, value: str | None) -> None:
    assert argument("()", kwargs, key) == value


def test_a_string_is_read_as_celery_and_as_python_escape_it() -> None:
    assert readings(r"'C:\new'") == (r"C:\new", "C:\new", r"'C:\new'")
    assert readings(r"'\x41\u00e9\U0001f600'")[1] == "Aé\N{GRINNING FACE}"
    assert readings(r"'\Uffffffff'")[1] == r"\Uffffffff"
    assert readings("4711") == ("4711",)


def test_keys_are_those_of_the_outermost_dictionary() -> None:
    assert keys(repr(KWARGS)) == list(KWARGS)
    assert keys("{'a': {'b': 1}, 'c': ...}") == ["a", "c"]
    assert keys("(1, 2)") == []
    assert keys("{1: 2, 'a': 3}") == ["a"]
    assert keys(None) == []
    assert len(keys(repr(dict.fromkeys(map(str, range(1_000)))))) == KEYS_MAX


@pytest.mark.parametrize("text", ["(" * 60_000, "{'a': " * 10_000, "'" * 60_000, "\\" * 60_000])
def test_huge_nonsense_is_no_trouble(text: str) -> None:
    path = ".".join("a" * 1_000)
    assert argument(text, text, "nosuch") is None
    assert isinstance(keys(text), list)
    assert argument(text, text, path) is None or path
