"""What settings say of alerts, for the services of a cluster."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from umbel.notify.base import Notifier, NotifierConfig
from umbel.store.alerts import AlertRule


class AlertOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`notifiers` by name, with their `configs`; `rules` of the settings, in the file (or variable)
    `origin`; how often rules are judged once the services are started (`every_s`, None for
    never); and the `address` under which people reach this cluster."""

    notifiers: Mapping[str, Notifier] = {}
    configs: tuple[NotifierConfig, ...] = ()
    rules: tuple[AlertRule, ...] = ()
    origin: str = ""
    every_s: float | None = None
    address: str = ""
