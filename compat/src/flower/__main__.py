"""`python -m flower flower --port=5555` is `celery flower --port=5555`, and so is the script
`flower --port=5555` of Flower before 1.0."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `celery` with the command in it."""
    from celery.bin.celery import celery
    from celery.bin.celery import main as celery_main

    from flower.command import flower

    celery.add_command(flower)
    sys.exit(celery_main())


def script() -> None:
    """`flower [options of Celery and Flower]`; the words `flower` and `celery flower` may stand
    before them, as where a container's arguments follow its entry point."""
    arguments = sys.argv[1:]
    for word in ("celery", "flower"):
        if arguments[:1] == [word]:
            arguments = arguments[1:]
    sys.argv = ["celery", "flower", *arguments]
    main()


if __name__ == "__main__":
    main()
