"""What holds for every search text, every query and every task."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.property.queries import NOW, queries, tasks
from umbel.cluster.task import Task
from umbel.errors import QueryError
from umbel.query.arguments import argument, keys
from umbel.query.ast import EVERYTHING, And, Node, Not, Or
from umbel.query.canonical import canonical
from umbel.query.describe import describe
from umbel.query.lexer import TEXT_MAX
from umbel.query.match import compile_query, match
from umbel.query.parse import chips, parse
from umbel.query.suggest import complete

#: Texts that look like searches more often than chance would have it.
_PIECES = st.sampled_from(
    ["name", "state", "runtime", "received", "args", "kwargs", "is", "has", ":", "..", "-", "~",
     "=", ">", "<", ",", "*", "?", "(", ")", '"', "\\", " ", "AND", "OR", "NOT", "FAILURE", "5s",
     "-2h", "now", "2026-11-22", "T10:00", "0", ".", "x", "é", "\n", "\0", "1e9", "+01:00"]
)  # fmt: skip
texts = st.one_of(st.text(), st.lists(_PIECES, max_size=14).map("".join))

TASK = Task(uuid="x", state="SUCCESS", seen=NOW, timestamp=NOW)


def understood(text: str) -> Node | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


@given(texts)
@example("(" * 5_000)
@example("-" * 3_999)
@example("a " * 2_000)
@example("runtime:" + "9" * 3_000)
@example("args." + "a." * 1_900 + "a:1")
@example("received:9999-12-31T23:59+00:01..")
@example("name:" + "*a" * 1_900)
@example("\ud800")
def test_any_text_is_understood_or_refused_with_its_place(text: str) -> None:
    node = understood(text)

    if isinstance(node, QueryError):
        assert node.message
        assert 0 <= node.position <= node.end <= len(text)
    else:
        assert describe(node)
        assert match(node, TASK, NOW) is not match(Not(node), TASK, NOW)


@given(texts)
def test_a_text_that_is_understood_has_a_canonical_one_that_means_the_same(text: str) -> None:
    node = understood(text)
    assume(not isinstance(node, QueryError))
    assert not isinstance(node, QueryError)
    assert parse(canonical(node)) == node


@given(queries)
def test_a_query_is_the_same_after_being_written_and_read(node: Node) -> None:
    text = canonical(node)
    assume(len(text) <= TEXT_MAX)

    assert parse(text) == node
    assert canonical(parse(text)) == text


@given(queries, tasks)
def test_not_matches_exactly_what_does_not_match(node: Node, task: Task) -> None:
    assert match(Not(node), task, NOW) is not match(node, task, NOW)


@given(queries, queries, tasks)
def test_and_and_or_are_what_their_parts_say(one: Node, other: Node, task: Task) -> None:
    here, there = match(one, task, NOW), match(other, task, NOW)

    assert match(And((one, other)), task, NOW) is (here and there)
    assert match(Or((one, other)), task, NOW) is (here or there)


@given(tasks)
def test_the_empty_query_matches_everything_and_no_alternative_nothing(task: Task) -> None:
    assert match(EVERYTHING, task, NOW)
    assert not match(Or(()), task, NOW)


@given(queries, st.lists(tasks, max_size=3))
def test_a_compiled_query_can_be_asked_of_many_tasks(node: Node, several: list[Task]) -> None:
    test = compile_query(node, NOW)

    assert [test(task) for task in several] == [match(node, task, NOW) for task in several]


@given(queries)
def test_every_query_has_a_sentence(node: Node) -> None:
    sentence = describe(node)

    assert sentence[0].isupper()
    assert "tasks" in sentence.lower()


@given(texts)
def test_chips_are_parts_of_the_text_that_together_mean_the_same(text: str) -> None:
    node = understood(text)
    assume(not isinstance(node, QueryError))
    assert not isinstance(node, QueryError)

    parts = chips(text)

    assert all(text[chip.start : chip.end] == chip.text for chip in parts)
    assert [chip.start for chip in parts] == sorted({chip.start for chip in parts})
    assert parse(" ".join(chip.text for chip in parts)) == node


@given(texts, st.integers(-5, 60))
def test_there_is_something_to_complete_in_any_text(text: str, caret: int) -> None:
    context = complete(text, caret)

    assert 0 <= context.start <= context.end <= len(text)
    for candidate in context.candidates:
        assert candidate.insert
        assert candidate.help
    for lookup in context.lookups:
        assert lookup.insertion("a b")


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=12))
@example("(" * 60, "{" * 60, "0")
@example("'", "{'a': 'b", "a")
def test_arguments_are_read_out_of_any_text(args: str, kwargs: str, key: str) -> None:
    found = argument(args, kwargs, key)

    assert found is None or found in args + kwargs or "\\" in args + kwargs
    assert all(isinstance(name, str) for name in keys(kwargs))


_BARE_WORD = st.text(
    st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=10
).filter(lambda text: "\\" not in text)
_KEY = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=6)


@given(st.dictionaries(_KEY, _BARE_WORD, max_size=5), st.lists(_BARE_WORD, max_size=5))
def test_strings_are_read_back_out_of_their_reprs(kwargs: dict[str, str], args: list[str]) -> None:
    assert keys(repr(kwargs)) == list(kwargs)
    for key, value in kwargs.items():
        assert argument("()", repr(kwargs), key) == value
    for index, value in enumerate(args):
        assert argument(repr(tuple(args)), "{}", str(index)) == value
