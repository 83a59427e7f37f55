"""`celery -A proj umbel`: the same as `umbel serve`, for an app that is loaded already.

Celery imports every plugin at every start of `celery`, so this module imports click alone
and everything else when it is called. A test holds it to that.
"""

import click


@click.command(
    "umbel",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def umbel(context: click.Context, /, arguments: tuple[str, ...]) -> None:
    """Watch this cluster in the browser (umbel serve)."""
    from umbel.cli.start import serve_application

    name = context.parent.params.get("app") if context.parent is not None else None
    context.exit(serve_application(context.obj.app, name, arguments))
