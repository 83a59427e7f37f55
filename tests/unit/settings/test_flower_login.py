"""Flower's logins by OAuth go on with the settings that they have."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from umbel.auth.grants import Grant
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rules import decide
from umbel.errors import SettingsError
from umbel.settings import LoadedSettings, check_serving, load_settings
from umbel.settings.flower_migration import as_toml
from umbel.settings.flower_sources import from_arguments, options_of_flower

GOOGLE = "flower.views.auth.GoogleAuth2LoginHandler"
GITHUB = "flower.views.auth.GithubLoginHandler"
GITLAB = "flower.views.auth.GitLabLoginHandler"
OKTA = "flower.views.auth.OktaLoginHandler"
CALLBACK = "https://flower.example.com/login"
BROKER = {"UMBEL_BROKER": "redis://x/0"}


def flowers(provider: str, auth: str = ".*@example.com", **more: str) -> dict[str, str]:
    """The environment of Flower with a login."""
    return BROKER | {
        "FLOWER_AUTH": auth,
        "FLOWER_AUTH_PROVIDER": provider,
        "FLOWER_OAUTH2_KEY": "key",
        "FLOWER_OAUTH2_SECRET": "PLANTED-secret",
        "FLOWER_OAUTH2_REDIRECT_URI": CALLBACK,
        **more,
    }


def loaded(
    tmp_path: Path,
    environ: dict[str, str],
    line: str = "",
    *,
    file: str | None = None,
    toml: str = "",
) -> LoadedSettings:
    if file is not None:
        (tmp_path / "flowerconfig.py").write_text(file)
    (tmp_path / "umbel.toml").write_text(toml)
    _, flower = from_arguments(shlex.split(line))
    return load_settings({}, {"HOME": str(tmp_path)} | environ, tmp_path, flower)


def provider(tmp_path: Path, environ: dict[str, str]) -> ProviderConfig:
    (found,) = loaded(tmp_path, environ).settings.auth.providers
    return found


def refusal(tmp_path: Path, environ: dict[str, str], line: str = "") -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, environ, line)
    assert "PLANTED" not in str(caught.value)
    return str(caught.value)


def gets_in(tmp_path: Path, auth: str, *emails: str) -> bool:
    """Whether somebody of Google's with these verified addresses gets in."""
    rules = loaded(tmp_path, flowers(GOOGLE, auth)).settings.auth.rules
    grants = decide(rules, "google", {"emails": list(emails)}, "default").grants
    assert all(isinstance(each, Grant) and each.role == "admin" for each in grants)
    return bool(grants)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"FLOWER_AUTH_PROVIDER": GOOGLE}, {"name": "google", "kind": "google"}),
        (
            {"FLOWER_AUTH_PROVIDER": GITHUB},
            {"name": "github", "kind": "github", "scopes": ("user:email",)},
        ),
        (
            {"FLOWER_AUTH_PROVIDER": GITHUB, "FLOWER_GITHUB_OAUTH_DOMAIN": "git.example.com"},
            {
                "name": "github",
                "kind": "github",
                "domain": "git.example.com",
                "scopes": ("user:email",),
            },
        ),
        ({"FLOWER_AUTH_PROVIDER": GITLAB}, {"name": "gitlab", "kind": "gitlab-oauth2"}),
        (
            {
                "FLOWER_AUTH_PROVIDER": GITLAB,
                "FLOWER_GITLAB_OAUTH_DOMAIN": "gitlab.example.com:8443",
                "FLOWER_GITLAB_AUTH_ALLOWED_GROUPS": "ops, dev/core",
            },
            {
                "name": "gitlab",
                "kind": "gitlab-oauth2",
                "domain": "gitlab.example.com:8443",
                "allowed_groups": ("ops", "dev/core"),
                "min_access_level": 20,
            },
        ),
        (
            {
                "FLOWER_AUTH_PROVIDER": GITLAB,
                "FLOWER_GITLAB_AUTH_ALLOWED_GROUPS": "ops",
                "FLOWER_GITLAB_MIN_ACCESS_LEVEL": "40",
            },
            {
                "name": "gitlab",
                "kind": "gitlab-oauth2",
                "allowed_groups": ("ops",),
                "min_access_level": 40,
            },
        ),
        (
            {
                "FLOWER_AUTH_PROVIDER": OKTA,
                "FLOWER_OAUTH2_OKTA_BASE_URL": "https://example.okta.com/oauth2/default",
            },
            {"name": "okta", "kind": "okta", "issuer": "https://example.okta.com/oauth2/default"},
        ),
        (
            {
                "FLOWER_AUTH_PROVIDER": OKTA,
                "FLOWER_OAUTH2_OKTA_BASE_URL": "https://example.okta.com/oauth2/",
            },
            {"name": "okta", "kind": "okta", "issuer": "https://example.okta.com"},
        ),
    ],
)
def test_each_login_of_flower_is_a_provider(
    tmp_path: Path, more: dict[str, str], wanted: dict[str, object]
) -> None:
    found = loaded(tmp_path, flowers(GOOGLE) | more)

    assert found.settings.auth.providers == (
        ProviderConfig(
            client_id="key",
            client_secret="PLANTED-secret",  # noqa: S106
            redirect_uri=CALLBACK,
            **wanted,  # type: ignore[arg-type]
        ),
    )
    assert not found.settings.is_open
    assert found.notices == ()
    check_serving(found)


