"""Slack, by an incoming webhook; Mattermost and others take the same."""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.notify.base import AlertMessage, NotifierConfig
from umbel.notify.posting import post
from umbel.notify.templates import TITLE, filled

_SIGNS: Final = {"critical": ":red_circle:", "warning": ":large_orange_circle:"}
_TEXT: Final = "$text"


class Slack:
    """Posts the title in bold, then the text, then the link."""

    def __init__(self, config: NotifierConfig) -> None:
        self._config = config

    def deliver(self, message: AlertMessage) -> None:
        title = _escaped(filled(self._config.title or TITLE, message))
        text = _escaped(filled(self._config.text or _TEXT, message))
        over = message.kind == "resolved"
        sign = ":white_check_mark:" if over else _SIGNS.get(message.severity, ":white_circle:")
        link = f"<{message.link}|Look>" if message.link else ""
        body = {"text": "\n".join(part for part in (f"{sign} *{title}*", text, link) if part)}
        post(self._config.url, msgspec.json.encode(body), {"content-type": "application/json"})


def _escaped(text: str) -> str:
    """Nothing in it names a person, a channel or an address."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
