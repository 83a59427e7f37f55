"""Flower's options, and what becomes of each.

An option either is a setting of Umbel, its value translated, or has a sentence that says
what replaces it; none is passed over in silence. Pure: `flower_sources` reads command line,
environment and `flowerconfig.py`.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from umbel.settings.kinds import NO, YES
from umbel.settings.units import InvalidValue


@dataclass(frozen=True)
class Option:
    """One option of Flower. With `setting`, `translate` turns its text into what stands in
    that setting; it gives None where nothing is to be set, and raises `ValueError`. Without,
    `sentence` says what replaces it. A `switch` may stand without a value; a `login` is a
    way to ask who somebody is, one that `hides` keeps values from being seen, and one that
    `protects` keeps people from doing or reading something else. An option `says` its sentence
    only for what differs from `quiet`, the values that ask for what Umbel does anyway."""

    name: str
    setting: str | None = None
    translate: Callable[[str], str | None] = lambda text: text
    sentence: str = ""
    switch: bool = False
    login: bool = False
    hides: bool = False
    protects: bool = False
    secret: bool = False
    quiet: tuple[str, ...] = ()

    @property
    def env(self) -> str:
        return "FLOWER_" + self.name.upper()

    @property
    def flag(self) -> str:
        return "--" + self.name


@dataclass(frozen=True)
class GivenOption:
    """What somebody wrote for an option, as text, and where: `--port`, `FLOWER_PORT` or
    `port in /srv/flowerconfig.py`."""

    option: Option
    text: str
    where: str


@dataclass(frozen=True)
class SettingsNotice:
    """A sentence for who starts Umbel. `login`: what was asked for would have kept people
    out, and does not. `hides`: it would have kept values from being seen. `protects`: the settings
    that would have kept people from doing or reading something, if they are not set elsewhere."""

    name: str
    sentence: str
    login: bool = False
    hides: bool = False
    protects: tuple[str, ...] = ()


def _milliseconds(text: str) -> str:
    try:
        milliseconds = round(float(text))
    except (ValueError, OverflowError):
        milliseconds = 0
    if milliseconds <= 0:
        raise InvalidValue("it must be a number of milliseconds above 0")
    return f"{milliseconds}ms"


def _whole(text: str, thing: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidValue(f"it must be a whole number of {thing}") from None


def _most_tasks(text: str) -> str:
    return str(max(_whole(text, "tasks"), 1_000))


def _enabled(text: str) -> str:
    """Flower tells all workers every few seconds; here each is told once."""
    return "always" if _switch(text) == "true" else "ask"


def _seconds(text: str) -> str | None:
    if not text:
        return None
    seconds = _whole(text, "seconds")
    if seconds < 0:
        raise InvalidValue("it must be a whole number of seconds from 0 on")
    return f"{seconds}s"


def is_on(text: str) -> bool:
    """A switch as Flower understands it. Raises `ValueError`."""
    word = text.strip().lower()
    if word in (*YES, "t", "y"):
        return True
    if word in (*NO, "f", "n"):
        return False
    raise InvalidValue("it must be true or false")


def _switch(text: str) -> str:
    return "true" if is_on(text) else "false"


def _together(_: str) -> None:
    """No setting alone: `flower_login` reads these options together."""


def _log_level(text: str) -> str | None:
    errors = dict.fromkeys(("none", "critical", "fatal"), "error")
    return {**errors, "warn": "warning"}.get(text.lower(), text.lower())


#: Options that are read together (`flower_login`): who may log in, by which provider, and how.
LOGIN_OPTIONS: Final = (
    "auth", "auth_provider", "oauth2_key", "oauth2_secret", "oauth2_redirect_uri",
)  # fmt: skip
#: Variables that its logins read and that are no options of it.
LOGIN_VARIABLES: Final = (
    "FLOWER_GITHUB_OAUTH_DOMAIN",
    "FLOWER_GITLAB_OAUTH_DOMAIN",
    "FLOWER_GITLAB_AUTH_ALLOWED_GROUPS",
    "FLOWER_GITLAB_MIN_ACCESS_LEVEL",
    "FLOWER_OAUTH2_OKTA_BASE_URL",
)
#: Others that Flower's image reads: what is said of each.
VARIABLES: Final[Mapping[str, str]] = {
    "FLOWER_DATA_DIR": "is where Flower's image keeps its file. Umbel's history is in the "
    "directory data (UMBEL_DATA); what Flower kept is not taken over.",
}
_LOG_FILE = "is not needed: Umbel logs to standard error, which systemd and containers keep."

OPTIONS: Final[Mapping[str, Option]] = {
    option.name: option
    for option in (
        Option("port", "port"),
        Option("address", "address", lambda text: text or None),
        Option("unix_socket", "unix_socket", lambda text: text or None, protects=True),
        Option("url_prefix", "url_prefix", lambda text: text or None),
        Option("basic_auth", "basic_auth", secret=True, login=True),
        Option("read_only", "read_only", _switch, switch=True, protects=True),
        Option("broker_api", "broker_api", lambda text: text or None, secret=True),
        Option("inspect_timeout", "inspect_timeout", _milliseconds),
        Option("max_tasks", "retention.max_tasks", _most_tasks),
        Option(
            "task_runtime_metric_buckets", "collector.runtime_buckets", lambda text: text or None
        ),
        Option("purge_offline_workers", "retention.offline_workers", _seconds),
        Option("certfile", "tls_cert", lambda text: text or None, protects=True),
        Option("keyfile", "tls_key", lambda text: text or None, protects=True),
        Option("debug", "log_level", lambda text: "debug" if is_on(text) else None, switch=True),
        Option("logging", "log_level", _log_level),
        # Not Flower's but Celery's, which its users write behind the command all the same.
        Option("loglevel", "log_level", _log_level),
        Option("result_backend", "result_backend", secret=True),
        *(
            Option(
                name,
                "auth.rules" if name == "auth" else "auth.providers",
                _together,
                login=True,
                secret=name == "oauth2_secret",
            )
            for name in LOGIN_OPTIONS
        ),
        Option(
            "ca_certs",
            sentence="has no equivalent: Umbel asks browsers for no certificate. Let a reverse "
            "proxy check certificates of clients.",
        ),
        Option(
            "cookie_secret",
            sentence="is not needed: Umbel makes a key of its own and keeps it in the data "
            "directory.",
            secret=True,
        ),
        Option(
            "xheaders",
            sentence="is replaced by trusted_proxies: X-Forwarded-For, -Proto, -Host and "
            "-Prefix are believed from these addresses, by default from this machine.",
            switch=True,
            quiet=("false",),
        ),
        Option(
            "persistent",
            sentence="is not needed: the history is always kept, for as long as "
            "retention.max_age, max_size and max_tasks say.",
            switch=True,
            quiet=("true",),
        ),
        Option("db", "data", lambda text: f"{text}-umbel" if text else None),
        Option(
            "state_save_interval",
            sentence="is not needed: what was seen is on disk within half a second.",
            quiet=("0",),
        ),
        Option(
            "max_workers",
            sentence="is not needed: workers are kept on disk, and those that are silent for "
            "long are forgotten.",
        ),
        Option("enable_events", "enable_events", _enabled, switch=True),
        Option(
            "auto_refresh",
            sentence="is not needed: pages follow the cluster live, and . pauses them.",
            switch=True,
            quiet=("true",),
        ),
        Option(
            "natural_time",
            sentence="is not needed: times are shown relative, and absolute on hover.",
            switch=True,
            quiet=("true",),
        ),
        Option("tasks_columns", "tasks_columns", lambda text: text or None),
        Option(
            "format_task",
            sentence="is code, and Umbel runs none to show a task. What it hides or cuts there, "
            "[redact] hides before it is stored.",
            hides=True,
        ),
        Option(
            "unauthenticated_api",
            sentence="is not needed: without a login, the API is open to whom the pages are "
            "open to.",
            switch=True,
            quiet=("false",),
        ),
        *(
            Option(name, sentence=_LOG_FILE)
            for name in (
                "log_file_prefix", "log_file_max_size", "log_file_num_backups", "log_to_stderr",
                "log_rotate_when", "log_rotate_interval", "log_rotate_mode",
            )
        ),
    )
}  # fmt: skip

#: `flowerconfig.py` by another name; read before everything else.
CONF: Final = Option("conf")


def notice(given: GivenOption) -> SettingsNotice | None:
    """What is said about an option that is no setting; None if Umbel does what it asks."""
    text = given.text.strip().lower()
    if given.option.switch:
        with contextlib.suppress(ValueError):
            text = _switch(text)
    if text in given.option.quiet or not text:
        return None
    return SettingsNotice(
        given.option.name,
        f"{given.where} {given.option.sentence}",
        login=given.option.login,
        hides=given.option.hides,
    )


def variable_notice(variable: str) -> SettingsNotice:
    """What is said about one of `VARIABLES`."""
    return SettingsNotice(variable, f"{variable} {VARIABLES[variable]}")


def lost_options(name: str, sentence: str, lost: Iterable[Option]) -> SettingsNotice:
    """The sentence about a place where values of these options may be lost."""
    options = [*lost]
    return SettingsNotice(
        name,
        sentence,
        login=any(option.login for option in options),
        hides=any(option.hides for option in options),
        protects=tuple(dict.fromkeys(o.setting for o in options if o.protects and o.setting)),
    )


def passed_over(argument: str) -> GivenOption:
    """An argument of `celery umbel` that is neither Umbel's nor Flower's, which Flower passes
    over in silence."""
    written = argument.partition("=")[0]
    option = Option(written, sentence="is no option of Umbel and is passed over.")
    return GivenOption(option, written, written)


def no_option(name: str, where: str, names: list[str]) -> SettingsNotice:
    """What is said about a name that is none of `names`."""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    advice = f" Did you mean {near[0]}?" if near else ""
    return SettingsNotice(name, f"{where} is no option of Flower and is passed over.{advice}")
