"""Some hundred others (Telegram, PagerDuty, Teams, ntfy, SMS, ...) through apprise, the extra
`[alerts]`, which is imported when it is first used.

Its services have time limits for what they wait for, and none for the whole (an answer may come a
byte at a time), so messages are sent in threads of their own, and are left behind.

Addresses of apprise are secrets, and its log repeats them: nothing of it reaches the log of Umbel.
What it warns of tells why a message was not taken, and is shown where it has no word of the address
that may be secret.
"""

from __future__ import annotations

import importlib
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from umbel.errors import DeliveryFailed
from umbel.notify.base import RESOLVED, AlertMessage, NotifierConfig
from umbel.notify.templates import TEXT, TITLE, filled
from umbel.time_limit import WHOLE_S
from umbel.timed_pool import NoClient, TimedOut, TimedPool

_APPRISE: Final = logging.getLogger("apprise")
#: These write addresses and tokens where everything is logged.
_DETAILED: Final = ("urllib3", "oauthlib", "requests_oauthlib")
_ONE: Final = threading.Lock()
#: Shorter words of an address may be in any sentence.
_WORD_MIN: Final = 3
_WHY_MAX: Final = 200
#: How long it is waited for that another message is sent, to hear why one's own is not taken.
_HEARING_S: Final = 1.0
#: So many messages of a notifier may hang without keeping others from being tried.
_STUCK_MAX: Final = 4
#: What stands for a host in other addresses may be a token (`tgram://TOKEN/CHAT`).
_WITH_HOSTS: Final = frozenset({"form", "forms", "json", "jsons", "xml", "xmls"})


class ByApprise:
    """One address of apprise. A message takes `whole_s` seconds at most."""

    def __init__(self, config: NotifierConfig, whole_s: float = WHOLE_S) -> None:
        self._config = config
        self._whole_s = whole_s
        self._scheme = config.url.partition("://")[0]
        self._pool = TimedPool(NoClient, name="umbel-apprise", size=1, stuck=_STUCK_MAX)

    def deliver(self, message: AlertMessage) -> None:
        apprise = _imported()
        try:
            self._pool.call(lambda _: self._send(apprise, message), self._whole_s)
        except TimedOut:
            raise DeliveryFailed(
                f"{self._scheme}:// took longer than {self._whole_s:g} s, and may have taken the "
                "message.",
                retriable=True,
            ) from None

    def _send(self, apprise: Any, message: AlertMessage) -> None:
        kinds = {RESOLVED: apprise.NotifyType.SUCCESS, "test": apprise.NotifyType.INFO}
        grave = (
            apprise.NotifyType.FAILURE
            if message.severity == "critical"
            else apprise.NotifyType.WARNING
        )
        with _warnings() as warnings:
            # Nobody is led elsewhere, unless the address itself says redirect=yes.
            asset = apprise.AppriseAsset(http_redirects=False, async_mode=False)
            services = apprise.Apprise(asset=asset)
            if not services.add(self._config.url):
                raise DeliveryFailed(
                    f"apprise does not understand the address of this notifier, {self._scheme}://.",
                    remedy="Its form is in the documentation of apprise.",
                    retriable=False,
                )
            taken = services.notify(
                title=filled(self._config.title or TITLE, message),
                body=filled(self._config.text or TEXT, message),
                body_format=apprise.NotifyFormat.TEXT,
                notify_type=kinds.get(message.kind, grave),
            )
        if not taken:
            why = next((each for each in warnings if not tells(each, self._config.url)), "")
            because = f": {why[:_WHY_MAX]}" if why else "."
            raise DeliveryFailed(
                f"{self._scheme}:// did not take the message{because}", retriable=True
            )


def tells(text: str, url: str) -> bool:
    """Whether a text has a word of an address that may be secret."""
    parts = urlsplit(url)
    shown = {parts.scheme.lower()}
    if parts.scheme in _WITH_HOSTS:
        shown.add((parts.hostname or "").lower())
    words = {
        word.lower()
        for each in (url, unquote(url))
        for word in re.split(r"[/:@?&=+,;#%\s]+", each)
        if len(word) >= _WORD_MIN
    }
    lower = text.lower()
    return any(word in lower for word in words - shown)


def _imported() -> Any:
    _APPRISE.propagate = False
    for name in _DETAILED:
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        raise DeliveryFailed(
            "apprise is not installed, so this notifier cannot be used.",
            remedy="Install it with pip install 'umbel[alerts]'.",
            retriable=False,
        ) from None
    return apprise


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What apprise warns of meanwhile, the first first, from whichever thread it sends. One at a
    time, so that none is told what another one's address holds; nothing while another one hangs."""
    found: list[str] = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Hearing(logging.WARNING)
    if not _ONE.acquire(timeout=_HEARING_S):
        yield found
        return
    try:
        _APPRISE.addHandler(handler)
        yield found
    finally:
        _APPRISE.removeHandler(handler)
        _ONE.release()
