"""Matching: whether a task matches a query.

`compile_query` turns a query into one function, for those who ask it of many tasks. What
is written here is the meaning of the language; SQL must agree with it on every input, and
uses the same `folding` and `arguments` where it compares text.

What is not known matches nothing: a task without a runtime is neither `runtime:>5s` nor
`runtime:<=5s`, but it is `-runtime:>5s`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from umbel.cluster.task import FLAGS, Task
from umbel.query.arguments import find, readings
from umbel.query.ast import (
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.error_terms import error_comparison
from umbel.query.fields import BESIDE, FIELDS, WORDS_IN, Field, Value
from umbel.query.folding import TextTest, comparison, fold

Test = Callable[[Task], bool]
ArgumentTest = Callable[[str | None, str | None], bool]
NumberTest = Callable[[Value], bool]


def match(node: Node, task: Task, now: float) -> bool:
    """Whether `task` matches at `now` (Unix seconds)."""
    return compile_query(node, now)(task)


def compile_query(node: Node, now: float) -> Test:
    """One function that says whether a task matches at `now` (Unix seconds).

    Raises `KeyError` for a field that is not in `fields.FIELDS`; `parse` gives none such.
    """
    return _compiled(node, now, _FoldedTexts())


class _FoldedTexts:
    """What free text is sought in, folded once for all words of a query. Of one task at a
    time: the last that was asked about."""

    def __init__(self) -> None:
        self._fields = [FIELDS[name] for name in WORDS_IN]
        self._last: tuple[Task, list[str | None]] | None = None

    def have(self, wanted: str, task: Task) -> bool:
        """Whether `wanted`, folded, stands in one of them."""
        last = self._last
        if last is None or last[0] is not task:
            last = self._last = task, [None] * len(self._fields)
        folded = last[1]
        for index, field in enumerate(self._fields):
            text = folded[index]
            if text is None:
                value = field.value(task)
                text = folded[index] = fold(value) if isinstance(value, str) else ""
            if wanted in text:
                return True
        return False


def _compiled(node: Node, now: float, texts: _FoldedTexts) -> Test:
    if isinstance(node, And):
        return _all([_compiled(each, now, texts) for each in node.nodes])
    if isinstance(node, Or):
        alone, listed = _listed(node)
        return _any([*(_compiled(each, now, texts) for each in alone), *map(_argument, listed)])
    if isinstance(node, Not):
        inner = _compiled(node.node, now, texts)
        return lambda task: not inner(task)
    return _leaf(node, now, texts)


def _listed(node: Or) -> tuple[list[Node], list[list[Argument]]]:
    """Alternatives, and those for one argument together: it is looked up once for all of its
    values."""
    alone: list[Node] = []
    by_key: dict[tuple[str, Comparison], list[Argument]] = {}
    for each in node.nodes:
        if isinstance(each, Argument):
            by_key.setdefault((each.key, each.how), []).append(each)
        else:
            alone.append(each)
    return alone, list(by_key.values())


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda task: all(test(task) for test in tests)


def _any(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda task: any(test(task) for test in tests)


def _leaf(
    node: Words | Matches | Between | During | Argument | Has, now: float, texts: _FoldedTexts
) -> Test:
    if isinstance(node, Words):
        return _words(node, texts)
    if isinstance(node, Matches):
        return _matches(node)
    if isinstance(node, Between):
        return _of_value(node.field, number_test(node))
    if isinstance(node, During):
        return _of_value(node.field, time_test(node, now))
    if isinstance(node, Argument):
        return _argument([node])
    return _has(node)


def _words(node: Words, texts: _FoldedTexts) -> Test:
    wanted = fold(node.text)
    return lambda task: texts.have(wanted, task)


def _argument(nodes: list[Argument]) -> Test:
    """Any one of the values of one argument."""
    test = argument_test(nodes[0], *nodes[1:])
    return lambda task: test(task.args, task.kwargs)


def _matches(node: Matches) -> Test:
    field = FIELDS[node.field]
    compares = text_test(field, node.how, node.values)

    def test(task: Task) -> bool:
        value = field.value(task)
        return isinstance(value, str) and compares(value)

    return test


def text_test(field: Field, how: Comparison, values: Sequence[str]) -> TextTest:
    """Whether a text that this field has compares `how` with any one of `values`."""
    if field.name == "error":
        return error_comparison(how, values)
    return comparison(how, values, cased=field.cased)


def _of_value(name: str, test: NumberTest) -> Test:
    field = FIELDS[name]
    return lambda task: test(field.value(task))


def number_test(node: Between) -> NumberTest:
    """Whether a number lies within the bounds; None does not."""
    low, high = node.low, node.high

    def test(value: Value) -> bool:
        if value is None or isinstance(value, str):
            return False
        if low is not None and (value < low or (node.low_open and value == low)):
            return False
        return high is None or value < high or (value == high and not node.high_open)

    return test


def time_test(node: During, now: float) -> NumberTest:
    """Whether a time lies within the span at `now`; None does not."""
    low = node.low.at(now) if node.low is not None else None
    high = node.high.at(now) if node.high is not None else None
    return number_test(Between(node.field, low, high, high_open=True))


def argument_test(node: Argument, *others: Argument) -> ArgumentTest:
    """Whether the argument stands in the reprs of args and kwargs and compares so with its
    value, or with that of one of the `others`, which ask for the same argument."""
    compares = comparison(node.how, tuple(each.value for each in (node, *others)))

    def test(args: str | None, kwargs: str | None) -> bool:
        found = find(args, kwargs, node.key)
        return found is not None and any(compares(reading) for reading in readings(found))

    return test


def _has(node: Has) -> Test:
    if node.field in {*FLAGS, *BESIDE}:
        return lambda task: node.field in task.flags
    field = FIELDS[node.field]
    return lambda task: field.value(task) is not None
