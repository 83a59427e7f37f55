"""Everything that Flower could be told is honoured, or answered with a sentence."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import SETTINGS, LoadedSettings, check_serving, load_settings
from umbel.settings.flower import LOGIN_OPTIONS, OPTIONS
from umbel.settings.flower_sources import from_arguments

PAGE = Path(__file__).resolve().parents[3] / "docs" / "flower.md"

#: The options of Flower 2.2.0, with a value that differs from its default.
FLOWERS = {
    "port": "8888", "address": "127.0.0.1", "unix_socket": "/run/flower.sock", "debug": "True",
    "inspect_timeout": "2500", "auth": ".*@example.com", "basic_auth": "ana:x,bob:y",
    "oauth2_key": "k", "oauth2_secret": "s", "oauth2_redirect_uri": "http://x/login",
    "max_workers": "10", "max_tasks": "20000", "db": "flower.db", "persistent": "False",
    "state_save_interval": "5000", "broker_api": "http://guest:guest@localhost:15672/api/",
    "ca_certs": "ca.pem", "certfile": "cert.pem", "keyfile": "key.pem", "xheaders": "True",
    "auto_refresh": "False", "purge_offline_workers": "60", "cookie_secret": "c",
    "enable_events": "True", "format_task": "x", "natural_time": "False",
    "tasks_columns": "name,uuid", "auth_provider": "flower.views.auth.GoogleAuth2LoginHandler",
    "url_prefix": "flower", "task_runtime_metric_buckets": "1,5,10", "read_only": "True",
}  # fmt: skip


def loaded(
    tmp_path: Path, line: str = "", *, file: str | None = None, toml: str = "", **environ: str
) -> LoadedSettings:
    """Settings of somebody who starts Umbel in `tmp_path` as they started Flower."""
    if file is not None:
        (tmp_path / "flowerconfig.py").write_text(file, encoding="utf-8")
        (tmp_path / "flowerconfig.py").chmod(0o600)
    (tmp_path / "umbel.toml").write_text(toml, encoding="utf-8")
    own, flower = from_arguments(shlex.split(line))
    given = dict(argument.removeprefix("--").split("=") for argument in own)
    return load_settings(given, {"HOME": str(tmp_path)} | environ, tmp_path, flower)


def test_none_in_its_file_is_as_if_the_option_were_not_there(tmp_path: Path) -> None:
    file = "".join(f"{name} = None\n" for name in OPTIONS)

    found = loaded(
        tmp_path, file=file, FLOWER_READ_ONLY="true", CELERY_BROKER_URL="redis://localhost"
    )
    check_serving(found)

    assert found.settings.port == 5555
    assert not found.settings.read_only
    assert found.settings.enable_events == "ask"
    assert "format_task" not in said(found)


def said(found: LoadedSettings) -> dict[str, str]:
    return {notice.name: notice.sentence for notice in found.notices}


@pytest.mark.parametrize("name", [each for each in FLOWERS if each not in LOGIN_OPTIONS])
@pytest.mark.parametrize("source", ["line", "environment", "file"])
def test_no_option_of_flower_is_passed_over(tmp_path: Path, name: str, source: str) -> None:
    value = FLOWERS[name]
    if source == "line":
        found = loaded(tmp_path, f"--{name}={value}")
    elif source == "environment":
        found = loaded(tmp_path, **{f"FLOWER_{name.upper()}": value})
    else:
        found = loaded(tmp_path, file=f"{name} = {value!r}\n")

    setting = OPTIONS[name].setting
    if setting is None:
        assert name in said(found)
    else:
        assert found.origins[setting] != "default"
        assert found.notices == ()


def test_the_table_has_every_option_of_flower_and_leads_to_settings_that_exist() -> None:
    names = {entry.name for entry in SETTINGS}

    assert set(FLOWERS) <= set(OPTIONS)
    for option in OPTIONS.values():
        assert (option.setting in names) != bool(option.sentence), option.name
        assert option.sentence == "" or option.sentence.endswith(".")


def test_values_mean_what_they_meant(tmp_path: Path) -> None:
    line = " ".join(
        f"--{name}={FLOWERS[name]}"
        for name in FLOWERS
        if OPTIONS[name].setting is not None and name not in LOGIN_OPTIONS
    )

    settings = loaded(tmp_path, line).settings

    assert (settings.port, settings.address) == (8888, "127.0.0.1")
    assert settings.basic_auth == ("ana:x", "bob:y")
    assert settings.url_prefix == "/flower"
    assert settings.read_only
    assert settings.inspect_timeout == 2.5
    assert settings.retention.max_tasks == 20_000
    assert settings.retention.offline_workers == 60.0
    assert settings.log_level == "debug"
    assert settings.tasks_columns == ("name", "uuid")
    assert settings.collector.runtime_buckets == (1.0, 5.0, 10.0)
    assert settings.broker_api == FLOWERS["broker_api"]
    assert str(settings.tls_cert).endswith("/cert.pem")
    assert str(settings.tls_key).endswith("/key.pem")


@pytest.mark.parametrize(
    ("written", "own", "names"),
    [
        ("--basic_auth=a:b --url-prefix=x", ["--url-prefix=x"], ["basic_auth"]),
        ("--read_only", [], ["read_only"]),
        ("--read-only", ["--read-only"], []),
        ("--read-only=true", [], ["read_only"]),
        ("--port=1 --port 2", ["--port=1", "--port", "2"], []),
        ("--inspect-timeout=2000", [], ["inspect_timeout"]),
        ("--inspect-timeout=2s", ["--inspect-timeout=2s"], []),
        ("--max-tasks=5 --debug", [], ["max_tasks", "debug"]),
        ("--db flower.db -b redis://x", ["-b", "redis://x"], ["db"]),
        ("--persistent -- --db", ["--", "--db"], ["persistent"]),
        ("--conf=x.py --prot=1", ["--prot=1"], ["conf"]),
    ],
)
def test_both_spellings_stand_side_by_side(written: str, own: list[str], names: list[str]) -> None:
    kept, found = from_arguments(written.split())

    assert kept == own
    assert [given.option.name for given in found] == names


@pytest.mark.parametrize(
    ("written", "own", "given"),
    [
        ("-l INFO", [], {"loglevel": "INFO"}),
        ("-lINFO --port=1", ["--port=1"], {"loglevel": "INFO"}),
        ("--loglevel=info", [], {"loglevel": "info"}),
        ("--result_backend=redis://x", [], {"result_backend": "redis://x"}),
        ("redis://x --port 1", ["--broker", "redis://x", "--port", "1"], {}),
        ("-b redis://x --data d", ["-b", "redis://x", "--data", "d"], {}),
        ("--result-backend redis://x", ["--result-backend", "redis://x"], {}),
    ],
)
def test_what_people_write_for_celery_is_understood(
    written: str, own: list[str], given: dict[str, str]
) -> None:
    kept, found = from_arguments(written.split())

    assert kept == own
    assert {each.option.name: each.text for each in found} == given


def test_what_flower_would_pass_over_is_named(tmp_path: Path) -> None:
    line = ["--track-tasks", "-E", "--pool", "solo", "--prot=1", "--port=2"]

    kept, found = from_arguments(line, forgiving=True)

    assert kept == ["--prot=1", "--port=2"]
    assert said(load_settings({}, {"HOME": str(tmp_path)}, tmp_path, found)) == {
        name: f"{name} is no option of Umbel and is passed over."
        for name in ("--track-tasks", "-E", "--pool")
    }


def test_celerys_words_for_levels_are_levels(tmp_path: Path) -> None:
    assert loaded(tmp_path, "-l INFO").settings.log_level == "info"
    assert loaded(tmp_path, "--loglevel=FATAL").settings.log_level == "error"


def test_an_option_without_its_value_is_told() -> None:
    with pytest.raises(SettingsError, match="--db needs a value"):
        from_arguments(["--db"])


def test_umbels_own_names_decide_before_flowers_and_its_file_before_its_environment(
    tmp_path: Path,
) -> None:
    file = "port = 2222\naddress = '::1'\nurl_prefix = 'file'\n"

    found = loaded(
        tmp_path,
        "--url_prefix=line",
        file=file,
        toml="address = 'localhost'",
        FLOWER_PORT="3333",
        FLOWER_URL_PREFIX="env",
    )

    assert found.settings.port == 2222
    assert found.origins["port"] == f"port in {tmp_path / 'flowerconfig.py'}"
    assert found.settings.address == "localhost"
    assert found.settings.url_prefix == "/line"


def test_the_file_is_read_and_never_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    file = f"""
import os
from base import *
open({str(witness)!r}, "w").close()
port = len(open("/etc/passwd").read())
debug = True
HOST = "elsewhere"
basic_auth = [os.popen("id").read()]
certfile, keyfile = "a", "b"
if os.path.exists("/"):
    read_only = True
