"""A provider that is half configured is named with what it lacks, before anybody logs in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from umbel.auth.providers.base import Callback, LoginAttempt, ProviderTokens
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.opening import half_configured, open_redirect_providers
from umbel.clock import SystemClock
from umbel.errors import SettingsError

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
CLIENT: dict[str, object] = {"client_id": "umbel", "client_secret": "a-secret"}
ISSUER = {"issuer": "https://id.example.com"}


def config(**fields: object) -> ProviderConfig:
    return ProviderConfig(**{"name": "company", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "oidc", **CLIENT, **ISSUER},
        {"kind": "oidc", "client_id": "umbel", "issuer": "http://127.0.0.1:8080"},
        {"kind": "google", **CLIENT, "hosted_domain": ("example.com",)},
        {"kind": "gitlab", **CLIENT, "min_access_level": 30},
        {"kind": "okta", **CLIENT, "domain": "company.okta.com"},
        {"kind": "entra", **CLIENT, "tenant": TENANT},
        {"kind": "keycloak", **CLIENT, "issuer": "https://id.example.com/realms/shop"},
        {"kind": "auth0", **CLIENT, "domain": "company.eu.auth0.com"},
        {"kind": "github", **CLIENT, "allowed_groups": ("company",)},
        {"kind": "github", **CLIENT, "domain": "github.example.com:8443"},
        {"kind": "gitlab-oauth2", **CLIENT, "min_access_level": 20},
        {"kind": "oidc", **CLIENT, **ISSUER, "redirect_uri": "http://umbel.lan/login"},
        {"kind": "proxy", "user_header": "x-user"},
        {"kind": "oauth2-proxy", "logout_url": "/oauth2/sign_out"},
        {"kind": "authelia"},
        {"kind": "cloudflare-access", "domain": "team.cloudflareaccess.com", "audience": ("a",)},
        {"kind": "google-iap", "audience": ("/projects/1",)},
        {"kind": "proxy", "token_header": "x-token", "jwks_url": "https://id.example.com/keys",
         "audience": ("umbel",), **ISSUER},
    ],
)  # fmt: skip
def test_a_whole_provider_lacks_nothing(fields: dict[str, object]) -> None:
    assert half_configured(config(**fields)) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "oidc", **ISSUER}, "lacks client_id"),
        ({"kind": "oidc", **CLIENT}, "lacks issuer"),
        ({"kind": "keycloak", **CLIENT}, "lacks issuer"),
        ({"kind": "google", "client_id": "umbel"}, "lacks client_secret, or client_secret_file"),
        ({"kind": "github", "client_id": "umbel"}, "lacks client_secret"),
        ({"kind": "gitlab-oauth2", "client_id": "umbel"}, "lacks client_secret"),
        ({"kind": "okta", **CLIENT}, "lacks domain"),
        ({"kind": "auth0", **CLIENT}, "lacks domain"),
        ({"kind": "entra", **CLIENT}, "lacks tenant"),
        ({"kind": "entra", **CLIENT, "tenant": "common"}, "must be the directory's id"),
        ({"kind": "entra", **CLIENT, "tenant": "example.com"}, "must be the directory's id"),
        ({"kind": "oidc", **CLIENT, "issuer": "http://id.example.com"}, "is not https"),
        ({"kind": "oidc", **CLIENT, "issuer": "id.example.com"}, "no address that begins with"),
        ({"kind": "oidc", **CLIENT, "issuer": "https://u:p@id.example.com"}, "has a user"),
        ({"kind": "oidc", **CLIENT, "issuer": "https://[::1"}, "is no address"),
        ({"kind": "okta", **CLIENT, "domain": "company okta.com"}, "has a domain that"),
        ({"kind": "okta", **CLIENT, "domain": "http://company.okta.com"}, "is not https"),
        ({"kind": "github", **CLIENT, "domain": "evil@github.com"}, "has a domain that"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "redirect_uri": "/login"}, "has a redirect_uri"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "redirect_uri": "javascript:alert(1)"},
         "has a redirect_uri"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "scopes": ("email",)}, "scopes without openid"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "hosted_domain": ("a",)}, "is of google alone"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "tenant": TENANT}, "is of entra alone"),
        ({"kind": "okta", **CLIENT, "domain": "a.okta.com", "min_access_level": 30},
         "is of gitlab and gitlab-oauth2 alone"),
        ({"kind": "gitlab", **CLIENT, "min_access_level": 90}, "go from 0 to 60"),
        ({"kind": "github", **CLIENT, **ISSUER}, "is found by its domain"),
        ({"kind": "github", **CLIENT, "api_audience": ("a",)}, "cannot be checked"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "user_header": "x-user"},
         "is of logins by a proxy's headers"),
        ({"kind": "proxy", "user_header": "x-user", "client_id": "umbel"},
         "is of logins by a redirect"),
        ({"kind": "proxy"}, "lacks user_header, or token_header"),
        ({"kind": "proxy", "token_header": "x"}, "lacks jwks_url"),
        ({"kind": "proxy", "token_header": "x", "jwks_url": "https://a.example/keys"},
         "lacks issuer"),
        ({"kind": "proxy", "token_header": "x", "jwks_url": "https://a.example/keys", **ISSUER},
         "lacks audience"),
        ({"kind": "proxy", "token_header": "x", "jwks_url": "http://a.example/k", **ISSUER},
         "is not https"),
        ({"kind": "proxy", "user_header": "x", "audience": ("a",)}, "no token_header"),
        ({"kind": "cloudflare-access", "audience": ("a",)}, "lacks domain"),
        ({"kind": "cloudflare-access", "domain": "team.cloudflareaccess.com"}, "lacks audience"),
        ({"kind": "google-iap"}, "lacks audience"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "logout_url": "javascript:alert(1)"},
         "has a logout_url that"),
        ({"kind": "proxy", "user_header": "x", "logout_url": "//evil.example"},
         "has a logout_url that"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "ca_file": "/no/such/file"},
         "cannot use its ca_file"),
        ({"kind": "oidc", **ISSUER, "client_id": "a", "client_secret_file": "/no/such/file"},
         "cannot use its client_secret_file: /no/such/file cannot be read (No such file"),
        ({"kind": "oidc", **CLIENT, **ISSUER, "client_secret_file": "/no/such/file"},
         "has both client_secret and client_secret_file"),
    ],
)  # fmt: skip
def test_a_half_configured_provider_is_told_what_it_lacks(
    fields: dict[str, object], sentence: str
) -> None:
    found = half_configured(config(**fields))

    assert found is not None
    assert found.startswith("The provider company ")
    assert sentence in found
    assert "a-secret" not in found
    if fields["kind"] in {"oidc", "github", "okta"}:
        with pytest.raises(SettingsError):
            open_redirect_providers([config(**fields)], SystemClock())


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    whole = config(kind="oidc", client_id="umbel", client_secret_file=str(file), **ISSUER)

    file.write_text("\n")
    empty = half_configured(whole)
    file.write_bytes(b"\xff\xfe")
    binary = half_configured(whole)
    file.write_text("a-secret\n")

    assert empty is not None
    assert "is empty" in empty
    assert binary is not None
    assert "is no text" in binary
    assert half_configured(whole) is None


def test_a_secret_of_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (str(pipe), "/dev/zero"):
        secret = half_configured(
            config(kind="oidc", client_id="umbel", client_secret_file=path, **ISSUER)
        )
        authority = half_configured(config(kind="oidc", **CLIENT, **ISSUER, ca_file=path))

        assert "is a pipe or a device, and no file" in str(secret)
        assert "is a pipe or a device, and no file" in str(authority)


def test_a_ca_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")

    found = half_configured(config(kind="oidc", **CLIENT, **ISSUER, ca_file=str(file)))

    assert found is not None
    assert "cannot use its ca_file" in found


def test_no_secret_of_a_login_is_shown() -> None:
    secret = "a-secret"  # noqa: S105
    shown = repr(
        [
            config(kind="oidc", **CLIENT, **ISSUER),
            ProviderTokens(access_token=secret, refresh_token=secret, id_token=secret),
            LoginAttempt(state=secret, nonce=secret, verifier=secret, redirect_uri="/login"),
            Callback(code=secret),
        ]
    )

    assert secret not in shown


def test_a_missing_extra_is_named_with_what_installs_it() -> None:
    """As in an environment where the packages of the extra are not installed."""
    program = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'joserfc': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from umbel.auth.providers.opening import half_configured\n"
        "from umbel.auth.providers.config import ProviderConfig\n"
        "print(half_configured(ProviderConfig(name='a', kind='oidc', client_id='b',"
        " issuer='https://id.example.com')))\n"
        "print(half_configured(ProviderConfig(name='a', kind='proxy', user_header='x')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    first, second = done.stdout.splitlines()
    assert "pip install 'umbel[oidc]'" in first
    assert second == "None"


def test_looking_at_settings_loads_nothing_of_the_extra() -> None:
    program = (
        "import sys\n"
        "from umbel.auth.providers.opening import *\n"
        "from umbel.auth.providers.config import ProviderConfig\n"
        "half_configured(ProviderConfig(name='a', kind='oidc', client_id='b',"
        " issuer='https://id.example.com'))\n"
        "open_redirect_providers([], None); open_token_providers([], None)\n"
        "print([name for name in sys.modules if name in ('joserfc', 'httpx', 'cryptography')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")