def test_options_come_from_the_command_line_the_file_and_the_environment(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        BROKER | {"FLOWER_OAUTH2_SECRET": "s", "FLOWER_AUTH": "nobody@example.com"},
        f"--auth-provider={GITHUB} --oauth2_key=k",
        file=f"auth = 'ann@example.com'\noauth2_redirect_uri = {CALLBACK!r}\n",
    )

    (config,) = found.settings.auth.providers
    (rule,) = found.settings.auth.rules
    assert (config.client_id, config.client_secret, config.redirect_uri) == ("k", "s", CALLBACK)
    assert rule.values == ("ann@example.com",)
    assert found.origins["auth.providers"] == "--auth-provider"
    assert found.origins["auth.rules"] == f"auth in {tmp_path / 'flowerconfig.py'}"


def test_the_same_people_get_in_and_nobody_else(tmp_path: Path) -> None:
    assert gets_in(tmp_path, "ann@example.com", "ann@example.com")
    assert gets_in(tmp_path, "ann@example.com|bob@x.org", "carl@y.org", "bob@x.org")
    assert gets_in(tmp_path, ".*@example.com", "ann@example.com")
    assert gets_in(tmp_path, "ann.*@example.com", "ann.smith@example.com")

    assert not gets_in(tmp_path, "ann@example.com", "joann@example.com")
    assert not gets_in(tmp_path, "ann@example.com", "ann@example.com.evil.org")
    assert not gets_in(tmp_path, "ann@example.com|bob@x.org", "bob@xyorg")
    assert not gets_in(tmp_path, ".*@example.com", "ann@exampleXcom")
    assert not gets_in(tmp_path, ".*@example.com", "ann@example.com.evil.org")
    assert not gets_in(tmp_path, ".*@example.com", "ann@evil-example.com")
    assert not gets_in(tmp_path, "ann.*@example.com", "bob@example.com")
    assert not gets_in(tmp_path, ".*@example.com")


@pytest.mark.parametrize(
    "auth",
    [
        ".*", "*", ".*@.*", "a@*", "a@.*", ".*@*.com", "*@example.com", ".*@example.com|b@x.org",
        ".*@example.com|.*@x.org", "a@example.com,b@x.org", "a@example.com | b@x.org", "a@x.org|",
        r".*@example\.com", r"^ann@example.com$", "(ann|bob)@example.com", "ann?@example.com",
        "[ab]@example.com", "example.com", "@example.com", "ann@", "ann@example.com ", "|",
        "a@b@example.com", "..*@example.com\n", "a@-.*", ".+@example.com.*",
    ],
)  # fmt: skip
def test_a_pattern_that_flower_refuses_or_nobody_fits_is_refused(tmp_path: Path, auth: str) -> None:
    sentence = refusal(tmp_path, flowers(GOOGLE, auth))

    assert sentence.startswith("FLOWER_AUTH cannot be taken over as Flower's login: it must be an")
    assert "no regular expression" in sentence