def format_task(task):
    return task
"""
    found = loaded(tmp_path, file=file)

    assert not witness.exists()
    assert found.settings.log_level == "debug"
    assert found.settings.port == 5555
    assert "port in" in said(found)["port"]
    assert "(line 8) is computed" in said(found)["basic_auth"]
    assert "runs none to show a task" in said(found)["format_task"]
    lines = [re.search(r"Line (\d+) of", notice.sentence) for notice in found.notices]
    assert [int(line[1]) for line in lines if line] == [3, 4, 9, 10]


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("int(os.getenv('PORT', 5555)) + 1", 7778),
        ("int(os.environ['PORT'])", 7777),
        ("os.environ.get('OTHER') or 8000", 8000),
        ("os.environ.get('OTHER', '8001')", 8001),
        ("environ['PORT']", 7777),
        ("getenv('PORT')", 7777),
        ("system.getenv('PORT')", 7777),
        ("f'{BASE}5'", 705),
        ("f'{7:04d}'.replace('0', '1')", 1117),
        ("'%s%d' % (BASE, 5)", 705),
        ("'{}{}'.format(BASE, 6)", 706),
        ("'80' + '80'", 8080),
        ("BASE and 9000", 9000),
        ("9001 if os.getenv('PORT') == '7777' else 9002", 9001),
        ("'a,9003'.split(',')[1]", 9003),
        ("not os.getenv('DEBUG', '').lower() in ('1', 'true') and 9004", 9004),
    ],
)
def test_what_a_file_computes_of_constants_and_the_environment_is_read(
    tmp_path: Path, text: str, port: int
) -> None:
    imports = "import os\nimport os as system\nfrom os import environ, getenv\n"

    found = loaded(tmp_path, file=f"{imports}BASE = '70'\nport = {text}\n", PORT="7777")

    assert (found.settings.port, found.notices) == (port, ())


@pytest.mark.parametrize(
    "text",
    [
        "getenv('PORT')",
        "__import__('os').getpid()",
        "os.getpid()",
        "os.environ.copy()",
        "'1' * 4",
        "'%2000d' % 1",
        "'{:2000}'.format(1)",
        "f'{1:{2000}}'",
        "'{0.real}'.format(1)",
        "9 ** 4",
        "(lambda: 1)()",
        "[each for each in (1,)][0]",
        "10 ** 18 * 10 ** 18",
        "int('x')",
        "-" * 90 + "1",
        "int(5)",
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    file = f"import os\nfrom decouple import config as int\nport = {text}\n"

    found = loaded(tmp_path, file=file, PORT="7777")

    assert found.settings.port == 5555
    assert "(line 3) is computed" in said(found)["port"]


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path, file="import os\nbasic_auth = [os.environ['LOGIN']]\n")

    assert "reads the environment variable LOGIN, which is not set" in said(found)["basic_auth"]
    with pytest.raises(SettingsError, match="this cluster would be open"):
        check_serving(loaded(tmp_path, "--broker=redis://x"))


def test_the_branch_that_holds_is_read(tmp_path: Path) -> None:
    file = """
