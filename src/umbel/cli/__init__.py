"""The command `umbel`."""

from umbel.cli.start import main, run, serve_application

__all__ = ["main", "run", "serve_application"]
