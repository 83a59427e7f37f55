"""The secrets that this process was given, so that no sentence that leaves repeats them.

Whoever makes a connection out of an address or a configuration lets it be known first (`learn`);
whoever tells what somebody else's code said asks for it without them (`hidden`). Any thread.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Final

from umbel.secret_scrubbing import scrub, secrets_of

#: So many are kept; an application that makes ever new ones must not fill the memory.
_SECRETS_MAX: Final = 5_000
_lock: Final = threading.Lock()
_secrets: frozenset[str] = frozenset()


def learn(*values: object) -> None:
    """Take down the secrets of addresses, of lists of them, and of settings by their names."""
    global _secrets
    found = frozenset().union(*(secrets_of(value) for value in values))
    with _lock:
        if len(_secrets) + len(found) <= _SECRETS_MAX:
            _secrets = _secrets | found


def learn_configuration(conf: Any) -> None:
    """The secrets of an application's configuration, as far as it can be read."""
    # Anything may stand in there, a lazy value that fails as well; what is not known is still
    # found by its form.
    with contextlib.suppress(Exception):
        learn({name: conf.get(name) for name in conf})


def hidden(text: str) -> str:
    """What a driver, a library or the system said, without secrets."""
    return scrub(text, _secrets)