import os
if os.environ.get("STAGE") == "production":
    port = 1111
elif os.environ.get("STAGE"):
    port = 2222
else:
    port = 3333
"""

    assert loaded(tmp_path, file=file, STAGE="production").settings.port == 1111
    assert loaded(tmp_path, file=file, STAGE="test").settings.port == 2222
    assert loaded(tmp_path, file=file).settings.port == 3333


@pytest.mark.parametrize("file", ["port =", "\0", "x" * 1_000_001, "(" * 300])
def test_a_file_that_is_no_python_is_told(tmp_path: Path, file: str) -> None:
    with pytest.raises(SettingsError, match=r"flowerconfig\.py is (not Python|too large)"):
        loaded(tmp_path, file=file)


def test_another_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("port = 1234")

    assert loaded(tmp_path, "--conf=other.py").settings.port == 1234
    assert loaded(tmp_path, FLOWER_CONF=str(tmp_path / "other.py")).settings.port == 1234
    with pytest.raises(SettingsError, match=r"absent\.py \(--conf\) does not exist"):
        loaded(tmp_path, "--conf=absent.py")


def test_no_file_is_read_when_none_is_asked_for(tmp_path: Path) -> None:
    assert loaded(tmp_path, file="port = 1234", UMBEL_CONFIG="none").settings.port == 5555


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "http"), ("inspect_timeout", "soon"), ("inspect_timeout", "nan"),
     ("read_only", "perhaps"), ("max_tasks", "many"), ("purge_offline_workers", "-1"),
     ("purge_offline_workers", "soon"), ("basic_auth", "hunter2")],
)  # fmt: skip
def test_a_wrong_value_is_told_by_flowers_own_name(tmp_path: Path, name: str, value: str) -> None:
    variable = f"FLOWER_{name.upper()}"

    with pytest.raises(SettingsError, match=f"^{variable} cannot be ") as caught:
        loaded(tmp_path, **{variable: value})

    assert "hunter2" not in str(caught.value)


def test_a_name_that_flower_never_had_is_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, FLOWER_BASICAUTH="a:b")

    assert "Did you mean FLOWER_BASIC_AUTH?" in said(found)["FLOWER_BASICAUTH"]


def test_what_kubernetes_adds_for_a_service_called_flower_is_passed_over(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        FLOWER_PORT="tcp://10.0.0.1:5555",
        FLOWER_SERVICE_HOST="10.0.0.1",
        FLOWER_PORT_5555_TCP_ADDR="10.0.0.1",
    )

    assert (found.settings.port, found.notices) == (5555, ())


def test_a_login_that_umbel_cannot_do_stops_the_start_instead_of_opening_it(
    tmp_path: Path,
) -> None:
    environ = {"UMBEL_BROKER": "redis://x/0"}
    option = "--auth_provider=x.Y --auth=.*@x.org"

    with pytest.raises(SettingsError, match="--auth_provider names a class that is none of Flower"):
        check_serving(loaded(tmp_path, option, **environ))
    check_serving(loaded(tmp_path, option, **environ, UMBEL_BASIC_AUTH="a:b"))
    check_serving(loaded(tmp_path, option, **environ, UMBEL_INSECURE="true"))


def test_a_password_that_is_computed_stops_the_start_instead_of_opening_it(tmp_path: Path) -> None:
    found = loaded(tmp_path, file="basic_auth = [secret()]", UMBEL_BROKER="redis://x/0")

    with pytest.raises(SettingsError, match="is computed"):
        check_serving(found)


@pytest.mark.parametrize(
    "line", ["--xheaders=False --persistent=True --enable_events=false --natural_time=t"]
)
def test_nothing_is_said_of_what_umbel_does_anyway(tmp_path: Path, line: str) -> None:
    assert loaded(tmp_path, line).notices == ()


def test_the_page_for_those_who_come_from_flower_names_every_option() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [option.name for option in OPTIONS.values() if f"`{option.name}`" not in page] == []


def test_what_flower_was_told_to_hide_stops_the_start_until_it_is_answered(tmp_path: Path) -> None:
    file = "def format_task(task):\n    task.kwargs = '***'\n    return task\n"
    with pytest.raises(SettingsError) as caught:
        check_serving(loaded(tmp_path, file=file, UMBEL_BROKER="redis://x/0"))

    assert "format_task" in str(caught.value)
    assert "redact.keys" in str(caught.value)
    check_serving(
        loaded(tmp_path, file=file, UMBEL_BROKER="redis://x/0", UMBEL_REDACT_KEYS="default")
    )


@pytest.mark.parametrize(
    ("line", "file", "environ", "mode"),
    [
        ("", None, {}, "ask"),
        ("", "port = 8000\n", {}, "always"),
        ("", "enable_events = False\n", {}, "ask"),
        ("--enable_events=false", "port = 8000\n", {}, "ask"),
        ("--enable_events", None, {}, "always"),
        ("", None, {"FLOWER_ENABLE_EVENTS": "True"}, "always"),
        ("", None, {"FLOWER_PORT": "8000"}, "ask"),
        ("", "port = 8000\n", {"UMBEL_ENABLE_EVENTS": "never"}, "never"),
    ],
)
def test_events_are_switched_on_where_flower_would_do_so(
    tmp_path: Path, line: str, file: str | None, environ: dict[str, str], mode: str
) -> None:
    assert loaded(tmp_path, line, file=file, **environ).settings.enable_events == mode


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FLOWER_GITHUB_OAUTH_DOMAIN", "github.example.com"),
        ("FLOWER_GITLAB_OAUTH_DOMAIN", "gitlab.example.com"),
        ("FLOWER_GITLAB_AUTH_ALLOWED_GROUPS", "ops,dev/core"),
        ("FLOWER_GITLAB_MIN_ACCESS_LEVEL", "30"),
        ("FLOWER_OAUTH2_OKTA_BASE_URL", "https://x.okta.com/oauth2"),
    ],
)
def test_variables_of_flowers_logins_are_answered_and_stop_a_start_that_would_be_open(
    tmp_path: Path, variable: str, value: str
) -> None:
    environ = {"UMBEL_BROKER": "redis://x/0", variable: value}

    sentence = said(loaded(tmp_path, **environ))[variable]
    assert sentence.startswith(f"{variable} is read by Flower's logins by OAuth")
    with pytest.raises(SettingsError, match="this cluster would be open"):
        check_serving(loaded(tmp_path, **environ))
    check_serving(loaded(tmp_path, **environ, UMBEL_BASIC_AUTH="a:b"))


def test_the_directory_of_flowers_image_is_answered(tmp_path: Path) -> None:
    assert "UMBEL_DATA" in said(loaded(tmp_path, FLOWER_DATA_DIR="/data"))["FLOWER_DATA_DIR"]


def test_a_password_with_a_comma_is_one_password_in_a_list(tmp_path: Path) -> None:
    file = "basic_auth = ['ana:a,b', 'bob:c']\n"

    assert loaded(tmp_path, file=file).settings.basic_auth == ("ana:a,b", "bob:c")
    given = loaded(tmp_path, UMBEL_AUTH_USERS='["ana:admin:a,b"]').settings
    assert given.auth.users == ("ana:admin:a,b",)
    with pytest.raises(SettingsError, match="looks like two"):
        loaded(tmp_path, toml="basic_auth = ['ana:a,bob:c']")


@pytest.mark.parametrize(
    ("file", "refused"),
    [
        ("from base import *\n", "format_task|redact"),
        ("from base import fmt as format_task\n", "redact"),
        ("from base import login as basic_auth\n", "would be open"),
        ("for each in [1]:\n    basic_auth = [each]\n", "would be open"),
        ("globals().update(auth='.*')\n", "redact"),
        ("read_only = bool(id('x'))\n", "If it sets read_only"),
        ("import os\nread_only = os.environ['LOCKED']\n", "LOCKED, which is not set"),
        ("if id('x'):\n    read_only = True\n", "If it sets read_only"),
        ("certfile, keyfile = 'a', 'b'\n", "If it sets tls_cert"),
        ("unix_socket = '/run/%s' % id('x')\n", "If it sets unix_socket"),
    ],
)
def test_whatever_opens_or_shows_more_if_it_is_lost_stops_the_start(
    tmp_path: Path, file: str, refused: str
) -> None:
    with pytest.raises(SettingsError, match=refused):
        check_serving(loaded(tmp_path, file=file, UMBEL_BROKER="redis://x/0"))


@pytest.mark.parametrize(
    "file",
    [
        "import logging\nlogging.basicConfig(level='INFO')\n",
        "import sys\nsys.path.insert(0, '.')\n",
        "max_tasks, port = 5000, 5555\n",
        "natural_time = id('x')\n",
    ],
)
def test_code_that_opens_nothing_is_named_and_passed_over(tmp_path: Path, file: str) -> None:
    found = loaded(tmp_path, file=file, UMBEL_BROKER="redis://x/0")

    check_serving(found)
    assert len(found.notices) == 1


def test_what_a_file_may_say_by_code_can_be_said_beside_it(tmp_path: Path) -> None:
    environ = {
        "UMBEL_BROKER": "redis://x/0",
        "UMBEL_BASIC_AUTH": "a:b",
        "UMBEL_REDACT_KEYS": "default",
        "UMBEL_READ_ONLY": "false",
    }

    check_serving(loaded(tmp_path, file="from base import *\n", **environ))
