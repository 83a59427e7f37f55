"""A query and a task: does it match?

`compile_query` turns a query into one function, for those who ask it of many tasks. What
is written here is the meaning of the language; SQL must agree with it on every input, and
uses the same `folding` and `arguments` where it compares text.

What is not known matches nothing: a task without a runtime is neither `runtime:>5s` nor
`runtime:<=5s`, but it is `-runtime:>5s`.
"""

from __future__ import annotations

from collections.abc import Callable

from umbel.cluster.task import FLAGS, Task
from umbel.query.arguments import find, readings
from umbel.query.ast import (
    And,
    Argument,
    Between,
    During,
    Has,
    Matches,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.fields import FIELDS, WORDS_IN, Value
from umbel.query.folding import comparison, fold

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
    if isinstance(node, And):
        return _all([compile_query(each, now) for each in node.nodes])
    if isinstance(node, Or):
        return _any([compile_query(each, now) for each in node.nodes])
    if isinstance(node, Not):
        inner = compile_query(node.node, now)
        return lambda task: not inner(task)
    return _leaf(node, now)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda task: all(test(task) for test in tests)


def _any(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda task: any(test(task) for test in tests)


def _leaf(node: Words | Matches | Between | During | Argument | Has, now: float) -> Test:
    if isinstance(node, Words):
        return _words(node)
    if isinstance(node, Matches):
        return _matches(node)
    if isinstance(node, Between):
        return _of_value(node.field, number_test(node))
    if isinstance(node, During):
        return _of_value(node.field, time_test(node, now))
    if isinstance(node, Argument):
        test = argument_test(node)
        return lambda task: test(task.args, task.kwargs)
    return _has(node)


def _words(node: Words) -> Test:
    wanted = fold(node.text)
    fields = [FIELDS[name] for name in WORDS_IN]

    def test(task: Task) -> bool:
        for field in fields:
            value = field.value(task)
            if isinstance(value, str) and wanted in fold(value):
                return True
        return False

    return test


def _matches(node: Matches) -> Test:
    field = FIELDS[node.field]
    compares = comparison(node.how, node.values, cased=field.cased)

    def test(task: Task) -> bool:
        value = field.value(task)
        return isinstance(value, str) and compares(value)

    return test


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


def argument_test(node: Argument) -> ArgumentTest:
    """Whether the argument stands in the reprs of args and kwargs and compares so."""
    compares = comparison(node.how, (node.value,))

    def test(args: str | None, kwargs: str | None) -> bool:
        found = find(args, kwargs, node.key)
        return found is not None and any(compares(reading) for reading in readings(found))

    return test


def _has(node: Has) -> Test:
    if node.field in FLAGS:
        return lambda task: node.field in task.flags
    field = FIELDS[node.field]
    return lambda task: field.value(task) is not None
