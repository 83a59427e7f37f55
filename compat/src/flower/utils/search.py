"""Searches for tasks, in Umbel's query language (docs/query-language.md), in which those of Flower
mean what they meant: `name:my_task state:FAILURE` finds what fits both."""

from __future__ import annotations

from typing import Any

from flower.unserved import unserved
from umbel import parse_search_terms, satisfies_search_terms, task_args_contains_search_args
from umbel.errors import QueryError as QuerySyntaxError

__all__ = [
    "QuerySyntaxError",
    "parse_search_terms",
    "preprocess_search_value",
    "satisfies_search_terms",
    "stringified_dict_contains_value",
    "task_args_contains_search_args",
]


def stringified_dict_contains_value(key: str, value: object, str_dict: str | None) -> bool:
    """Whether the repr of a dictionary has this value under this key."""
    return task_args_contains_search_args(str_dict, {key: value})


def preprocess_search_value(raw_value: str | None) -> str:
    """The text without quotes and spaces at its ends."""
    return raw_value.strip('" ') if raw_value else ""


_TERMS = "Use parse_search_terms and satisfies_search_terms."
__getattr__: Any = unserved(
    __name__,
    dict.fromkeys(
        ("parse_query", "MatchAll", "Term", "And", "Or", "TaskSearchEngine", "SearchDocument",
         "SearchPage"),
        _TERMS,
    ),
)  # fmt: skip
