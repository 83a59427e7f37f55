"""Case folding: the one rule by which texts are compared.

Everything that compares text (match, the stores' SQL functions, suggestions) uses these
functions, so that all agree on every input: case is folded as Unicode says (`Straße` equals
`STRASSE`), nothing else is changed, and no text is ever read across two fields. Ids and
states are the exception: they are compared as they are (`cased`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from umbel.query.ast import Comparison
from umbel.query.globbing import glob

TextTest = Callable[[str], bool]


def fold(text: str) -> str:
    """The form of `text` in which case makes no difference."""
    return text.casefold()


def comparison(how: Comparison, values: Sequence[str], *, cased: bool = False) -> TextTest:
    """A test whether a text compares `how` with any one of `values`."""
    wanted = tuple(values) if cased else tuple(fold(value) for value in values)
    if how is Comparison.EQUALS:
        test = _equals(wanted)
    elif how is Comparison.CONTAINS:
        test = _contains(wanted)
    else:
        test = _any([glob(value) for value in wanted])
    return test if cased else lambda text: test(fold(text))


def _equals(wanted: tuple[str, ...]) -> TextTest:
    if len(wanted) == 1:
        (only,) = wanted
        return lambda text: text == only
    return frozenset(wanted).__contains__


def _contains(wanted: tuple[str, ...]) -> TextTest:
    if len(wanted) == 1:
        (only,) = wanted
        return lambda text: only in text
    return lambda text: any(value in text for value in wanted)


def _any(tests: list[TextTest]) -> TextTest:
    if len(tests) == 1:
        return tests[0]
    return lambda text: any(test(text) for test in tests)
