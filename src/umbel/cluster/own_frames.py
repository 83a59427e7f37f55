"""Which frames of a traceback are the application's own, and what of them stays the same.

A frame is named by its file and function, without the line, so that a new version of the
application leaves the name as it was. Of the path only the file and the folder around it count,
and folders that name a release do not: `/srv/releases/20261128/shop/orders.py` and
`/app/shop/orders.py` are the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from umbel.cluster.traceback_parts import TracebackFrame

#: Folders in which installed packages and Python itself lie.
_INSTALLED: Final = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|lib(?:64)?/(?:python|pypy)\d[\w.]*"
    r"|[Pp]ython\d*/[Ll]ib|__pypackages__|[^/]*\.(?:whl|egg))/"
)
#: Celery's machinery around a task, wherever it was installed.
_MACHINERY: Final = re.compile(
    r"(?:^|/)(?:celery/(?:app/(?:autoretry|base|builtins|task|trace)|utils/serialization)"
    r"|billiard/(?:einfo|pool|process)|kombu/\w+)\.py$"
    r"|(?:site|dist)-packages/(?:celery|billiard|kombu|amqp|vine)/"
)
#: Python code without a file: `<frozen importlib._bootstrap>`, `<string>`, `<stdin>`.
_NO_FILE: Final = "<"
#: Code of libraries that was compiled, and has a relative path.
_COMPILED: Final = (".c", ".cpp", ".pyx", ".pxi", ".rs")
#: Bodies that Python 3.12 no longer shows as frames of their own.
_INLINED: Final = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})
#: Folders named by a number, a version, a date or a hash.
_RELEASE: Final = re.compile(r".*\d.*|current|releases?|tmp|src|app")


def own_frames(frames: Iterable[TracebackFrame]) -> list[str]:
    """The names of the application's own frames, each once, in the order in which they ran."""
    return [
        f"{file} {frame.function}"
        for frame in dict.fromkeys(frames)
        if _is_python(frame.function) and (file := _own_file(frame.path)) is not None
    ]


def entry_frame(frames: Iterable[TracebackFrame]) -> list[str]:
    """The name of the first frame that is not Celery's machinery: where nothing is the
    application's own, the task of a library."""
    for frame in frames:
        path = _slashes(frame.path)
        if not (path.startswith(_NO_FILE) or _MACHINERY.search(path)):
            return [f"{_steady_file(path)} {frame.function}"]
    return []


def _is_python(function: str) -> bool:
    """Whether it is a function with lines of its own. Compiled ones (Cython) have dots in their
    names."""
    return "." not in function and function not in _INLINED


@lru_cache(maxsize=4_096)
def _own_file(path: str) -> str | None:
    """The file's name, None if it is not the application's."""
    path = _slashes(path)
    if (
        path.startswith(_NO_FILE)
        or path.endswith(_COMPILED)
        or _INSTALLED.search(path)
        or _MACHINERY.search(path)
    ):
        return None
    return _steady_file(path)


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def _steady_file(path: str) -> str:
    folders, _, file = path.rpartition("/")
    folder = folders.rpartition("/")[2]
    return file if not folder or _RELEASE.fullmatch(folder) else f"{folder}/{file}"
