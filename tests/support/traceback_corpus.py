"""Makes the tracebacks of `tests/fixtures/tracebacks/`: `python -m tests.support.traceback_corpus`.

Each function of `application/*.txt` is run as a task by Celery's own tracer, which catches what it
raises and writes it down as workers send it. Every group is run at least twice: as two releases of
the application in different folders, with other lines and other arguments. What people would
call one error has one name in `GROUPS`.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import re
import sys
import types
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.support.traceback_groups import GROUPS, Call

FOLDER: Final = Path(__file__).parent.parent / "fixtures" / "tracebacks"
#: Where releases lie, and by how many lines their code is further down.
_RELEASES: Final = (("/srv/releases/20261101/shop", 0), ("/app/shop", 37))
_PYTHON: Final = f"/python{sys.version_info.major}.{sys.version_info.minor}"


def main() -> None:
    """Write the corpus anew."""
    app = _celery_app()
    with (FOLDER / "corpus.jsonl").open("w", encoding="utf-8") as file:
        for group, calls in GROUPS.items():
            for number, call in enumerate(calls):
                for told in _told(app, call, number):
                    file.write(json.dumps({"group": group, **told}, ensure_ascii=False) + "\n")


def _celery_app() -> Any:
    from celery import Celery

    app = Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=True)
    with contextlib.suppress(ImportError):
        import django
        from django.conf import settings

        settings.configure(
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        )
        django.setup()
    return app


def _told(app: Any, call: Call, number: int) -> Iterator[dict[str, str | None]]:
    if call.module == "billiard":
        yield _of_billiard(call)
        return
    if call.module == "given":
        yield {"exception": call.args[0], "traceback": call.args[1]}
        return
    folder, lines = _RELEASES[(number + call.release) % len(_RELEASES)]
    function = getattr(_module(call.module, folder, lines), call.function)
    for each in _run(app, function, call):
        yield {key: _steady(text, folder) for key, text in each.items()}


def _module(name: str, folder: str, lines: int) -> types.ModuleType:
    """The module as one release has it."""
    source = (FOLDER / "application" / f"{name}.txt").read_text("utf-8")
    sys.modules.setdefault("shop", types.ModuleType("shop"))
    module = types.ModuleType(f"shop.{name}")
    sys.modules[module.__name__] = module
    exec(compile("\n" * lines + source, f"{folder}/{name}.py", "exec"), module.__dict__)  # noqa: S102
    return module


def _run(app: Any, function: Callable[..., Any], call: Call) -> list[dict[str, str]]:
    from celery import Task
    from celery.app.trace import build_tracer
    from celery.utils.serialization import get_pickled_exception

    told: list[dict[str, str]] = []

    class Telling(Task):  # type: ignore[misc]
        def on_failure(self, _exc: Any, _id: Any, _args: Any, _kwargs: Any, einfo: Any) -> None:
            with contextlib.suppress(Exception):  # as the main process gets it
                einfo = pickle.loads(pickle.dumps(einfo))  # noqa: S301  what we have just made
            exception = repr(get_pickled_exception(einfo.exception))
            told.append({"exception": exception, "traceback": str(einfo.traceback)})

        def on_retry(self, exc: Any, _id: Any, _args: Any, _kwargs: Any, einfo: Any) -> None:
            told.append({"exception": repr(exc), "traceback": str(einfo.traceback)})

    name = f"shop.{call.module}.{call.function}.{uuid.uuid4().hex[:6]}"
    options = {"max_retries": 3, "shared": False, **call.options}
    task = app.task(name=name, bind=call.module == "celery_own", base=Telling, **options)(function)
    task_id = str(uuid.uuid4())
    request = {"id": task_id, "retries": call.retries, "is_eager": False, "called_directly": False}
    request |= {"args": call.args, "kwargs": {}, "delivery_info": {}}
    tracer = build_tracer(task.name, task, app=app)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracer(task_id, call.args, {}, request)
    if not told:
        raise AssertionError(f"{call} did not fail")
    return told


def _of_billiard(call: Call) -> dict[str, str | None]:
    """What the pool itself says of a job."""
    from billiard import pool

    given: list[Any] = []
    job = types.SimpleNamespace(
        _job=call.args[1], _timeout=call.args[0], _worker_pid=None, _correlation_id=None,
        _set=lambda _, result: given.append(result[1]), worker_pids=list, on_timeout_cancel=None,
        ready=lambda: False, handle_timeout=lambda **_: None,
    )  # fmt: skip
    if call.function == "lost":
        pool.Pool.mark_as_worker_lost(types.SimpleNamespace(), job, call.args[0])
    else:
        with contextlib.suppress(Exception):
            handler = pool.TimeoutHandler([], {}, 1, 1)
            handler._process_by_pid = lambda _: (None, None)
            handler.on_hard_timeout(job)
    info = given[0]
    return {"exception": "ExceptionWithTraceback()", "traceback": _steady(str(info.traceback), "")}


def _steady(text: str, folder: str) -> str:
    """The text without where this computer has its Python."""
    text = re.sub(
        rf"[\w./-]*{_PYTHON}/site-packages", f"/opt/venv/lib{_PYTHON}/site-packages", text
    )
    text = re.sub(rf"[\w./-]*{_PYTHON}/(?!site-packages)", f"/usr/local/lib{_PYTHON}/", text)
    return re.sub(r"/work/[\w./-]*", f"{folder}/tool.py", text)


if __name__ == "__main__":
    main()
