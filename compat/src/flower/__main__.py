"""`python -m flower flower --port=5555` is `celery flower --port=5555`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `celery` with the command in it."""
    from celery.bin.celery import celery
    from celery.bin.celery import main as celery_main

    from flower.command import flower

    celery.add_command(flower)
    sys.exit(celery_main())


if __name__ == "__main__":
    main()