@pytest.mark.parametrize(
    "name", ["auth_provider", "oauth2_key", "oauth2_secret", "oauth2_redirect_uri"]
)
def test_what_is_half_given_is_refused_by_name(tmp_path: Path, name: str) -> None:
    environ = flowers(GOOGLE)
    del environ[f"FLOWER_{name.upper()}"]

    sentence = refusal(tmp_path, environ)

    assert f"to which {name} (FLOWER_{name.upper()}) is missing." in sentence
    assert refusal(tmp_path, environ | {"UMBEL_BASIC_AUTH": "a:b", "UMBEL_INSECURE": "1"})


def test_a_login_that_asks_nobody_stops_a_start_that_would_be_open(tmp_path: Path) -> None:
    environ = flowers(GOOGLE)
    del environ["FLOWER_AUTH"]

    with pytest.raises(SettingsError, match=r"auth \(FLOWER_AUTH\) is missing\. Without it"):
        check_serving(loaded(tmp_path, environ))
    check_serving(loaded(tmp_path, environ | {"UMBEL_BASIC_AUTH": "a:b"}))


def test_a_pattern_in_code_is_told_by_its_line(tmp_path: Path) -> None:
    environ = flowers(GOOGLE)
    del environ["FLOWER_AUTH"]

    with pytest.raises(SettingsError, match=r"auth in .*flowerconfig.py \(line 1\) is computed"):
        loaded(tmp_path, environ | {"UMBEL_BASIC_AUTH": "a:b"}, file="auth = pattern()\n")


def test_a_pattern_without_a_provider_is_told_what_old_flowers_took(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, BROKER, "--auth=.*@example.com")

    assert sentence.startswith("--auth is of a login of Flower's, to which auth_provider ")
    assert "flower.views.auth.GoogleAuth2LoginHandler" in sentence
    assert "Flower before 1.0 took the first" in sentence


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"FLOWER_AUTH_PROVIDER": OKTA},
            "FLOWER_AUTH_PROVIDER names Okta, of which FLOWER_OAUTH2_OKTA_BASE_URL is missing.",
        ),
        (
            {"FLOWER_AUTH_PROVIDER": OKTA, "FLOWER_OAUTH2_OKTA_BASE_URL": "https://x.okta.com"},
            "must be an address such as https://example.okta.com/oauth2",
        ),
        (
            {"FLOWER_AUTH_PROVIDER": GITHUB, "FLOWER_GITHUB_OAUTH_DOMAIN": "https://git.x.org/"},
            "FLOWER_GITHUB_OAUTH_DOMAIN cannot be taken over as Flower's login: it must be a host",
        ),
        (
            {"FLOWER_AUTH_PROVIDER": GITLAB, "FLOWER_GITLAB_AUTH_ALLOWED_GROUPS": " , "},
            "names no group",
        ),
        (
            {
                "FLOWER_AUTH_PROVIDER": GITLAB,
                "FLOWER_GITLAB_AUTH_ALLOWED_GROUPS": "ops",
                "FLOWER_GITLAB_MIN_ACCESS_LEVEL": "reporter",
            },
            "FLOWER_GITLAB_MIN_ACCESS_LEVEL cannot be taken over",
        ),
    ],
)
def test_a_variable_that_cannot_be_is_refused(
    tmp_path: Path, more: dict[str, str], sentence: str
) -> None:
    assert sentence in refusal(tmp_path, flowers(GOOGLE) | more)


def test_a_variable_of_another_provider_is_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, flowers(GOOGLE, FLOWER_GITHUB_OAUTH_DOMAIN="git.example.com"))

    assert [each.sentence for each in found.notices] == [
        "FLOWER_GITHUB_OAUTH_DOMAIN is passed over: FLOWER_AUTH_PROVIDER names google."
    ]


def test_a_handler_of_ones_own_is_told_what_replaces_it(tmp_path: Path) -> None:
    found = loaded(tmp_path, flowers("company.auth.Handler"))

    with pytest.raises(SettingsError, match=r"\[auth.providers.NAME\] instead \(docs/logins\)"):
        check_serving(found)


def test_a_misspelt_handler_is_told_which_was_meant(tmp_path: Path) -> None:
    found = loaded(tmp_path, flowers("flower.views.auth.GitHubLoginHandler"))

    with pytest.raises(SettingsError, match=f"Did you mean {GITHUB}"):
        check_serving(found)


