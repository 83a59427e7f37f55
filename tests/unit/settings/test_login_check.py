"""Providers and rules that would let in nobody, or whom nobody meant, stop the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import check_serving, load_settings

OKTA = """
[auth.providers.okta]
client_id = "umbel"
client_secret = "PLANTED"
domain = "example.okta.com"
"""
ANN = """
[[auth.rules]]
claim = "email"
value = "ann@example.com"
role = "viewer"
"""
EVERYBODY = "\n[[auth.rules]]\nrole = 'viewer'\n"


def check(tmp_path: Path, toml: str, **environ: str) -> None:
    file = tmp_path / "umbel.toml"
    file.write_text("broker = 'redis://x/0'\n" + toml if "[clusters" not in toml else toml)
    file.chmod(0o600)
    check_serving(load_settings({}, {"HOME": str(tmp_path)} | environ, tmp_path))


def refusal(tmp_path: Path, toml: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        check(tmp_path, toml, **environ)
    assert "PLANTED" not in str(caught.value)
    return str(caught.value)


def provider(lines: str, name: str) -> str:
    credentials = "client_id = 'umbel'\nclient_secret = 'PLANTED'\n"
    return f"\n[auth.providers.{name}]\n{credentials}{lines}\n"


def test_a_rule_that_cannot_be_is_told_in_one_line_without_the_others(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, OKTA + ANN + "[[auth.rules]]\nclam = 'groups'\nrole = 'admin'\n")

    assert sentence == (
        f"auth.rules in {tmp_path / 'umbel.toml'} cannot be what was given: it must be tables "
        "[[auth.rules]], but rule 2 has 'clam', which there is not; did you mean claim?"
    )


PEOPLE = (
    "[auth]\nusers = ['ops:operator:pw', 'ann:admin:pw']\n[[auth.rules]]\nprovider = 'password'\n"
)


def test_a_rule_that_narrows_people_with_a_password_and_is_for_nobody_stops_the_start(
    tmp_path: Path,
) -> None:
    """They would keep the whole role of their entry."""
    narrow = "role = 'operator'\nname = 'billing.*'\n"

    claim = refusal(tmp_path, f"{PEOPLE}claim = 'user'\nvalue = 'ops'\n{narrow}")
    slip = refusal(tmp_path, f"{PEOPLE}claim = 'name'\nvalue = 'opps'\n{narrow}")
    nobody = refusal(tmp_path, f"{PEOPLE}claim = 'name'\npattern = 'x*'\nrole = 'none'\n")

    assert "Rule 1 of auth.rules looks for the claim user of people with a password" in claim
    assert 'Write claim = "name", with names of auth.users.' in claim
    assert "is for opps, whom nothing lets log in. Did you mean ops?" in slip
    assert "is for x*, whom nothing lets log in. Add them to auth.users." in nobody


def test_a_rule_for_people_with_a_password_is_by_their_name(tmp_path: Path) -> None:
    check(tmp_path, f"{PEOPLE}claim = 'name'\nvalue = 'ops'\nrole = 'operator'\nname = 'b.*'\n")
    check(tmp_path, f"{PEOPLE}claim = 'name'\npattern = 'a*'\nrole = 'none'\n")
    check(tmp_path, f"{PEOPLE}role = 'viewer'\n")


def test_a_provider_with_a_rule_is_a_login(tmp_path: Path) -> None:
    check(tmp_path, OKTA + ANN, UMBEL_ADDRESS="0.0.0.0")  # noqa: S104


def test_a_provider_without_a_rule_lets_nobody_in(tmp_path: Path) -> None:
    wanted = "No rule is for who logs in by okta, so nobody would get in. Add [[auth.rules]]"
    assert wanted in refusal(tmp_path, OKTA)
    assert wanted in refusal(tmp_path, OKTA + "[[auth.rules]]\nprovider='okta'\nrole='none'")
    for_people = "[[auth.rules]]\nprovider='password'\nclaim='name'\nvalue='a'\nrole='viewer'"
    assert wanted in refusal(tmp_path, OKTA + for_people)


def test_rules_without_anybody_who_logs_in_are_no_login(tmp_path: Path) -> None:
    assert "nobody logs in" in refusal(tmp_path, ANN)
    assert "nobody logs in" in refusal(tmp_path, ANN, UMBEL_INSECURE="true")
    check(tmp_path, ANN, UMBEL_BASIC_AUTH="a:b")


def test_a_rule_for_a_provider_that_is_not_there_is_told_the_nearest(tmp_path: Path) -> None:
    rule = ANN + "provider = 'otka'\n"

    assert "the provider otka, which there is not. Did you mean okta?" in refusal(
        tmp_path, OKTA + rule
    )


def test_a_rule_for_a_cluster_that_is_not_there_is_told_the_nearest(tmp_path: Path) -> None:
    clusters = "[clusters.billing]\nbroker='redis://a/0'\n[clusters.mail]\nbroker='redis://b/0'\n"
    rule = ANN + "cluster = 'biling'\n"

    sentence = refusal(tmp_path, clusters + OKTA + rule)
    assert "the cluster biling, which there is not. Did you mean billing?" in sentence
    check(tmp_path, clusters + OKTA + rule.replace("biling", "billing"))
    check(tmp_path, clusters + OKTA + rule.replace("biling", "billing"), UMBEL_CLUSTER="mail")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("google", ""),
        ("github", ""),
        ("github", "domain = 'GitHub.com:443'"),
        ("gitlab", "domain = 'https://gitlab.com/'"),
        ("gitlab", ""),
        ("gitlab", "kind = 'gitlab-oauth2'"),
        ("auth0", "domain = 'example.eu.auth0.com'"),
        ("entra", "issuer = 'https://login.microsoftonline.com/organizations/v2.0'"),
        ("work", "kind = 'oidc'\nissuer = 'https://accounts.google.com'"),
        ("work", "kind = 'oidc'\nissuer = 'https://login.microsoftonline.com/common/v2.0'"),
    ],
)
def test_a_rule_for_everybody_at_a_provider_for_everybody_is_refused(
    tmp_path: Path, name: str, lines: str
) -> None:
    table = provider(lines, name)

    sentence = refusal(tmp_path, table + EVERYBODY)
    assert f"Anybody can have an account at {name}, and rule 1 of auth.rules lets all" in sentence
    anything = "[[auth.rules]]\nclaim = 'email'\npattern = ['*@*']\nrole = 'admin'\n"
    assert "rule 2 of auth.rules lets all of them in as admin" in refusal(
        tmp_path, table + ANN + anything
    )
    check(tmp_path, table + ANN)
    check(tmp_path, table + ANN + EVERYBODY.replace("viewer", "none"))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("google", "hosted_domain = 'example.com'"),
        ("github", "domain = 'git.example.com'"),
        ("github", "allowed_groups = ['example']"),
        ("gitlab", "domain = 'gitlab.example.com'"),
        ("okta", "domain = 'example.okta.com'"),
        ("entra", "tenant = '7d1c2f4e-0000-4000-8000-000000000000'"),
        ("keycloak", "issuer = 'https://keycloak.example.com/realms/ops'"),
    ],
)
def test_a_rule_for_everybody_of_ones_own_is_fine(tmp_path: Path, name: str, lines: str) -> None:
    check(tmp_path, provider(lines, name) + EVERYBODY)


@pytest.mark.parametrize(
    ("name", "table", "sentence"),
    [
        ("okta", "domain = 'x.okta.com'\nclient_secret = 's'", "okta lacks client_id"),
        ("okta", "client_id = 'a'\nclient_secret = 's'", "okta lacks domain"),
        ("github", "client_id = 'a'", "github lacks client_secret, or client_secret_file"),
        ("entra", "client_id = 'a'\ntenant = 'common'", "it must be the directory's id"),
        (
            "okta",
            "client_id = 'a'\ndomain = 'x.okta.com'\nclient_secret_file = '/no'",
            "/no cannot",
        ),
        ("github", "client_id = 'a'\nclient_secret = 's'\nhosted_domain = 'x.org'", "of google al"),
        ("cloudflare-access", "domain = 'x.cloudflareaccess.com'", "lacks audience"),
        ("proxy", "email_header = 'X-Email'", "lacks user_header, or token_header"),
    ],
)
def test_a_provider_that_is_not_whole_is_told_what_it_lacks(
    tmp_path: Path, name: str, table: str, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, f"[auth.providers.{name}]\n{table}\n{ANN}")


def test_a_secret_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    table = OKTA.replace('client_secret = "PLANTED"', f'client_secret_file = "{tmp_path}/secret"')

    assert "okta has a client_secret_file that is no text" in refusal(tmp_path, table + ANN)


@pytest.mark.parametrize("kind", ["proxy", "oauth2-proxy", "authelia"])
def test_headers_that_every_program_here_could_send_are_not_believed(
    tmp_path: Path, kind: str
) -> None:
    header = "user_header = 'X-User'\n" if kind == "proxy" else ""
    table = f"\n[auth.providers.front]\nkind = '{kind}'\n{header}" + EVERYBODY

    assert "every program of this machine could send them" in refusal(tmp_path, table)
    check(tmp_path, table, UMBEL_TRUSTED_PROXIES="10.0.0.7")
    check(tmp_path, table, UMBEL_TRUSTED_PROXIES="127.0.0.1")
    check(tmp_path, table, UMBEL_UNIX_SOCKET=str(tmp_path / "umbel.sock"))


@pytest.mark.parametrize(
    "address",
    ["https://umbel.example.com/", "https://umbel.example.com/login/google/callback",
     "https://umbel.example.com/oauth/okta/callback", "https://umbel.example.com/login/okta"],
)  # fmt: skip
def test_a_callback_that_nothing_answers_is_refused(tmp_path: Path, address: str) -> None:
    table = OKTA + f"redirect_uri = '{address}'\n" + ANN

    assert "It must end in /login/okta/callback, or in /login" in refusal(tmp_path, table)


@pytest.mark.parametrize(
    "address",
    ["umbel.example.com/login", "ftp://umbel.example.com/login", "https://h/login?next=/",
     "https://h/login#x", "https:///login", "https://u:PLANTED@h/login", "https://[h/login"],
)  # fmt: skip
def test_a_callback_that_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    table = OKTA + f"redirect_uri = '{address}'\n" + ANN

    assert "redirect_uri of auth.providers.okta is no address such as" in refusal(tmp_path, table)


@pytest.mark.parametrize(
    "address",
    ["https://umbel.example.com/login/okta/callback", "https://flower.example.com/flower/login",
     "https://tools.example.com/umbel/c/billing/login/okta/callback"],
)  # fmt: skip
def test_a_callback_is_umbels_own_or_flowers(tmp_path: Path, address: str) -> None:
    check(tmp_path, OKTA + f"redirect_uri = '{address}'\n" + ANN)


def test_two_providers_never_bring_people_back_to_one_address(tmp_path: Path) -> None:
    """One could have the code of the other brought there (mix-up)."""
    google = (
        "\n[auth.providers.company]\nkind = 'google'\nclient_id = 'umbel'\nclient_secret = 's'\n"
        "redirect_uri = 'https://umbel.example.com/login'\nhosted_domain = 'example.com'\n"
    )
    shared = OKTA + "redirect_uri = 'https://umbel.example.com/login'\n"
    own = OKTA + "redirect_uri = 'https://umbel.example.com/login/okta/callback'\n"

    assert "so that one of them could be shown what the other gave them" in refusal(
        tmp_path, shared + google + EVERYBODY
    )
    check(tmp_path, own + google + EVERYBODY)
    check(tmp_path, OKTA + google + EVERYBODY)


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ("[auth.providers.sso]\nkind='proxy'", "sso names no header with the user"),
        (
            "[auth.providers.sso]\nkind='proxy'\nuser_header='Authorization'",
            "sso cannot have the header 'authorization'",
        ),
        (
            "[auth.providers.sso]\nkind='proxy'\nuser_header='X_User'",
            "sso cannot have the header 'x_user'",
        ),
        (
            "[auth.providers.sso]\nkind='proxy'\nuser_header='X-User'\nname_header='x-user'",
            "sso names one header twice",
        ),
        (
            "[auth.providers.authelia]\n[auth.providers.cloudflare-access]",
            "whoever comes through the proxy of cloudflare-access could send them",
        ),
    ],
)
def test_headers_that_could_be_anybodys_stop_the_start(
    tmp_path: Path, tables: str, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, f"{tables}\n{ANN}", UMBEL_TRUSTED_PROXIES="127.0.0.1")
