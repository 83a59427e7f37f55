"""Where a name is registered, and what workers and the application say of the task.

Workers tell attributes of a task as text behind its name: `shop.pay [rate_limit=5/m __doc__=Ask
the bank.]` (celery/worker/control.py, `registered`). Values may have spaces in them, so each is
what stands before the next attribute; the docstring is asked for last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import cleandoc
from typing import Final

from umbel.errors import BrokerError
from umbel.services.cluster.inspection import InspectAnswers, Inspection
from umbel.services.cluster.registered_tasks import TaskDescription, workers_with
from umbel.services.names.rows import Registration

#: What a worker is asked about a task.
OPTIONS: Final = (
    "rate_limit", "time_limit", "soft_time_limit", "max_retries", "acks_late", "queue", "__doc__",
)  # fmt: skip
_DOC: Final = "__doc__"
#: The longest docstring that is told, in characters.
DOC_MAX: Final = 2_000
_ATTRIBUTE: Final = re.compile(r"(?:^| )({})=".format("|".join(map(re.escape, OPTIONS))))
#: What the docstring of a task says that has none of its own.
_CELERYS_OWN: Final = "Task base class."


def registration(
    name: str, inspection: Inspection, described: Mapping[str, TaskDescription]
) -> Registration:
    """Ask the workers about a name; what cannot be asked is said, not raised."""
    application = described.get(name, TaskDescription())
    try:
        answers = inspection.inspect("registered")
        workers = workers_with(answers, name)
        options = _options(name, inspection, workers[0]) if workers else {}
    except BrokerError as error:
        return Registration(
            name=name, signature=application.signature, doc=application.doc, trouble=str(error)
        )
    doc = options.pop(_DOC, None)
    return Registration(
        name=name,
        workers=workers,
        without=tuple(sorted({*answers.values} - {*workers})),
        missing=answers.unheard,
        signature=application.signature,
        doc=application.doc or _cleaned(doc),
        options=options,
        rate_limits=_rate_limits(name, answers),
    )


def attributes(entry: str) -> dict[str, str]:
    """What stands in the brackets behind a name."""
    _, opened, told = entry.partition(" [")
    if not opened:
        return {}
    told = told.removesuffix("]")
    found = list(_ATTRIBUTE.finditer(told))
    ends = [each.start() for each in found[1:]] + [len(told)]
    values: dict[str, str] = {}
    for each, end in zip(found, ends, strict=True):
        if _DOC in values:  # the docstring itself may speak of `queue=`
            values[_DOC] += told[each.start() : end]
        else:
            values[each[1]] = told[each.end() : end]
    return values


def _options(name: str, inspection: Inspection, worker: str) -> dict[str, str]:
    return _options_in(name, inspection.registered_at(worker, OPTIONS).values.get(worker))


def _options_in(name: str, entries: object) -> dict[str, str]:
    listed = map(str, entries) if isinstance(entries, list) else ()
    entry = next((each for each in listed if each.partition(" [")[0] == name), "")
    return {option: text for option, text in attributes(entry).items() if text not in ("", "None")}


def _rate_limits(name: str, answers: InspectAnswers) -> dict[str, str]:
    limits: dict[str, str] = {}
    for worker, entries in sorted(answers.values.items()):
        found = _options_in(name, entries)
        if "rate_limit" in found:
            limits[worker] = found["rate_limit"]
    return limits


def _cleaned(doc: str | None) -> str | None:
    text = cleandoc(doc or "")
    return None if not text or text.startswith(_CELERYS_OWN) else text[:DOC_MAX]
