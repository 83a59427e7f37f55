"""What exit codes tell a script, as docs/cli.md lists them."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FAILED: Final = 1
#: The command, a search or a setting is wrong.
MISUSED: Final = 2
#: Nothing was done: refused, not permitted, or not confirmed.
REFUSED: Final = 3
#: Done in part, or it is unknown how much.
PARTLY: Final = 4
#: Ended by Ctrl-C, as shells count it.
INTERRUPTED: Final = 130
