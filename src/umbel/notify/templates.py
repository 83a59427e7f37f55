"""Templates of messages: `$name` stands for a part of it, as in `string.Template`."""

from __future__ import annotations

from string import Template
from typing import Final

from umbel.notify.base import AlertMessage

TITLE: Final = "$title"
TEXT: Final = "$text\n\n$link"
#: What a template can name.
PARTS: Final = ("title", "text", "link", "rule", "severity", "cluster", "kind")


def filled(template: str, message: AlertMessage) -> str:
    """The text of a message; what is no part stays as it is written."""
    return Template(template).safe_substitute({each: getattr(message, each) for each in PARTS})


def unknown_part(template: str) -> str | None:
    """A `$name` that is no part of a message, or a lone `$`; None if there is none."""
    found = Template(template)
    if not found.is_valid():
        return "$"
    return next((each for each in found.get_identifiers() if each not in PARTS), None)
