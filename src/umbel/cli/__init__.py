"""The command `umbel`."""

import sys

from umbel.cli import codes


def main() -> None:
    """`umbel ...`: run one command and leave the process with its exit code."""
    try:
        from umbel.cli.start import run  # here, so that Ctrl-C meanwhile leaves no traceback

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = codes.INTERRUPTED
    sys.exit(code)
