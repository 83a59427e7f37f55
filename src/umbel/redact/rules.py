"""`[redact]`: what is hidden, and of which tasks.

`Redactor` has two sides with the same rules: texts, as events carry them (reprs, maybe cut), and
values, as messages, results and answers of workers hold them. What is hidden reads `<hidden>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from functools import partial
from typing import Any, Final

import msgspec

from umbel.redact.keys import DEFAULT, KeyPatterns
from umbel.redact.positions import hide_positions
from umbel.redact.texts import HIDDEN, redact_text

#: The name under which a task is known, or several: it may be shown under another (`shadow`).
TaskName = str | tuple[str, ...] | None
#: Tasks of Celery's own whose arguments and results are those of other tasks
#: (celery/app/builtins.py).
CANVAS_TASKS: Final = frozenset(
    {"celery.map", "celery.starmap", "celery.chunks", "celery.accumulate", "celery.chord_unlock",
     "celery.group", "celery.chain", "celery.chord"}
)  # fmt: skip
#: An error that repeats the arguments (celery/app/task.py, `retry`).
_RETRY_ERROR: Final = re.compile(
    r"(Can\\*'t retry [^\[]{1,512}\[[^\]]{1,255}\] args:).*", re.DOTALL
)
#: One that repeats another task's error (celery/backends/base.py).
_CHORD_ERROR: Final = "ChordError"
#: Task names whose rules are remembered; applications have hundreds.
_REMEMBERED_MAX: Final = 10_000
#: Keys that name what is under `value` beside them.
_NAMES: Final = ("name", "key")
#: Deeper values are hidden whole.
_DEPTH_MAX: Final = 60


class RedactRules(msgspec.Struct, frozen=True):
    """Patterns with `*` and `?`: of keys (`default` stands for `DEFAULT_KEYS`), and of names of
    tasks whose arguments (all, or at positions counted from 0), results, exceptions and
    tracebacks are hidden whole."""

    keys: tuple[str, ...] = (DEFAULT,)
    positions: Mapping[str, tuple[int, ...]] = {}
    arguments: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    tracebacks: tuple[str, ...] = ()


class TaskRules(msgspec.Struct, frozen=True):
    """What is hidden of the tasks of one name."""

    arguments: bool = False
    positions: frozenset[int] = frozenset()
    result: bool = False
    exception: bool = False
    traceback: bool = False


#: Fields that hold JSON: read as values, while the same text elsewhere is read as a text.
JSON_FIELDS: Final = frozenset({"args_json", "kwargs_json"})

#: Of most tasks nothing is hidden by their name.
NOTHING: Final = TaskRules()


class Redactor:
    """Texts and values without what the rules hide. `name` is the task's, None or no name where it
    is not known: then whatever a rule hides of any task is hidden; of several names, what any of
    them hides. Any thread."""

    def __init__(self, rules: RedactRules) -> None:
        self.keys = KeyPatterns(rules.keys)
        self._arguments = _names(rules.arguments)
        self._positions = [(_names([name]), frozenset(at)) for name, at in rules.positions.items()]
        self._results = _names(rules.results)
        self._exceptions = _names(rules.exceptions)
        self._tracebacks = _names(rules.tracebacks)
        self._by_name: dict[str | tuple[str, ...], TaskRules] = {}
        self._unnamed = TaskRules(
            arguments=bool(rules.arguments or rules.positions),
            positions=frozenset[int](),
            result=bool(rules.results),
            exception=bool(rules.exceptions),
            traceback=bool(rules.tracebacks),
        )
        #: Whether rules by the name of the task hide anything.
        self.hides_by_name = any(
            (rules.positions, rules.arguments, rules.results, rules.exceptions, rules.tracebacks)
        )
        #: Whether anything is hidden at all.
        self.hides_anything = self.hides_by_name or bool(self.keys)

    def of(self, name: TaskName) -> TaskRules:
        """What is hidden of the tasks of this name."""
        if not name:
            return self._unnamed
        rules = self._by_name.get(name)
        if rules is None:
            rules = self._of_names((name,) if isinstance(name, str) else name)
            if len(self._by_name) < _REMEMBERED_MAX:
                self._by_name[name] = rules
        return rules

    def _of_names(self, names: tuple[str, ...]) -> TaskRules:
        at = [positions for fits, positions in self._positions if any(map(fits, names))]
        is_canvas = not CANVAS_TASKS.isdisjoint(names)
        inner = is_canvas and (self._unnamed.arguments or self._unnamed.result)
        return TaskRules(
            arguments=inner or any(map(self._arguments, names)),
            positions=frozenset[int]().union(*at),
            result=inner or any(map(self._results, names)),
            exception=any(map(self._exceptions, names)),
            traceback=any(map(self._tracebacks, names)),
        )

    # -- texts ---------------------------------------------------------------------------

    def text(self, name: TaskName, field: str, text: str) -> str:
        """The text of a field of an event: `args`, `kwargs`, `result`, `exception`, `traceback`,
        or any other, in which keys alone are looked for."""
        match field:
            case "args":
                return self.args_text(name, text)
            case "kwargs":
                return self.kwargs_text(name, text)
            case "args_json":
                return _in_json(text, partial(self.args, name))
            case "kwargs_json":
                return _in_json(text, partial(self.kwargs, name))
            case "result":
                return self.result_text(name, text)
            case "exception":
                return self.exception_text(name, text)
            case "traceback":
                return self.traceback_text(name, text)
            case _:
                return redact_text(text, self.keys)

    def args_text(self, name: TaskName, text: str) -> str:
        """The text of positional arguments."""
        rules = self.of(name)
        if rules.arguments:
            return HIDDEN
        if rules.positions:
            text = hide_positions(text, rules.positions)
        return redact_text(text, self.keys)

    def kwargs_text(self, name: TaskName, text: str) -> str:
        """The text of keyword arguments."""
        return HIDDEN if self.of(name).arguments else redact_text(text, self.keys)

    def result_text(self, name: TaskName, text: str) -> str:
        return HIDDEN if self.of(name).result else redact_text(text, self.keys)

    def exception_text(self, name: TaskName, text: str) -> str:
        rules = self.of(name)
        return HIDDEN if rules.exception else self._error_text(rules, text)

    def traceback_text(self, name: TaskName, text: str) -> str:
        """Its last lines are the exception, so what hides that hides the traceback too."""
        rules = self.of(name)
        return HIDDEN if rules.traceback or rules.exception else self._error_text(rules, text)

    def text_by_keys(self, field: str, text: str) -> str:
        """The text of a field of an event without what its keys hide."""
        return _in_json(text, self.value) if field in JSON_FIELDS else redact_text(text, self.keys)

    def _error_text(self, rules: TaskRules, text: str) -> str:
        if self._unnamed.exception and _CHORD_ERROR in text:
            return HIDDEN
        if rules.arguments or rules.positions:
            text = _RETRY_ERROR.sub(rf"\g<1>{HIDDEN}", text)
        return redact_text(text, self.keys)

    # -- values --------------------------------------------------------------------------

    def args(self, name: TaskName, value: Any) -> Any:
        """Positional arguments: a list, or a text in its place."""
        if isinstance(value, str):
            return self.args_text(name, value)
        rules = self.of(name)
        is_list = isinstance(value, list | tuple)
        if value and (rules.arguments or (rules.positions and not is_list)):
            return HIDDEN
        if rules.positions and is_list:
            value = [HIDDEN if at in rules.positions else each for at, each in enumerate(value)]
        return self.value(value)

    def kwargs(self, name: TaskName, value: Any) -> Any:
        """Keyword arguments: a dictionary, or a text in its place."""
        if isinstance(value, str):
            return self.kwargs_text(name, value)
        return HIDDEN if value and self.of(name).arguments else self.value(value)

    def result(self, name: TaskName, value: Any) -> Any:
        """What a task returned."""
        return HIDDEN if value is not None and self.of(name).result else self.value(value)

    def value(self, value: Any) -> Any:
        """Any value without what its keys hide."""
        return self._value(value, 0) if self.keys else value

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return redact_text(value, self.keys)
        if isinstance(value, bytes | bytearray):
            text = bytes(value).decode("utf-8", "replace")
            shown = redact_text(text, self.keys)
            return value if shown == text else shown
        if not isinstance(value, dict | list | tuple | set | frozenset):
            return value
        if depth > _DEPTH_MAX:
            return HIDDEN
        if isinstance(value, dict):
            named = next((name for name in _NAMES if isinstance(value.get(name), str)), None)
            behind = value[named] if named is not None else None
            return {
                key: self._behind(behind if key == "value" and behind else key, each, depth)
                for key, each in value.items()
            }
        return [*self._items(list(value), depth + 1)]

    def _items(self, items: Sequence[Any], depth: int) -> Iterator[Any]:
        """Headers are often pairs, and commands lists with options."""
        for at, each in enumerate(items):
            before = items[at - 1] if at else None
            names = at == 1 or (isinstance(before, str) and before.startswith("-"))
            yield self._behind(before, each, depth) if names else self._value(each, depth)

    def _behind(self, key: object, value: Any, depth: int) -> Any:
        if isinstance(key, bytes):
            key = key.decode("utf-8", "replace")
        if isinstance(key, str) and key in self.keys and not _hides_nothing(value):
            return HIDDEN
        return self._value(value, depth + 1)


def _in_json(text: str, shown: Callable[[Any], Any]) -> str:
    """JSON with what `shown` gives for its value; hidden as a whole where it cannot be read."""
    try:
        value = json.loads(text)
        changed = shown(value)
    except (ValueError, RecursionError):
        return HIDDEN
    return text if changed == value else json.dumps(changed, ensure_ascii=False)


def _hides_nothing(value: object) -> bool:
    return value is None or isinstance(value, bool) or value == ""


def _names(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name fits one of the patterns; case counts, as in names of tasks."""
    forms = [*map(translate, patterns)]
    fits = re.compile("|".join(forms)).match if forms else None
    return lambda name: fits is not None and fits(name) is not None


#: The usual secrets, where nobody says otherwise.
USUAL: Final = Redactor(RedactRules())
