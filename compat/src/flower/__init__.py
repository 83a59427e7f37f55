"""Flower's names, served by Umbel, for code and commands that know Flower (compat/README.md).

The version is the one whose names these are.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

from flower.unserved import NotServed

VERSION = (2, 0, 1)
__version__ = ".".join(map(str, VERSION))


def _refuse_the_other() -> None:
    """Two distributions cannot have one package: whichever was installed last lies over the
    other."""
    try:
        distribution("flower")
    except PackageNotFoundError:
        return
    raise NotServed(
        "Both flower and umbel-flower are installed, and they have the same package.",
        remedy="Run pip uninstall flower umbel-flower, and then pip install umbel-flower.",
    )


_refuse_the_other()
