"""What a forked process answers, as a prefork server or worker has it."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from typing import Any


def answer_of_fork(answer: Callable[[], object]) -> Any:
    """What `answer` gives in a fork of this process (as JSON), or the words of what it raises."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads are what this is about
        process = os.fork()
    if not process:
        try:
            found = json.dumps(answer())
        except BaseException as error:
            found = json.dumps(f"{type(error).__name__}: {error}")
        os.write(writing, found.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answered = pipe.read()
    os.waitpid(process, 0)
    return json.loads(answered)
