"""docs/cli.md tells of every command, every option says what it does, and what pages tell people to
type is understood."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from tests.docs.markdown import PAGES, ROOT, examples, text_of
from umbel.cli.commands import commands
from umbel.errors import UmbelError
from umbel.settings.flower import CONF, OPTIONS

PAGE = text_of(ROOT / "docs" / "cli.md")
ROWS = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `umbel ")]
#: A command in an example, up to what the shell takes for itself.
ENDS = frozenset({"|", ">", "<", "&&", ";", "&"})
#: Written apart: what stands for a name, an id or an address in a sentence.
PLACEHOLDER = re.compile(r"\.\.\.|\[|, |COMMAND")


def every_command(
    group: click.Group = commands, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(every_command())


def told_in(row: str) -> Iterator[tuple[str, ...]]:
    """The commands of a row, `umbel token create`, `list`, `revoke NAME`: the first is whole, those
    behind it are of the same group."""
    first: tuple[str, ...] = ()
    for code in re.findall(r"`([^`]+)`", row):
        words = tuple(word for word in code.split() if word.islower() and word[0] not in "-[")
        whole = words[1:] if words[0] == "umbel" else (*first[:-1], *words)
        first = whole if words[0] == "umbel" else first
        yield whole


def typed(line: str) -> list[str] | None:
    """What stands behind `umbel` in a line of an example; None if that is no command of ours."""
    words = shlex.split(line.strip().removeprefix("$ "), comments=True)
    words = [word for word in words if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    for at, word in enumerate(words):
        if word == "umbel" and (at == 0 or words[at - 1] in ENDS):
            rest = words[at + 1 :]
            end = next((place for place, each in enumerate(rest) if each in ENDS), len(rest))
            return rest[:end]
    return None


def examples_of_commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        for block in examples(page, "sh", "console"):
            for line in block.replace("\\\n", " ").splitlines():
                if "umbel" in line and (words := typed(line)):
                    yield name, tuple(words)
        prose = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
        for code in re.findall(r"`umbel ([^`-][^`]*)`", prose):
            if not PLACEHOLDER.search(code) and "decisions" not in name and name != "CHANGELOG.md":
                yield name, tuple(shlex.split(code))


def understood(words: tuple[str, ...]) -> click.Command:
    """The command that these words are, whose options and arguments are read and not acted on.
    Raises what `umbel` would end with."""
    command: click.Command = commands
    context = click.Context(commands, info_name="umbel")
    rest = list(words)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context, info_name=name)
        if isinstance(command, click.Group) and not rest:
            return command
    command.parse_args(context, rest)
    return command


def test_every_command_is_told() -> None:
    told = {command for row in ROWS for command in told_in(row)}
    groups = {path[:length] for path in COMMANDS for length in range(1, len(path))}
    #: Those whose row names the kind (`umbel worker ACTION`), with every action behind it.
    actions = {path for path in COMMANDS if path[0] == "worker"}

    assert {path for path in COMMANDS if path not in actions} - told == set()
    assert {path[-1] for path in actions if f"`{path[-1]}`" not in PAGE} == set()
    assert told - {*COMMANDS} - groups - {("workers", "diff")} == set()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_does(path: tuple[str, ...]) -> None:
    options = [each for each in COMMANDS[path].params if isinstance(each, click.Option)]

    assert [each.opts[0] for each in options if not each.help] == []


def test_what_people_are_told_to_type_is_understood() -> None:
    flowers = {f"--{name}" for name in (*OPTIONS, CONF.name)}
    wrong = []
    for page, words in examples_of_commands():
        if any(word.split("=")[0] in flowers and "_" in word for word in words):
            continue  # a test of Flower's options has these
        try:
            understood(words)
        except click.MissingParameter as error:
            if words not in COMMANDS:  # a sentence names a command alone
                wrong.append((page, " ".join(words), str(error)))
        except (click.ClickException, UmbelError) as error:
            wrong.append((page, " ".join(words), str(error)))

    assert wrong == []


def test_every_list_for_spreadsheets_is_named() -> None:
    sentence = re.search(r"All lists take `--csv` \((.*?)\), which", PAGE, re.DOTALL)
    assert sentence is not None

    plain, alerts = sentence[1].split("of alerts")
    named = {tuple(each.split()) for each in re.findall(r"`([^`]+)`", plain)}
    named |= {("alerts", each) for each in re.findall(r"`([^`]+)`", alerts)}

    with_csv = {
        path for path, each in COMMANDS.items() if any("--csv" in some.opts for some in each.params)
    }
    assert named == with_csv