def test_who_needs_a_password_and_a_login_in_flower_does_not_get_in_with_one(
    tmp_path: Path,
) -> None:
    for given in (GOOGLE, "company.auth.Handler"):
        sentence = refusal(tmp_path, flowers(given, FLOWER_BASIC_AUTH="ann:PLANTED"))
        assert "Umbel would let in who does either" in sentence
        with pytest.raises(SettingsError, match="who does either"):
            migrated(tmp_path, flowers(given, FLOWER_BASIC_AUTH="ann:PLANTED"))

    check_serving(loaded(tmp_path, flowers(GOOGLE, UMBEL_BASIC_AUTH="ann:secret")))


def test_umbels_own_providers_go_before_flowers(tmp_path: Path) -> None:
    toml = "[auth.providers.okta]\nclient_id = 'own'\n"
    found = loaded(tmp_path, flowers(GOOGLE), toml=toml)

    assert [each.client_id for each in found.settings.auth.providers] == ["own"]
    assert found.settings.auth.rules == ()
    (notice,) = found.notices
    assert notice.sentence.startswith("FLOWER_AUTH, FLOWER_AUTH_PROVIDER, FLOWER_OAUTH2_KEY, ")
    assert notice.sentence.endswith("umbel.toml say how to log in.")


def test_umbels_own_rules_go_before_flowers_pattern(tmp_path: Path) -> None:
    toml = "[[auth.rules]]\nprovider = 'google'\nclaim = 'emails'\nvalue = 'a@x.org'\nrole='viewer'"
    found = loaded(tmp_path, flowers(GOOGLE), toml=toml)

    assert [each.role for each in found.settings.auth.rules] == ["viewer"]
    assert [each.name for each in found.settings.auth.providers] == ["google"]
    assert "FLOWER_AUTH is passed over: auth.rules in " in found.notices[0].sentence


def test_a_computed_option_is_told_by_its_line(tmp_path: Path) -> None:
    file = "oauth2_secret = fetch()\n"
    environ = flowers(GOOGLE)
    del environ["FLOWER_OAUTH2_SECRET"]

    with pytest.raises(SettingsError, match=r"\(line 1\) is computed"):
        loaded(tmp_path, environ, file=file)


def test_a_file_with_the_secret_that_all_can_read_is_told(tmp_path: Path) -> None:
    environ = flowers(GOOGLE)
    del environ["FLOWER_OAUTH2_SECRET"]
    (tmp_path / "flowerconfig.py").write_text("oauth2_secret = 'PLANTED'\n")
    (tmp_path / "flowerconfig.py").chmod(0o644)

    notices = [each.sentence for each in loaded(tmp_path, environ).notices]

    assert notices == [
        "Every user of this machine can read the passwords in "
        f"{tmp_path / 'flowerconfig.py'}: chmod o-r it."
    ]


def test_a_file_with_the_secret_is_told_by_a_relative_name_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new.toml").write_text(migrated(tmp_path, flowers(GOOGLE)))
    (tmp_path / "new.toml").chmod(0o644)
    monkeypatch.chdir(tmp_path)

    found = load_settings({"config": "new.toml"}, {"HOME": str(tmp_path)}, tmp_path)

    assert [each.sentence for each in found.notices] == [
        "Every user of this machine can read the passwords in new.toml: chmod o-r it."
    ]


def migrated(tmp_path: Path, environ: dict[str, str]) -> str:
    return as_toml(options_of_flower([], environ, tmp_path, {tmp_path.stat().st_uid}, files=True))


def test_the_new_form_says_the_same(tmp_path: Path) -> None:
    environ = flowers(
        GITLAB,
        'ann@x.org|b"ob\U0001f40e@x.org'.replace('"', "'"),
        FLOWER_GITLAB_AUTH_ALLOWED_GROUPS="ops,dev/core",
        FLOWER_OAUTH2_SECRET='a"b\\c\n[auth]',  # noqa: S106
        FLOWER_PORT="8888",
    )

    text = migrated(tmp_path, environ)

    assert "[auth.providers.gitlab]  # FLOWER_AUTH_PROVIDER" in text
    assert "[[auth.rules]]  # FLOWER_AUTH" in text
    assert tomllib.loads(text)["port"] == 8888
    before = loaded(tmp_path, environ).settings.auth
    (tmp_path / "umbel.toml").write_text(text)
    after = load_settings({}, {"HOME": str(tmp_path)}, tmp_path).settings.auth
    assert (after.providers, after.rules) == (before.providers, before.rules)
