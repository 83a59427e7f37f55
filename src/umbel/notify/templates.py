"""Templates of messages: `$name` stands for a part of it, as in `string.Template`."""

from __future__ import annotations

from string import Template
from typing import Final

from umbel.notify.base import AlertMessage

TITLE: Final = "$title"
TEXT: Final = "$text\n\n$link"
#: What a template can name.
PARTS: Final = ("title", "text", "link", "rule", "severity", "cluster", "kind")
#: The fields of these that have another name: people call a rule by its name, not its id.
_NAMED: Final = {"rule": "name"}


def filled(template: str, message: AlertMessage) -> str:
    """The text of a message; what is no part stays as it is written."""
    parts = {each: getattr(message, _NAMED.get(each, each)) for each in PARTS}
    return Template(template).safe_substitute(parts)


def unknown_part(template: str) -> str | None:
    """A `$name` that is no part of a message, or a lone `$`; None if there is none."""
    found = Template(template)
    if not found.is_valid():
        return "$"
    return next((each for each in found.get_identifiers() if each not in PARTS), None)
