"""How every `umbel` command starts and ends: what went wrong is one sentence.

Exit codes: 0 in order, 1 something failed, 2 the command or a setting is wrong, 3 refused or
not done, 4 done in part or unknown, 130 ended by Ctrl-C. A collector has codes of its own
(`umbel.collector`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from umbel.cli.commands import commands, serve
from umbel.cli.printing import clean
from umbel.errors import (
    ActionRefused,
    NoAnswer,
    NotPermitted,
    QueryError,
    SettingsError,
    TaskNotRegistered,
    TaskTimeout,
    UmbelError,
)

FAILED, MISUSED, REFUSED, UNKNOWN, INTERRUPTED = 1, 2, 3, 4, 130


def main() -> None:
    """`umbel ...`: run one command and leave the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run `umbel` with `arguments`; the exit code."""
    return _code("umbel", lambda: commands.main(arguments, "umbel", standalone_mode=False))


def serve_application(application: Any, name: str | None, arguments: Sequence[str]) -> int:
    """`celery -A name umbel ...`: `umbel serve -A name ...`, or for an app without a name
    the address of its broker."""
    if name is not None:
        chosen = ["--app", name]
    else:
        url = application.conf.broker_read_url or application.conf.broker_url
        chosen = ["--broker", url] if isinstance(url, str) else []
    program = "celery umbel"
    return _code(program, lambda: serve.main([*chosen, *arguments], program, standalone_mode=False))


def _code(program: str, command: Callable[[], Any]) -> int:
    try:
        answer = command()
    except click.ClickException as error:
        return _tell(program, error.format_message(), MISUSED)
    except (SettingsError, QueryError) as error:
        return _tell(program, str(error), MISUSED)
    except (ActionRefused, NotPermitted, TaskNotRegistered) as error:
        return _tell(program, str(error), REFUSED)
    except (NoAnswer, TaskTimeout) as error:
        return _tell(program, str(error), UNKNOWN)
    except UmbelError as error:
        return _tell(program, str(error), FAILED)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return answer if isinstance(answer, int) else 0


def _tell(program: str, sentence: str, code: int) -> int:
    click.echo(f"{program}: {clean(sentence)}", err=True)
    return code
