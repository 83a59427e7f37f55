"""How every `umbel` command ends: with an exit code, and what went wrong is one sentence."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from typing import Any

import click

from umbel import __version__
from umbel.cli import codes
from umbel.cli.commands import commands, serve
from umbel.cli.options import BEGUN_BY_CELERY, BegunByCelery
from umbel.cli.printing import drop_output, say, unwritten
from umbel.errors import (
    ActionRefused,
    BrokerMisconfigured,
    CapabilityMissing,
    NoAnswer,
    NotPermitted,
    OutcomeUntold,
    QueryError,
    SettingsError,
    TaskNotRegistered,
    TaskTimeout,
    UmbelError,
)
from umbel.logs import log_as_json
from umbel.process_secrets import hidden
from umbel.settings.celery_sources import DEFAULT_APPLICATION


def run(arguments: Sequence[str]) -> int:
    """Run `umbel` with `arguments`; the exit code."""
    return _code("umbel", lambda: commands.main(arguments, "umbel", standalone_mode=False))


def serve_application(
    application: Any,
    name: str | None,
    arguments: Sequence[str],
    begun: BegunByCelery = BEGUN_BY_CELERY,
) -> int:
    """`celery -A name umbel ...`: `umbel serve -A name ...`, or for an app without a name
    the address of its broker."""
    url = application.conf.broker_read_url or application.conf.broker_url
    if name is not None:
        chosen = ["--app", name]
    elif application.main == "default" and url:
        # Celery's own: what celeryconfig.py, --config, --loader and -b say.
        chosen = ["--app", DEFAULT_APPLICATION]
    else:
        chosen = ["--broker", url] if isinstance(url, str) else []
    return serve_begun([*chosen, *arguments], begun)


def serve_begun(arguments: Sequence[str], begun: BegunByCelery) -> int:
    """`umbel serve` with these arguments, begun in another way; the exit code. As a command of its
    own, it tells its version."""
    if "--version" in arguments:
        say(f"umbel {__version__}")
        return codes.DONE

    def served() -> Any:
        return serve.main(list(arguments), begun.program, standalone_mode=False, obj=begun)

    return _code(begun.program, served)


def _code(program: str, command: Callable[[], Any]) -> int:
    try:
        answer = command()
    except click.ClickException as error:
        return _fail(program, hidden(error.format_message()), codes.MISUSED)
    except (SettingsError, QueryError, BrokerMisconfigured, CapabilityMissing) as error:
        return _fail(program, str(error), codes.MISUSED)
    except (ActionRefused, NotPermitted, TaskNotRegistered) as error:
        return _fail(program, str(error), codes.REFUSED)
    except (NoAnswer, OutcomeUntold, TaskTimeout) as error:
        return _fail(program, str(error), codes.PARTLY)
    except UmbelError as error:
        return _fail(program, str(error), codes.FAILED)
    except (click.Abort, KeyboardInterrupt):
        return codes.INTERRUPTED
    except OSError as error:
        # click prints help and versions by itself.
        if error.errno != errno.ENOSPC:
            raise
        drop_output()
        return _fail(program, unwritten(error), codes.FAILED)
    return answer if isinstance(answer, int) else codes.DONE


def _fail(program: str, sentence: str, code: int) -> int:
    if not log_as_json(sentence, logging.ERROR):
        say(f"{program}: {sentence}", err=True)
    return code
