"""Applications are found and loaded as Celery's own commands do it, or refused in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.umbels import UMBEL, umbel_environment

SHOP = "from celery import Celery\napp = Celery('shop', broker='teapot://')\nprices = {}\n"


def refusal(directory: Path, *arguments: str, **environ: str) -> str:
    """What `umbel collect` says in `directory`: whichever broker it came to has a transport
    that does not exist, so that the refusal tells which it was."""
    done = subprocess.run(
        [UMBEL, "collect", *arguments],
        cwd=directory,
        env=umbel_environment(HOME=str(directory), **environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {1, 2, 3}
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


@pytest.mark.parametrize("name", ["shop", "shop:app", "shop.app"])
def test_an_application_is_named_as_for_celery(shop: Path, name: str) -> None:
    assert "teapot" in refusal(shop, "-A", name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("shop:nope", "the module shop has no attribute nope; its applications: app"),
        ("shop:app.nope", "the module shop has no attribute app.nope"),
        ("shoop:app", "No module named 'shoop'"),
        ("shop:prices", "shop:prices is no Celery application but of type dict"),
        ("broken:app", "ZeroDivisionError: division by zero"),
        ("picky:app", "cannot be imported: SystemExit: DATABASE_URL is not set"),
    ],
)
def test_what_is_missing_is_named(shop: Path, name: str, why: str) -> None:
    (shop / "broken.py").write_text("1 / 0\n")
    (shop / "picky.py").write_text("import sys\nsys.exit('DATABASE_URL is not set')\n")

    assert why in refusal(shop, "-A", name)


def test_without_a_name_it_is_the_one_that_celery_would_run(tmp_path: Path) -> None:
    (tmp_path / "celeryconfig.py").write_text("broker_url = 'teapot://'\n")
    (tmp_path / "other.py").write_text("broker_url = 'kettle://'\n")

    assert "teapot" in refusal(tmp_path)
    assert "kettle" in refusal(tmp_path, CELERY_CONFIG_MODULE="other")
    assert "carafe" in refusal(tmp_path, CELERY_BROKER_URL="carafe://host")


def test_the_application_of_celerys_own_variable_is_taken(shop: Path) -> None:
    assert "teapot" in refusal(shop, CELERY_APP="shop:app")


def test_umbels_own_settings_go_before_celerys(shop: Path) -> None:
    celerys = {"CELERY_BROKER_URL": "carafe://host", "CELERY_APP": "nothing:there"}

    assert "kettle" in refusal(shop, "-b", "kettle://host", **celerys)
    assert "kettle" in refusal(shop, "-A", "shop", "-b", "kettle://host", **celerys)


def test_a_configuration_that_is_not_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "celeryconfig.py").write_text("broker_url = 'teapot://'\n")

    done = subprocess.run(
        [UMBEL, "settings", "-b", "redis://host"],
        cwd=tmp_path,
        env=umbel_environment(HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"{tmp_path / 'celeryconfig.py'} is not read" in done.stderr


def test_celerys_own_result_backend_counts_where_nobody_names_one() -> None:
    code = (
        "from umbel.applications import bare_application\n"
        "print(bare_application('redis://mine').conf.result_backend)\n"
    )
    environ = umbel_environment(CELERY_RESULT_BACKEND="redis://other")

    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )

    assert done.stdout == "redis://other\n"


def test_the_address_that_was_given_is_the_one_that_is_acted_on() -> None:
    """Celery lets CELERY_BROKER_URL go before what an application is given."""
    code = (
        "from umbel.applications import bare_application, directed\n"
        "from celery import Celery\n"
        "for app in (bare_application('redis://mine', 'redis://ours'),"
        " directed(Celery('x'), 'redis://mine', 'redis://ours')):\n"
        "    print(app.conf.broker_read_url, app.conf.broker_write_url, app.backend_cls)\n"
    )
    environ = umbel_environment(
        CELERY_BROKER_URL="redis://other", CELERY_RESULT_BACKEND="redis://other"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )

    assert done.stdout == "redis://mine redis://mine redis://ours\n" * 2
