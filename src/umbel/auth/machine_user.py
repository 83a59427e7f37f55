"""The user of this machine as an actor: who types a command, or runs a program with the Python
API."""

from __future__ import annotations

import getpass
import os
import socket

from umbel.auth.base import GRANTS, Actor, Via


def machine_user(via: Via, *, read_only: bool = False) -> Actor:
    """Whose process this is, by their name on this machine. Whoever may read the data directory
    may do everything, unless the settings say `read_only`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        user = str(os.getuid())
    permissions = GRANTS["viewer" if read_only else "admin"]
    return Actor(name=user, address=socket.gethostname(), via=via, permissions=permissions)
