"""Notifiers by the names that settings give them."""

from __future__ import annotations

from collections.abc import Iterable

from umbel.clock import Clock
from umbel.notify.base import Notifier, NotifierConfig
from umbel.notify.by_apprise import ByApprise
from umbel.notify.mail import Mail
from umbel.notify.slack import Slack
from umbel.notify.webhook import Webhook


def open_notifiers(configs: Iterable[NotifierConfig], clock: Clock) -> dict[str, Notifier]:
    """Nothing is connected before something is sent."""
    return {each.name: _opened(each, clock) for each in configs}


def _opened(config: NotifierConfig, clock: Clock) -> Notifier:
    if config.kind == "webhook":
        return Webhook(config, clock)
    if config.kind == "slack":
        return Slack(config)
    return Mail(config) if config.kind == "email" else ByApprise(config)
