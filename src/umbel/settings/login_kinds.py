"""The kinds of value of `auth.providers` and `auth.rules`: tables of the settings file, and JSON
anywhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

import msgspec

from umbel.auth.people import ROLES
from umbel.auth.providers.config import ProviderConfig, ProviderKind
from umbel.auth.rules import Rule
from umbel.masking import MASK
from umbel.secret_scrubbing import scrub
from umbel.settings.kinds import TABLES, ValueKind
from umbel.settings.units import InvalidValue

KINDS: Final[tuple[str, ...]] = tuple(
    word for group in get_args(ProviderKind) for word in (get_args(group) or (group,))
)
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: Names that stand for something else: in addresses of logins, and for passwords and tokens.
_RESERVED: Final = frozenset({"password", "token", "callback", "options"})
_PROVIDER_FIELDS: Final = tuple(
    name for name in ProviderConfig.__struct_fields__ if name not in {"name"}
)
_LISTS: Final = frozenset(
    field.name for field in msgspec.structs.fields(ProviderConfig) if field.type == tuple[str, ...]
)
#: Names in a rule's table, and the field of `Rule` that each is.
_RULE_FIELDS: Final[Mapping[str, str]] = {
    "role": "role", "provider": "provider", "claim": "claim", "value": "values",
    "pattern": "patterns", "cluster": "cluster", "name": "name", "queue": "queue",
}  # fmt: skip
_TEXT_MAX: Final = 1_000


def providers() -> ValueKind:
    """Tables of identity providers by their name, as `ProviderConfig`s in their order."""

    def parse(value: object) -> tuple[ProviderConfig, ...]:
        tables = _of_json(value, dict, "{}")
        return tuple(_provider(name, table) for name, table in tables.items())

    def show(found: tuple[ProviderConfig, ...]) -> str:
        return json.dumps({each.name: _without_defaults(each) for each in found}) if found else ""

    def masked(found: tuple[ProviderConfig, ...]) -> str:
        return show(tuple(_without_secrets(each) for each in found))

    return ValueKind(TABLES, "tables [auth.providers.NAME]", parse, show, masked=masked)


def rules() -> ValueKind:
    """A list of tables that say who gets which role, as `Rule`s in their order."""

    def parse(value: object) -> tuple[Rule, ...]:
        tables = _of_json(value, list, "[]")
        return tuple(_rule(number, table) for number, table in enumerate(tables, 1))

    def show(found: tuple[Rule, ...]) -> str:
        return json.dumps([_rule_table(each) for each in found]) if found else ""

    return ValueKind(TABLES, "tables [[auth.rules]]", parse, show)


def has_client_secret(value: object) -> bool:
    """Whether there is a secret in tables of providers, as they were written."""
    tables = value.values() if isinstance(value, Mapping) else ()
    return any(isinstance(table, Mapping) and "client_secret" in table for table in tables)


def _without_secrets(config: ProviderConfig) -> ProviderConfig:
    texts = {
        name: scrub(value)
        for name, value in msgspec.structs.asdict(config).items()
        if isinstance(value, str) and "://" in value
    }
    secret = None if config.client_secret is None else MASK
    return msgspec.structs.replace(config, **texts, client_secret=secret)


def _of_json(value: object, kind: type, empty: str) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value or empty)
        except ValueError:
            raise InvalidValue("it is not JSON") from None
    if not isinstance(value, kind):
        raise ValueError
    return value


def _provider(name: str, table: object) -> ProviderConfig:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise InvalidValue(
            f"a provider cannot be named {name[:60]!r}; use small letters, digits and hyphens"
        )
    fields = _table(f"the provider {name}", table, _PROVIDER_FIELDS)
    kind = fields.setdefault("kind", name if name in KINDS else None)
    if kind is None:
        raise InvalidValue(f"the provider {name} has no kind; it can be {', '.join(KINDS)}")
    if kind not in KINDS:
        near = get_close_matches(str(kind), KINDS, n=1)
        advice = f"; did you mean {near[0]}?" if near else ""
        raise InvalidValue(f"the kind of {name} is none of {', '.join(KINDS)}{advice}")
    for field in _LISTS & fields.keys():
        fields[field] = _texts(f"{field} of {name}", fields[field])
    try:
        found: ProviderConfig = msgspec.convert({**fields, "name": name}, ProviderConfig)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].strip("`")
        raise InvalidValue(f"{field} of {name} is not what it must be: a text") from None
    empty = next((each for each in fields if fields[each] in {"", ()}), None)
    if empty is not None and empty != "groups_separator":
        raise InvalidValue(f"{empty} of {name} is empty")
    return found


def _rule(number: int, table: object) -> Rule:
    which = f"rule {number}"
    fields = _table(which, table, _RULE_FIELDS)
    role = fields.get("role")
    if role not in (*ROLES, "none"):
        raise InvalidValue(f"the role of {which} is none of {', '.join(ROLES)} and none")
    found: dict[str, Any] = {"number": number}
    for name, field in _RULE_FIELDS.items():
        if name in fields:
            listed = field in {"values", "patterns"}
            found[field] = _texts(f"{name} of {which}", fields[name])
            if not listed:
                (found[field],) = _one(f"{name} of {which}", found[field])
    rule = Rule(**found)
    _check_rule(which, rule)
    return rule


def _check_rule(which: str, rule: Rule) -> None:
    if rule.claim is not None and not (rule.values or rule.patterns):
        raise InvalidValue(f"{which} names a claim, and no value or pattern that it must have")
    if rule.claim is None and (rule.values or rule.patterns):
        raise InvalidValue(f"{which} has a value or pattern, and no claim that must have it")
    if rule.is_bounded and rule.role in {"viewer", "none"}:
        raise InvalidValue(
            f"{which} is for some tasks alone, and its role {rule.role} is about seeing, which is "
            "never bounded; its role can be operator or admin"
        )


def _table(which: str, table: object, names: Collection[str]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise InvalidValue(f"{which} is no table")
    for name in table:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise InvalidValue(f"{which} has {str(name)[:60]!r}, which there is not; {advice}")
    return dict(table)


def _texts(which: str, value: object) -> tuple[str, ...]:
    """A text or several; a number or truth value of TOML is written as in JSON."""
    listed = value if isinstance(value, list | tuple) else [value]
    texts = [json.dumps(each) if isinstance(each, bool | int) else each for each in listed]
    if not texts or not all(isinstance(each, str) and 0 < len(each) <= _TEXT_MAX for each in texts):
        raise InvalidValue(f"{which} must be a text or a list of texts")
    return tuple(str(each) for each in texts)


def _one(which: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) != 1:
        raise InvalidValue(f"{which} must be one text")
    return texts


def _without_defaults(config: ProviderConfig) -> dict[str, object]:
    return {
        field.name: value
        for field in msgspec.structs.fields(ProviderConfig)
        if field.name != "name" and (value := getattr(config, field.name)) != field.default
    }


def _rule_table(rule: Rule) -> dict[str, object]:
    found = {name: getattr(rule, field) for name, field in _RULE_FIELDS.items()}
    return {name: value for name, value in found.items() if value not in (None, ())}
