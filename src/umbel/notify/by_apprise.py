"""Some hundred others (Telegram, PagerDuty, Teams, ntfy, SMS, ...) through apprise, the extra
`[alerts]`, which is imported when it is first used."""

from __future__ import annotations

import importlib
from typing import Any

from umbel.errors import DeliveryFailed
from umbel.notify.base import RESOLVED, AlertMessage, NotifierConfig
from umbel.notify.templates import TEXT, TITLE, filled


class ByApprise:
    """One address of apprise."""

    def __init__(self, config: NotifierConfig) -> None:
        self._config = config

    def deliver(self, message: AlertMessage) -> None:
        try:
            apprise: Any = importlib.import_module("apprise")
        except ImportError:
            raise DeliveryFailed(
                "apprise is not installed, so this notifier cannot be used.",
                remedy="Install it with pip install 'umbel[alerts]'.",
                retriable=False,
            ) from None
        services = apprise.Apprise()
        if not services.add(self._config.url):
            raise DeliveryFailed(
                "apprise does not understand the address of this notifier.",
                remedy="Its form is in the documentation of apprise.",
                retriable=False,
            )
        kinds = {RESOLVED: apprise.NotifyType.SUCCESS, "test": apprise.NotifyType.INFO}
        grave = (
            apprise.NotifyType.FAILURE
            if message.severity == "critical"
            else apprise.NotifyType.WARNING
        )
        taken = services.notify(
            title=filled(self._config.title or TITLE, message),
            body=filled(self._config.text or TEXT, message),
            notify_type=kinds.get(message.kind, grave),
        )
        if not taken:
            raise DeliveryFailed(
                f"{self._config.url.partition('://')[0]}:// did not take the message.",
                remedy="The log of apprise says why.",
                retriable=True,
            )
