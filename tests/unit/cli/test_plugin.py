"""`celery -A proj umbel`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.versions

SHOP = "from celery import Celery\napp = Celery('shop', broker='teapot://')\n"


def celery_ended(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`celery` with these arguments in `directory`, ended by itself."""
    foreign = ("UMBEL_", "CELERY_")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return subprocess.run(
        [sys.executable, "-m", "celery", *arguments],
        cwd=directory,
        env=mine | {"HOME": str(directory)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_celery_knows_the_command(tmp_path: Path) -> None:
    assert "Watch this cluster in the browser" in celery_ended(tmp_path, "--help").stdout


def test_it_takes_the_options_of_serve(tmp_path: Path) -> None:
    shown = celery_ended(tmp_path, "umbel", "--help").stdout

    assert "--url-prefix" in shown


def test_its_errors_are_sentences(tmp_path: Path) -> None:
    done = celery_ended(tmp_path, "umbel", "--prot", "1")

    assert done.returncode == 2
    assert done.stderr.startswith("celery umbel: ")
    assert "--port" in done.stderr


@pytest.mark.versions(brief=True)
def test_the_app_of_celery_is_the_one_that_is_watched(tmp_path: Path) -> None:
    """Its broker is of no known kind, so that the refusal tells which app it was."""
    (tmp_path / "shop.py").write_text(SHOP)

    done = celery_ended(tmp_path, "-A", "shop", "umbel", "--port", "0")

    assert done.returncode == 2
    assert "teapot" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.versions(brief=True)
def test_an_app_that_celery_loaded_itself_is_found_by_its_module(tmp_path: Path) -> None:
    """Celery before 5.5 hands on the application and not what `-A` said."""
    (tmp_path / "shop.py").write_text(SHOP)
    program = (
        "import click, shop, umbel.plugin\n"
        "context = click.Context(click.Command('celery'), obj=shop)\n"
        "context.params['app'] = shop.app\n"
        "umbel.plugin.umbel.main(['--port=0'], parent=context)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "teapot" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_that_the_application_adds_to_every_command_do_no_harm(tmp_path: Path) -> None:
    option = "app.user_options['preload'].add(Option(['--tenant'], default='all'))"
    (tmp_path / "shop.py").write_text(f"from click import Option\n{SHOP}{option}\n")

    done = celery_ended(tmp_path, "-A", "shop", "umbel", "--port", "0")

    assert done.returncode == 2
    assert "teapot" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_started_as_flower_was(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)

    done = celery_ended(tmp_path, "-A", "shop", "umbel", "--port=0", "--auth_provider=x.Y")

    assert done.returncode == 2
    assert "--auth_provider names a class that is none of Flower's own" in done.stderr


def test_what_flower_passes_over_is_passed_over_and_told(tmp_path: Path) -> None:
    """It starts, and fails at the broker alone, whose kind is unknown."""
    line = ("-A", "shop", "umbel", "-E", "--track-tasks", "--concurrency", "4", "--pool=solo")
    (tmp_path / "shop.py").write_text(SHOP)

    done = celery_ended(tmp_path, *line, "-l", "INFO", "--port=0", "--result_backend=redis://x")

    assert done.returncode == 2
    assert "teapot" in done.stderr


def test_the_brokers_address_may_be_an_argument(tmp_path: Path) -> None:
    done = celery_ended(tmp_path, "umbel", "kettle://host", "--port=0")

    assert done.returncode == 2
    assert "kettle" in done.stderr
