"""The kinds of value of `alerts.notifiers` and `alerts.rules`: tables of the settings file, and
JSON anywhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from umbel.errors import QueryError
from umbel.masking import MASK
from umbel.notify.base import NotifierConfig, NotifierKind
from umbel.notify.templates import PARTS, unknown_part
from umbel.settings.kinds import TABLES, ValueKind
from umbel.settings.units import DURATIONS, InvalidValue, amount_of, show_duration
from umbel.store.alerts import RULES_MAX, AlertRule, NewRule, Severity

NOTIFIER_KINDS: Final[tuple[str, ...]] = get_args(NotifierKind)
_SEVERITIES: Final[tuple[str, ...]] = get_args(Severity)
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: What no path has as it is: %20 stands for a space.
_UNFIT: Final = re.compile(r"[^\x21-\x7e]")
_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "webhook": ("http", "https"), "slack": ("http", "https"), "email": ("smtp", "smtps"),
}  # fmt: skip
_NOTIFIER_FIELDS: Final = ("kind", "url", "secret", "from", "to", "title", "text")
_RULE_FIELDS: Final = (
    "rule", "severity", "for", "clear", "notify", "escalate", "escalate_to", "note", "enabled",
)  # fmt: skip
_DAY_S: Final = 86_400.0


def notifiers() -> ValueKind:
    """Tables of notifiers by their name, as `NotifierConfig`s in their order."""

    def parse(value: object) -> tuple[NotifierConfig, ...]:
        return tuple(_notifier(name, table) for name, table in _tables(value).items())

    def show(found: tuple[NotifierConfig, ...]) -> str:
        return json.dumps({each.name: _notifier_table(each) for each in found}) if found else ""

    def masked(found: tuple[NotifierConfig, ...]) -> str:
        return show(tuple(map(_without_secrets, found)))

    return ValueKind(TABLES, "tables [alerts.notifiers.NAME]", parse, show, masked=masked)


def rules() -> ValueKind:
    """Tables of rules by their name, as `AlertRule`s in their order."""

    def parse(value: object) -> tuple[AlertRule, ...]:
        tables = _tables(value)
        if len(tables) > RULES_MAX:
            raise InvalidValue(f"there are {len(tables)} rules, and {RULES_MAX} at most")
        return tuple(_rule(name, table) for name, table in tables.items())

    def show(found: tuple[AlertRule, ...]) -> str:
        return json.dumps({each.name: _rule_table(each) for each in found}) if found else ""

    return ValueKind(TABLES, "tables [alerts.rules.NAME]", parse, show)


def _notifier(name: str, table: object) -> NotifierConfig:
    which = f"the notifier {_checked(name)}"
    fields = _fields(which, table, _NOTIFIER_FIELDS)
    kind = fields.get("kind", name if name in NOTIFIER_KINDS else None)
    if kind not in NOTIFIER_KINDS:
        raise InvalidValue(f"the kind of {name} is none of {', '.join(NOTIFIER_KINDS)}")
    url = _text(which, fields, "url", is_required=True)
    _check_address(name, kind, url)
    to = fields.get("to", ())
    to = (to,) if isinstance(to, str) else tuple(to) if isinstance(to, list | tuple) else None
    if to is None or not all(isinstance(each, str) and "@" in each for each in to):
        raise InvalidValue(f"to of {which} must be a mail address or a list of them")
    sender = _text(which, fields, "from")
    if kind == "email" and (not to or "@" not in sender):
        raise InvalidValue(f"{which} needs from and to, addresses of mail")
    if any("\n" in each or "\r" in each for each in (*to, sender)):
        raise InvalidValue(f"an address of {which} has a line break")
    for field in ("title", "text"):
        part = unknown_part(_text(which, fields, field))
        if part is not None:
            parts = ", ".join(f"${each}" for each in PARTS)
            raise InvalidValue(f"{field} of {which} has ${part.strip('$')}; there are {parts}")
    return NotifierConfig(
        name=name,
        kind=kind,
        url=url,
        secret=_text(which, fields, "secret") or None,
        sender=sender,
        to=to,
        title=_text(which, fields, "title"),
        text=_text(which, fields, "text"),
    )


def _check_address(name: str, kind: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        is_right = parts.port is None or parts.port > 0
    except ValueError:
        is_right, parts = False, urlsplit("")
    schemes = _SCHEMES.get(kind)
    if schemes is None:
        is_right = "://" in url
    else:
        is_right = is_right and parts.scheme in schemes and bool(parts.hostname)
        if kind != "email" and _UNFIT.search(parts.path + parts.query):
            is_right = False
    if not is_right:
        wanted = " or ".join(f"{each}://..." for each in schemes or ("scheme",))
        raise InvalidValue(f"the url of {name} is no address such as {wanted}")


def _rule(name: str, table: object) -> AlertRule:
    # Rules need the query language and the rules of health, which few starts do.
    from umbel.services.alerts.alert_rules import PENDING_MAX_S, rule_of_settings

    which = f"the rule {_checked(name)}"
    fields = _fields(which, table, _RULE_FIELDS)
    severity = fields.get("severity", "warning")
    if severity not in _SEVERITIES:
        raise InvalidValue(f"the severity of {which} is none of {', '.join(_SEVERITIES)}")
    enabled = fields.get("enabled", True)
    if not isinstance(enabled, bool):
        raise InvalidValue(f"enabled of {which} is true or false")
    wanted = NewRule(
        name=name,
        condition=_text(which, fields, "rule", is_required=True),
        severity=severity,
        pending_s=_duration(which, fields, "for", 0.0, PENDING_MAX_S),
        clear_s=_duration(which, fields, "clear", 60.0, PENDING_MAX_S),
        notify=_names(which, fields, "notify"),
        escalate_s=_duration(which, fields, "escalate", None, 7 * _DAY_S),
        escalate_to=_names(which, fields, "escalate_to"),
        note=_text(which, fields, "note"),
        enabled=enabled,
    )
    if wanted.escalate_to and wanted.escalate_s is None:
        raise InvalidValue(f"{which} has escalate_to, and not after how long: escalate")
    try:
        return rule_of_settings(name, wanted)
    except QueryError as error:
        place = wanted.condition[error.position : error.end] or "its end"
        raise InvalidValue(f"{which} cannot be understood at {place!r}: {error}") from None


def _tables(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            raise InvalidValue("it is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError
    return value


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidValue(f"{name[:60]!r} is no name; use small letters, digits and hyphens")
    return name


def _fields(which: str, table: object, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise InvalidValue(f"{which} is no table")
    for name in table:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise InvalidValue(f"{which} has {str(name)[:60]!r}, which there is not; {advice}")
    return dict(table)


def _text(which: str, fields: Mapping[str, Any], name: str, *, is_required: bool = False) -> str:
    found = fields.get(name, "")
    if not isinstance(found, str) or (is_required and not found.strip()):
        raise InvalidValue(f"{which} needs {name}, a text" if is_required else f"{name} is a text")
    return found


def _names(which: str, fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = fields.get(name, ())
    found = (found,) if isinstance(found, str) else found
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        raise InvalidValue(f"{name} of {which} is a list of notifiers")
    return tuple(found)


def _duration(
    which: str, fields: Mapping[str, Any], name: str, default: float | None, most: float
) -> Any:
    if name not in fields:
        return default
    try:
        found = amount_of(fields[name], DURATIONS, "5min")
    except ValueError:
        found = -1.0
    if not 0 <= found <= most:
        raise InvalidValue(
            f"{name} of {which} is a duration such as 5min, up to {show_duration(most)}"
        )
    return found


def _without_secrets(config: NotifierConfig) -> NotifierConfig:
    scheme = config.url.partition("://")[0]
    return msgspec.structs.replace(
        config, url=f"{scheme}://{MASK}", secret=None if config.secret is None else MASK
    )


def _notifier_table(config: NotifierConfig) -> dict[str, object]:
    found = msgspec.structs.asdict(config)
    found["from"] = found.pop("sender")
    return {name: value for name, value in found.items() if value and name != "name"}


def _rule_table(rule: AlertRule) -> dict[str, object]:
    escalate = None if rule.escalate_s is None else show_duration(rule.escalate_s)
    found: dict[str, object] = {
        "rule": rule.condition,
        "severity": rule.severity,
        "for": show_duration(rule.pending_s) if rule.pending_s else None,
        "clear": show_duration(rule.clear_s),
        "notify": rule.notify,
        "escalate": escalate,
        "escalate_to": rule.escalate_to,
        "note": rule.note,
    }
    found = {name: value for name, value in found.items() if value}
    return found if rule.enabled else {**found, "enabled": False}
