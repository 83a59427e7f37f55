"""The limit of open files (`RLIMIT_NOFILE`), and the number of connections that it allows.

`raise_limit` is called once at the start of a process that listens or collects: each million of
tasks in the history takes a few files in each. Connections may take half of the files, since the
history, the broker and results need some too.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from typing import Final

#: The most connections at once, if the process may open twice as many files.
CONNECTIONS_MAX: Final = 2_000
#: More files than this are never needed, and some programs try every number up to the limit.
FILES_MAX: Final = 16_384


def raise_limit() -> None:
    """Let this process and its children open as many files as the system lets them: what they
    start with (1,024 as a rule) is for programs that cannot count further (`select`)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connections_max() -> int:
    """How many connections this process can have, with as many files left for its own: the
    history, the broker, results."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if most == resource.RLIM_INFINITY else min(CONNECTIONS_MAX, most // 2)
