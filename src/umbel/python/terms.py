"""`parse_search_terms` and `satisfies_search_terms`: a search as plain values, held against tasks.

The text is that of the query language; what people know from Flower stands in a dictionary
of plain values, so that a program can look at it, add to it, or make one itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from time import time
from typing import Any, Final

from umbel.python.info import task_of
from umbel.query.arguments import find, readings
from umbel.query.ast import And, Argument, Comparison, Matches, Node, Words
from umbel.query.canonical import canonical
from umbel.query.folding import fold
from umbel.query.match import Test, compile_query
from umbel.query.parse import parse

#: Free text, and the fields whose terms are texts that must be contained.
_CONTAINED: Final = ("name", "worker", "args", "result", "traceback")
_KEYS: Final = ("any", *_CONTAINED, "state", "kwargs", "kwargs_text", "query")

Terms = Mapping[str, Any]


def parse_search_terms(raw_search_value: str | None) -> dict[str, Any]:
    """What a search asks for, by field; an empty search gives an empty dictionary.

    - `any`: free text; `name`, `worker`, `result`, `traceback`: a text that the field must
      contain. Several of one key are a list, all of which must be contained.
    - `args`: a list of texts that the positional arguments must contain.
    - `state`: a list of states, any one of which the task must have.
    - `kwargs`: values by name of keyword argument (`kwargs:user=4` is `{"user": "4"}`);
      `kwargs_text`: a text anywhere in the keyword arguments.
    - `query`: whatever else the query language knows (`runtime:>5s`, `-name:noise`,
      `a OR b`), as its text.

    Quotes keep words together. Raises `QueryError`, a `ValueError`, for a text that cannot be
    understood.
    """
    terms: dict[str, Any] = {}
    query = parse(raw_search_value or "")
    nodes = query.nodes if isinstance(query, And) else (query,)
    others = [node for node in nodes if not _take(terms, node)]
    if others:
        terms["query"] = canonical(And(tuple(others)))
    return terms


def satisfies_search_terms(task: object, search_terms: Terms | str | None) -> bool:
    """Whether the task has everything that the terms ask for; no terms ask for nothing.

    `task` is a dictionary or any object with the keys or attributes of `TaskInfo`; terms are
    what `parse_search_terms` gives, or the search itself. Upper and lower case are the same.
    """
    if not search_terms:
        return True
    return _test(query_of(search_terms))(task_of(task))


def query_of(search: Terms | str | None) -> Node:
    """What a search or its terms ask for. Raises `QueryError`, `ValueError`."""
    if search is None or isinstance(search, str):
        return parse(search or "")
    unknown = [key for key in search if key not in _KEYS]
    if unknown:
        raise ValueError(
            f"There is no search term {unknown[0]!r}: the terms are {', '.join(_KEYS)}."
        )
    nodes: list[Node] = [Words(text) for text in _texts(search.get("any"))]
    for field in _CONTAINED:
        nodes += [
            Matches(field, Comparison.CONTAINS, (text,)) for text in _texts(search.get(field))
        ]
    for text in _texts(search.get("kwargs_text")):
        nodes.append(Matches("kwargs", Comparison.CONTAINS, (text,)))
    if states := tuple(text.upper() for text in _texts(search.get("state"))):
        nodes.append(Matches("state", Comparison.EQUALS, states))
    for key, value in (search.get("kwargs") or {}).items():
        nodes.append(Argument(str(key), str(value)))
    for text in _texts(search.get("query")):
        nodes.append(parse(text))
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def task_args_contains_search_args(
    task_args: object, search_args: Mapping[str, object] | Sequence[object] | str | None
) -> bool:
    """Whether all of `search_args` are among the arguments.

    `task_args` are positional or keyword arguments: a repr, as tasks have them, or the real
    list, tuple or dictionary, also one of both, and nested ones. In a repr a text must be
    contained; in a container it must be contained in a text of it, or be what another value
    is written as. `{"user": 4}`, or `"user=4"`, asks for a keyword argument. No arguments
    contain nothing; no `search_args` are contained in any arguments that there are.
    """
    if not task_args:
        return False
    if isinstance(search_args, Mapping):
        return all(_has_pair(task_args, str(key), value) for key, value in search_args.items())
    wanted = [search_args] if isinstance(search_args, str) else list(search_args or ())
    return all(_has(task_args, each) for each in wanted)


def _take(terms: dict[str, Any], node: Node) -> bool:
    """Put one part of a search under its key; whether it has one."""
    if isinstance(node, Words):
        _add(terms, "any", node.text)
    elif isinstance(node, Argument) and _is_pair(node):
        pairs = terms.setdefault("kwargs", {})
        if pairs.setdefault(node.key, node.value) != node.value:
            return False
    elif not isinstance(node, Matches) or len(node.values) == 0:
        return False
    elif node.field == "state" and node.how is Comparison.EQUALS and "state" not in terms:
        terms["state"] = list(node.values)
    elif node.how is not Comparison.CONTAINS or len(node.values) > 1:
        return False
    elif node.field == "args":
        terms.setdefault("args", []).append(node.values[0])
    elif node.field in _CONTAINED or node.field == "kwargs":
        _add(terms, "kwargs_text" if node.field == "kwargs" else node.field, node.values[0])
    else:
        return False
    return True


def _is_pair(node: Argument) -> bool:
    return node.how is Comparison.EQUALS and not node.key.partition(".")[0].isdecimal()


def _add(terms: dict[str, Any], key: str, text: str) -> None:
    held = terms.get(key)
    terms[key] = text if held is None else [*_texts(held), text]


def _texts(value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [str(value)]
    return [str(each) for each in value]


@lru_cache(maxsize=64)
def _compiled(query: Node, second: int) -> Test:
    return compile_query(query, float(second))


def _test(query: Node) -> Test:
    """The test of a query, kept for whoever asks it of many tasks; times relative to now are
    exact to the second."""
    return _compiled(query, int(time()))


def _has(arguments: object, wanted: object) -> bool:
    if isinstance(arguments, str):
        if fold(str(wanted)) in fold(arguments):
            return True
    elif _contains(arguments, wanted):
        return True
    if isinstance(wanted, str) and "=" in wanted:
        key, _, value = wanted.partition("=")
        return _has_pair(arguments, key.strip(), value.strip())
    return False


def _contains(arguments: object, wanted: object) -> bool:
    """Whether a container, or one within it, has the value."""
    if isinstance(arguments, Mapping):
        return any(_contains(value, wanted) for value in arguments.values())
    if isinstance(arguments, list | tuple | set | frozenset):
        return any(_contains(value, wanted) for value in arguments)
    if isinstance(arguments, str) and isinstance(wanted, str):
        return fold(wanted) in fold(arguments)
    return bool(arguments == wanted) or str(arguments) == str(wanted)


def _has_pair(arguments: object, key: str, wanted: object) -> bool:
    if isinstance(arguments, str):
        found = find(arguments, arguments, key)
        return found is not None and fold(str(wanted)) in map(fold, readings(found))
    if isinstance(arguments, Mapping):
        if key in arguments:
            held = arguments[key]
            return bool(held == wanted) or fold(str(held)) == fold(str(wanted))
        return any(_has_pair(value, key, wanted) for value in arguments.values())
    if isinstance(arguments, list | tuple):
        return any(_has_pair(value, key, wanted) for value in arguments if not _is_text(value))
    return False


def _is_text(value: object) -> bool:
    return isinstance(value, str)
