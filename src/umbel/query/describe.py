"""Describes a query in an English sentence, so that people see how it was understood.

Every part is a phrase that can follow "tasks": *whose name contains x*, *received in the
last 2 h*, *except those ...*. States that the whole query is limited to come first, as
adjectives.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from umbel.query.ast import (
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Moment,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.fields import FIELDS, FLAG_PHRASES, Field, Kind
from umbel.query.quantities import number_text

#: Longer values are cut in the sentence.
VALUE_MAX = 60

STATE_WORDS: Final = {
    "PENDING": "pending",
    "RECEIVED": "received",
    "STARTED": "started",
    "RETRY": "retrying",
    "REJECTED": "rejected",
    "UNKNOWN": "unknown",
    "REVOKED": "revoked",
    "FAILURE": "failed",
    "SUCCESS": "successful",
}
_DAY_S: Final = 86_400.0
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time()
_PLURAL: Final = frozenset({"args", "kwargs"})
#: Where a task is, rather than what it has: the words before a name, and before a part of one.
_PREPOSITIONS: Final = {"worker": ("on", "on a worker"), "queue": ("in queue", "in a queue")}
_IDS: Final = {
    "root": "of workflow",
    "parent": "sent by task",
    "uuid": "with id",
    "group": "of group",
    "chord": "of the chord that runs task",
}
_NOUNS: Final = {
    "eta": "ETA",
    "expires": "expiry",
    "timestamp": "latest time",
    "wait": "waiting time",
    "uuid": "id",
}


def describe(node: Node, zone: tzinfo = UTC) -> str:
    """What `node` asks for, as a sentence without its full stop; times in `zone`, by name."""
    nodes = list(node.nodes) if isinstance(node, And) else [node]
    adjectives = ""
    for each in nodes:
        if isinstance(each, Matches) and each.field == "state":
            adjectives = _states(each)
            nodes.remove(each)
            break
    subject = f"{adjectives} tasks" if adjectives else "tasks" if nodes else "all tasks"
    sentence = " ".join([subject, ", ".join(_phrase(each, zone) for each in nodes)]).strip()
    return sentence[0].upper() + sentence[1:]


def _phrase(node: Node, zone: tzinfo) -> str:
    if isinstance(node, Not):
        return _negation(node.node, zone)
    if isinstance(node, And):
        return " and ".join(_phrase(each, zone) for each in node.nodes) or "of any kind"
    if isinstance(node, Or):
        return _alternatives(node, zone)
    if isinstance(node, Words):
        return f"containing {_value(node.text)}"
    if isinstance(node, Matches):
        return _matches(node)
    if isinstance(node, Argument):
        return f"whose argument {node.key} {_comparison(node.how, (node.value,), ())}"
    if isinstance(node, Between):
        return _between(node)
    if isinstance(node, During):
        return f"{FIELDS[node.field].phrase} {_span(node.low, node.high, zone)}"
    return _has(node)


def _alternatives(node: Or, zone: tzinfo) -> str:
    if not node.nodes:
        return "that cannot exist"
    return "either " + " or ".join(_phrase(each, zone) for each in node.nodes)


def _negation(node: Node, zone: tzinfo) -> str:
    if isinstance(node, Words):
        return f"not containing {_value(node.text)}"
    if isinstance(node, Matches) and node.field not in {*_PREPOSITIONS, *_IDS}:
        return _matches(node, negated=True)
    if isinstance(node, Has) and node.field not in FLAG_PHRASES:
        return f"without a known {_noun(FIELDS[node.field])}"
    return f"except those {_phrase(node, zone)}"


def _states(node: Matches) -> str:
    return _either([STATE_WORDS.get(state, state) for state in node.values])


def _matches(node: Matches, *, negated: bool = False) -> str:
    field = FIELDS[node.field]
    if field.name == "state":
        return f"whose state is {'not ' if negated else ''}{_states(node)}"
    if node.how is Comparison.EQUALS and field.name in _IDS:
        return f"{_IDS[field.name]} {_values(node.values)}"
    if field.name in _PREPOSITIONS:
        exact, partly = _PREPOSITIONS[field.name]
        if node.how is Comparison.EQUALS:
            return f"{exact} {_values(node.values)}"
        return f"{partly} whose name {_comparison(node.how, node.values, ())}"
    marks = [mark for mark, so in (("plural", field.name in _PLURAL), ("not", negated)) if so]
    return f"whose {field.phrase} {_comparison(node.how, node.values, marks)}"


def _comparison(how: Comparison, values: tuple[str, ...], marks: list[str] | tuple[()]) -> str:
    """The verb and what it is about: "begins with x or contains y"."""
    if how is not Comparison.GLOB:
        return f"{_verb(how, marks)} {_values(values)}"
    return _either([_pattern(value, marks) for value in values])


def _verb(how: Comparison, marks: list[str] | tuple[()]) -> str:
    if how is Comparison.EQUALS:
        return ("are" if "plural" in marks else "is") + (" not" if "not" in marks else "")
    return _conjugated("contain", marks)


def _conjugated(verb: str, marks: list[str] | tuple[()]) -> str:
    if "not" in marks:
        return f"{'do' if 'plural' in marks else 'does'} not {verb}"
    if "plural" in marks:
        return verb
    return f"{verb}es" if verb.endswith("ch") else f"{verb}s"


def _pattern(pattern: str, marks: list[str] | tuple[()]) -> str:
    for start, end, verb, rest in (
        ("*", "*", "contain", ""),
        ("", "*", "begin", " with"),
        ("*", "", "end", " with"),
    ):
        inner = pattern.removeprefix(start).removesuffix(end)
        fits = pattern.startswith(start) and pattern.endswith(end)
        if inner and fits and not {"*", "?"} & set(inner):
            return f"{_conjugated(verb, marks)}{rest} {_value(inner)}"
    return f"{_conjugated('match', marks)} {_value(pattern)}"


def _has(node: Has) -> str:
    if node.field in FLAG_PHRASES:
        return f"that {FLAG_PHRASES[node.field]}"
    return f"with a known {_noun(FIELDS[node.field])}"


def _noun(field: Field) -> str:
    if field.name in _NOUNS:
        return _NOUNS[field.name]
    if field.kind is Kind.TIME:
        return f"{field.phrase} time"
    return field.phrase if field.is_text else field.name


def _between(node: Between) -> str:
    field = FIELDS[node.field]
    if field.kind is Kind.DURATION:
        return f"that {field.phrase} {_bounds(node, spoken_duration, 'longer', 'shorter')}"
    bounds = _bounds(node, number_text, "more", "fewer")
    if field.name == "retries":
        return f"with {bounds} {'retry' if node.low == node.high == 1 else 'retries'}"
    return f"with {field.phrase} {bounds}"


def _bounds(node: Between, spoken: Callable[[float], str], more: str, less: str) -> str:
    low = spoken(node.low) if node.low is not None else None
    high = spoken(node.high) if node.high is not None else None
    over = f"{more} than {low}" if node.low_open else f"at least {low}"
    under = f"{less} than {high}" if node.high_open else f"at most {high}"
    if low is None:
        return under
    if high is None:
        return over
    if node.low_open or node.high_open:
        return f"{over} and {under}"
    return low if low == high else f"{low} to {high}"


def _span(low: Moment | None, high: Moment | None, zone: tzinfo) -> str:
    if low is not None and high is None and (low.relative or 0) < 0:
        return f"in the last {spoken_duration(-(low.relative or 0))}"
    if low is not None and high is not None:
        day = _day(low, high, zone)
        if day is not None:
            return f"on {day}"
        return f"from {_time(low, zone)} to {_time(high, zone)}"
    if low is not None:
        return f"from {_time(low, zone)} on"
    return f"before {_time(high, zone)}" if high is not None else "at any time"


def _day(low: Moment, high: Moment, zone: tzinfo) -> str | None:
    """The day that lies between, if it is one of the calendar."""
    start, end = _dated(low.absolute, zone), _dated(high.absolute, zone)
    if start is None or end is None or start.time() != _MIDNIGHT or end.time() != _MIDNIGHT:
        return None
    return f"{start:%Y-%m-%d} {_name(start)}" if end.date() - start.date() == _DAY else None


def _dated(seconds: float | None, zone: tzinfo) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, zone)
    except (ValueError, OverflowError, OSError):
        return None


def _name(at: datetime) -> str:
    """What the zone is called then: CET, CEST, UTC-03."""
    name = at.tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name}"


def _time(moment: Moment, zone: tzinfo) -> str:
    if moment.relative is not None:
        if moment.relative == 0:
            return "now"
        spoken = spoken_duration(abs(moment.relative))
        return f"{spoken} ago" if moment.relative < 0 else f"{spoken} from now"
    at = _dated(moment.absolute or 0.0, zone)
    if at is None:
        return f"second {number_text(moment.absolute or 0.0)}"
    return f"{at:%Y-%m-%d %H:%M}{f':{at:%S}' if at.second else ''} {_name(at)}"


def spoken_duration(seconds: float) -> str:
    """A duration with sense: 200 ms, 5 s, 1 min 30 s, 2 h 4 min, 3 days."""
    if seconds < 1:
        return f"{seconds * 1_000:.4g} ms"
    if seconds < 60:
        return f"{seconds:.4g} s"
    if seconds < 3_600:
        return _two_units(seconds, (60, "min"), (1, "s"))
    if seconds < _DAY_S:
        return _two_units(seconds, (3_600, "h"), (60, "min"))
    return _two_units(seconds, (_DAY_S, "days" if seconds >= 2 * _DAY_S else "day"), (3_600, "h"))


def _two_units(seconds: float, large: tuple[float, str], small: tuple[float, str]) -> str:
    count, rest = int(seconds // large[0]), int(seconds % large[0] // small[0])
    return f"{count:,} {large[1]}" + (f" {rest} {small[1]}" if rest else "")


def _values(values: tuple[str, ...]) -> str:
    return _either([_value(value) for value in values])


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _value(text: str) -> str:
    if len(text) > VALUE_MAX:
        text = text[: VALUE_MAX - 1] + "…"
    return f'"{text}"' if not text or " " in text or "," in text else text
