"""What `umbel` can do. Each command reads its settings and hands them to `umbel.app`.

The heavy imports stand inside the commands, so that `umbel --version`, a wrong option or
`celery --help` costs nothing.
"""

from __future__ import annotations

import os
from typing import Any

import click

from umbel import __version__
from umbel.cli import (
    actions,
    alerts,
    audit,
    deploys,
    doctor,
    errors,
    health,
    log,
    names,
    printing,
    queues,
    route,
    schedule,
    searches,
    sending,
    status,
    tasks,
    workers,
    workflows,
)
from umbel.cli.backup import backup
from umbel.cli.flower import migrate_flower
from umbel.cli.groups import Group
from umbel.cli.options import WithFlowerOptions, given_settings, settings_options
from umbel.cli.second_factor import second_factor
from umbel.cli.sessions import sessions
from umbel.cli.token import password, token
from umbel.errors import SettingsError
from umbel.settings import check_serving, show
from umbel.settings.child_environment import forget_secrets


class Commands(Group):
    """All of them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever read has enough, such as `head`
            printing.drop_output()
            return 0


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="umbel %(version)s")
def commands() -> None:
    """Watch and run Celery clusters: a durable, searchable, live history of every task."""


@commands.command(short_help="Watch a cluster and show it in the browser.", cls=WithFlowerOptions)
@settings_options
def serve(**options: Any) -> None:
    """Watch a cluster: collect its events and show them in the browser."""
    loaded = given_settings(options)
    forget_secrets(os.environ)

    from umbel import app

    app.serve(loaded, click.echo)


@commands.command(short_help="Only collect events.")
@settings_options
def collect(**options: Any) -> int:
    """Collect events into the data directory, beside any umbel serve --no-collect."""
    loaded = given_settings(options)
    forget_secrets(os.environ)

    from umbel import app

    return app.collect(loaded)


@commands.command(short_help="Show a small live cluster on this machine.")
@settings_options
def demo(**options: Any) -> None:
    """Show a live cluster: a web shop's workers with everything they need."""
    loaded = given_settings(options)

    from umbel.demo import run

    run(loaded)


@commands.command(short_help="Print every setting.", cls=WithFlowerOptions)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--markdown", is_flag=True, help="As the tables of the documentation.")
@settings_options
def settings(as_json: bool, markdown: bool, **options: Any) -> None:
    """Every setting with its value, where that comes from, and its meaning."""
    if as_json and markdown:
        raise click.UsageError("Either --json or --markdown.")
    if markdown:
        printing.put(show.as_markdown())
        return
    loaded = given_settings(options)
    printing.put(show.as_json(loaded) if as_json else show.as_text(loaded))
    for notice in loaded.notices:
        printing.say(notice.sentence, err=True)
    try:
        check_serving(loaded)
    except SettingsError as error:
        printing.say(f"With these, umbel serve would not start: {error}", err=True)


for command in (
    *(
        status.status,
        health.health,
        doctor.doctor,
        tasks.tasks,
        tasks.task,
        log.log,
        workers.workers,
        workers.worker,
        queues.queues,
        queues.queue,
        route.route,
    ),
    *(actions.revoke, actions.terminate, actions.abort, actions.retry, actions.rate_limit),
    *(actions.time_limit, sending.apply, sending.send, audit.audit, errors.errors),
    *(names.names, workflows.workflows, workflows.workflow),
    *(deploys.deploy, deploys.deploys),
    alerts.alerts,
    schedule.schedule,
    searches.searches,
    *(token, password, second_factor, sessions, backup, migrate_flower),
):
    commands.add_command(command)
