"""`celery -A proj umbel`: the same as `umbel serve`, for an app that is loaded already.

Celery imports every plugin at every start of `celery`, so this module imports click alone
and everything else when it is called. A test holds it to that.
"""

import sys
from typing import Any

import click


@click.command(
    "umbel",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def umbel(context: click.Context, /, arguments: tuple[str, ...], **_preload: object) -> None:
    """Watch this cluster in the browser (umbel serve)."""
    from umbel.cli.start import serve_application

    context.exit(serve_application(context.obj.app, application_name(context), arguments))


def application_name(context: click.Context) -> str | None:
    """What `celery -A` said, of a command of `celery`; None where nothing was."""
    option = context.parent.params.get("app") if context.parent is not None else None
    return option if isinstance(option, str | None) else name_in_modules(option)


def name_in_modules(application: Any) -> str | None:
    """Where another process finds it, as `proj.celery:app`: Celery before 5.5 keeps not what
    `-A` said, but the application alone. None for one that no module has."""
    for module, there in list(sys.modules.items()):
        if module.split(".")[0] not in ("__main__", "__mp_main__", "celery", "kombu"):
            for name, value in list(getattr(there, "__dict__", {}).items()):
                if value is application:
                    return f"{module}:{name}"
    return None
