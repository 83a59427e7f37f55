"""What Flower was told, as a TOML file for Umbel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from umbel.errors import SettingsError
from umbel.settings.flower import GivenOption
from umbel.settings.flower_login import FlowerLogin, check_either
from umbel.settings.flower_sources import FlowerOptions, translated
from umbel.settings.tree import SETTINGS, Setting

_ADDRESS = (
    "Flower listens on every address unless told otherwise, Umbel on this machine alone.\n"
    'Where others must reach it without a proxy: address = "0.0.0.0", and a login.'
)


@dataclass(frozen=True)
class _Line:
    """One setting and where its value is from."""

    entry: Setting
    value: object
    where: str


def as_toml(options: FlowerOptions) -> str:
    """The file: what has no equivalent in comments, then settings, then sections. Raises
    `SettingsError` for a value that cannot be."""
    lines = list(_lines([*options.line, *options.elsewhere]))
    login = options.login.login()
    check_either(
        options.login, next((x.where for x in lines if x.entry.name == "basic_auth"), None)
    )
    parts = [_comment(notice.sentence) for notice in options.notices]
    if not any(line.entry.name in {"address", "unix_socket"} for line in lines):
        parts.append(_comment(_ADDRESS))
    parts.append("\n".join(_assignment(line) for line in lines if len(line.entry.path) == 1))
    for section in dict.fromkeys(line.entry.path[0] for line in lines if len(line.entry.path) > 1):
        inside = [_assignment(line) for line in lines if line.entry.path[:-1] == (section,)]
        parts.append("\n".join([f"[{section}]", *inside]))
    parts += _login_tables(login) if login is not None else []
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(options: Sequence[GivenOption]) -> Iterator[_Line]:
    done = set()
    entries = {entry.name: entry for entry in SETTINGS}
    for given in options:
        text, name = translated(given), given.option.setting
        if name is None or text is None or name in done:
            continue
        done.add(name)
        yield _Line(entries[name], _parsed(entries[name], text, given), given.where)


def _login_tables(login: FlowerLogin) -> list[str]:
    """The login's provider and rule, as they stand in a file."""
    named = f"[auth.providers.{login.name}]  # {_one_line(login.where_provider)}"
    rule = f"[[auth.rules]]  # {_one_line(login.where_rule)}"
    return [
        "\n".join([head, *(f"{name} = {_json_literal(value)}" for name, value in table.items())])
        for head, table in ((named, login.provider), (rule, login.rule))
    ]


def _json_literal(value: object) -> str:
    """As TOML writes a text, a number, or a list of texts."""
    if isinstance(value, list):
        return f"[{', '.join(_quoted(str(each)) for each in value)}]"
    return _quoted(value) if isinstance(value, str) else f"{value}"


def _parsed(entry: Setting, text: str, given: GivenOption) -> object:
    try:
        return entry.kind.parse(text)
    except ValueError as error:
        raise SettingsError(
            f"{given.where} cannot be taken over as {entry.name}: {entry.kind.refusal(error)}",
            setting=given.option.name,
        ) from None


def _assignment(line: _Line) -> str:
    return f"{line.entry.path[-1]} = {_literal(line.entry, line.value)}  # {_one_line(line.where)}"


def _literal(entry: Setting, value: object) -> str:
    """As TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}"
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(each) for each in value)}]"
    return _quoted(entry.kind.show(value))


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return "\\ufffd" if 0xD800 <= code < 0xE000 else f"\\U{code:08x}"


def _comment(sentence: str) -> str:
    return "\n".join(f"# {_one_line(line)}" for line in sentence.splitlines())


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
