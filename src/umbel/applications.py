"""The user's own Celery application, imported only when it is asked for, and then as Celery's
own commands and workers load it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any, Final

from umbel.errors import SettingsError
from umbel.process_secrets import hidden, learn
from umbel.services.cluster.registered_tasks import TaskDescription

log = logging.getLogger(__name__)

#: What importing somebody's modules may raise: one that misses a variable may well call `sys.exit`,
#: which would end this process, or the thread that happened to ask first.
_IMPORT_ERRORS: Final = (Exception, SystemExit)
#: How much of a signature or docstring is shown, characters.
SHOWN_MAX: Final = 2_000


def load_application(name: str) -> Any:
    """The Celery app that `name` (`proj.celery:app`, or `proj` as for `celery -A`) means, with
    its configuration alone: enough to reach its broker.

    Raises `SettingsError` with what its import said when it cannot be had.
    """
    from celery import Celery

    try:
        found = _found(name)
    except _IMPORT_ERRORS as error:
        raise SettingsError(
            f"The application {name} cannot be imported: {_cause(error)}.",
            setting="app",
            remedy="Write -A module:attribute as for the celery command, "
            "and start where that module can be imported.",
        ) from error
    if not isinstance(found, Celery):
        raise SettingsError(
            f"{name} is no Celery application but of type {type(found).__name__}.",
            setting="app",
            remedy="Name the application itself, such as -A proj.celery:app.",
        )
    return found


def complete_application(app: Any) -> Any:
    """The application as a worker of it has it: its task modules imported, Django set up. A
    module that cannot be imported leaves its tasks out, and the log says so.

    Source: celery/apps/worker.py, celery/loaders/base.py (`import_default_modules`).
    """
    try:
        app.loader.import_default_modules()
    except _IMPORT_ERRORS as error:
        log.warning("Not every task of the application is known: %s.", _cause(error))
    try:
        app.finalize()
    except _IMPORT_ERRORS as error:
        log.warning("The application cannot be completed: %s.", _cause(error))
    return app


def _found(name: str) -> Any:
    from celery.app.utils import find_app
    from celery.utils.imports import import_from_cwd

    module_name, colon, attribute = name.partition(":")
    if colon:
        # Celery takes a name whose attribute is missing for that of a module.
        module = import_from_cwd(module_name)
        if attribute and not _has(module, attribute):
            raise AttributeError(_missing(module, attribute))
    found = find_app(name)
    return found._get_current_object() if hasattr(found, "_get_current_object") else found


def _has(module: Any, attribute: str) -> bool:
    for part in attribute.split("."):
        if not hasattr(module, part):
            return False
        module = getattr(module, part)
    return True


def _missing(module: Any, attribute: str) -> str:
    from celery import Celery

    apps = [name for name, each in vars(module).items() if isinstance(each, Celery)]
    instead = f"; its applications: {', '.join(apps)}" if apps else ""
    return f"the module {module.__name__} has no attribute {attribute}{instead}"


def _cause(error: BaseException) -> str:
    text = hidden(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def bare_application(
    broker_url: str,
    result_backend: str | None = None,
    *,
    transport_options: Mapping[str, object] | None = None,
    use_ssl: Mapping[str, object] | bool | None = None,
) -> Any:
    """A Celery app that knows where the broker and the results are, and nothing of tasks and
    queues: Celery's defaults stand for what only the workers' own application could tell."""
    from celery import Celery

    app = Celery("umbel", set_as_current=False)
    directed(app, broker_url, result_backend)
    app.conf.update(
        broker_transport_options=dict(transport_options or {}),
        broker_use_ssl=use_ssl or False,
        # Whatever it reads is JSON; it never unpickles.
        accept_content=["json"],
        result_accept_content=["json"],
        task_send_sent_event=True,
    )
    return app


def directed(
    app: Any,
    broker: str | None,
    result_backend: str | None,
    transport_options: Mapping[str, object] | None = None,
) -> Any:
    """The application, with the addresses that Umbel's own settings give it, and options of
    the transport beside its own. The addresses go before `CELERY_BROKER_URL` and
    `CELERY_RESULT_BACKEND`, which Celery lets go before everything."""
    learn(broker, result_backend, transport_options)
    if transport_options:
        own = app.conf.broker_transport_options or {}
        app.conf.broker_transport_options = {**own, **transport_options}
    if broker is not None:
        app.conf.update(broker_url=broker, broker_read_url=broker, broker_write_url=broker)
    if result_backend is not None:
        app.conf.result_backend = result_backend
        app.backend_cls = result_backend
    return app


def redirected(
    app: Any,
    broker: str | None,
    result_backend: str | None,
    transport_options: Mapping[str, object] | None = None,
) -> Any:
    """An application of somebody with these addresses beside its own. Where there are any it is a
    copy: several clusters of one server may run one application, and what is done in one of them
    must not reach the broker of another."""
    if broker is None and result_backend is None and not transport_options:
        return app
    return directed(_copy(app), broker, result_backend, transport_options)


def _copy(app: Any) -> Any:
    """The application with a configuration of its own, over the same tasks, which stay bound to
    the first.

    Source: celery/app/base.py (`Celery.__init__`, `__reduce_keys__`, `_load_config`)."""
    from celery import Celery

    app.conf.get("broker_url")  # the configuration is read when it is first asked
    parts = {
        "loader": app.loader_cls,
        "amqp": app.amqp_cls,
        "events": app.events_cls,
        "log": app.log_cls,
        "control": app.control_cls,
        "task_cls": app.task_cls,
        "namespace": app.namespace,
        "tasks": app._tasks,
        "fixups": set(),
        "set_as_current": False,
    }
    try:
        copy = type(app)(app.main, **parts)
    except TypeError:  # a class of the user's own that takes other arguments
        copy = Celery(app.main, **parts)
    conf = app.conf
    copy._conf = type(conf)(dict(conf.changes), [*conf.maps[1:]], conf._keys, conf.prefix)
    copy._conf.__dict__["key_t"] = conf.key_t
    copy.configured = copy.finalized = True
    copy.backend_cls = app.backend_cls
    return copy


def named_application(
    name: str,
    broker: str | None,
    result_backend: str | None,
    transport_options: Mapping[str, object] | None = None,
) -> Any:
    """The application that `name` means, whole, with the addresses that settings give it beside
    its own. Raises `SettingsError`."""
    app = complete_application(load_application(name))
    return redirected(app, broker, result_backend, transport_options)


def describe_tasks(app: Any) -> dict[str, TaskDescription]:
    """The tasks of a completed application by name, without Celery's own."""
    own = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    return {name: _describe(task) for name, task in own.items()}


def _describe(task: Any) -> TaskDescription:
    try:
        signature = str(inspect.signature(task.run))
    except Exception:  # a callable of C, or a default whose repr fails
        signature = None
    doc = inspect.getdoc(type(task).run) or task.__doc__
    return TaskDescription(signature and signature[:SHOWN_MAX], doc and doc.strip()[:SHOWN_MAX])
