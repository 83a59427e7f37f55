"""Flower's logins by OAuth: its options and variables as a provider and a rule of ours.

The same people get in and nobody else. Flower's pattern (`auth`) is one address, several with `|`
between, or one with `.*` before the `@`; it has become text that is compared whole, so a dot is a
dot and nothing is left open. Whoever fits may do everything, as in Flower. Flower asks for a
password of `basic_auth` and for this login where both are set; here either would do, so that is
refused. Pure: `flower_sources` collects what is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, NoReturn
from urllib.parse import urlsplit

from umbel.errors import SettingsError
from umbel.settings.flower import GivenOption, SettingsNotice
from umbel.settings.written_settings import WrittenSetting

_CLASSES: Final[Mapping[str, str]] = {
    "flower.views.auth.GoogleAuth2LoginHandler": "google",
    "flower.views.auth.GithubLoginHandler": "github",
    "flower.views.auth.GitLabLoginHandler": "gitlab",
    "flower.views.auth.OktaLoginHandler": "okta",
}
#: Providers whose kind is not called as they are: an application of GitLab for Flower may read its
#: API, and has no OpenID Connect.
_KINDS: Final[Mapping[str, str]] = {"gitlab": "gitlab-oauth2"}
_OF_PROVIDERS: Final[Mapping[str, str]] = {
    "FLOWER_GITHUB_OAUTH_DOMAIN": "github",
    "FLOWER_GITLAB_OAUTH_DOMAIN": "gitlab",
    "FLOWER_GITLAB_AUTH_ALLOWED_GROUPS": "gitlab",
    "FLOWER_GITLAB_MIN_ACCESS_LEVEL": "gitlab",
    "FLOWER_OAUTH2_OKTA_BASE_URL": "okta",
}
#: What Flower asks for in a group of GitLab unless it is told: a reporter's level.
_ACCESS_LEVEL: Final = "20"
_ADDRESS: Final = re.compile(r"[^\s|,*?()\[\]^$\\\"<>@]+@[\w-]+(?:\.[\w-]+)*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?")
_NO_REGEX: Final = (
    "it must be an e-mail address, several with | between and no spaces, or one with .* before "
    "the @, such as .*@example.com; it is no regular expression, and a dot is a dot"
)


@dataclass(frozen=True)
class FlowerLogin:
    """A provider and a rule as tables, and the options that they are from."""

    name: str
    provider: Mapping[str, object]
    rule: Mapping[str, object]
    where_provider: str
    where_rule: str


@dataclass(frozen=True)
class LoginOptions:
    """What was given of `flower.LOGIN_OPTIONS` by its name, of `flower.LOGIN_VARIABLES`, and the
    sentences about options whose values stand in code."""

    given: Mapping[str, GivenOption] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The options that were given, as they were written."""
        return ", ".join(each.where for each in self.given.values())

    def notices(self) -> Iterator[SettingsNotice]:
        """Of a handler class of one's own, of a login that Flower would not ask for, and of
        variables that are of no login here."""
        provider = self.given.get("auth_provider")
        if provider is not None and provider.text not in _CLASSES:
            yield SettingsNotice("auth_provider", _own_class(provider), login=True)
        elif self.given and not self._has_pattern():
            sentence = f"{self._missing('auth')} Without it Flower asks nobody who they are."
            yield SettingsNotice("auth", sentence, login=True)
        name = None if provider is None else _CLASSES.get(provider.text)
        for variable in self.variables:
            if name is None:
                why = "is read by Flower's logins by OAuth, and none is configured: auth_provider "
                yield SettingsNotice(variable, f"{variable} {why}says which, auth who.", login=True)
            elif _OF_PROVIDERS[variable] != name:
                why = f"is passed over: {self.given['auth_provider'].where} names {name}."
                yield SettingsNotice(variable, f"{variable} {why}")

    def login(self) -> FlowerLogin | None:
        """What the options say together; None if there are none, or the handler is one's own.
        Raises `SettingsError` where one is missing or cannot be."""
        provider = self.given.get("auth_provider")
        if not self._has_pattern() or (provider is not None and provider.text not in _CLASSES):
            return None
        pattern, provider = self._required("auth"), self._required("auth_provider")
        name = _CLASSES[provider.text]
        table: dict[str, object] = {"kind": _KINDS[name]} if name in _KINDS else {}
        table["client_id"] = self._required("oauth2_key").text
        table["client_secret"] = self._required("oauth2_secret").text
        table["redirect_uri"] = self._required("oauth2_redirect_uri").text
        table |= self._table(name)
        rule = {"provider": name, **_claim(pattern), "role": "admin"}
        return FlowerLogin(name, table, rule, provider.where, pattern.where)

    def _has_pattern(self) -> bool:
        """Whether there is a pattern, if one that stands in code."""
        return "auth" in self.given or (bool(self.given) and "auth" in self.lost)

    def _required(self, option: str) -> GivenOption:
        if option in self.given:
            return self.given[option]
        if option in self.lost:
            raise SettingsError(self.lost[option], setting=option)
        remedy = "Set it as well, or leave them all out."
        if option == "auth_provider":
            remedy = f"Name one of {', '.join(_CLASSES)}; Flower before 1.0 took the first."
        raise SettingsError(self._missing(option), setting=option, remedy=remedy)

    def _missing(self, option: str) -> str:
        verb = "is" if len(self.given) == 1 else "are"
        named = f"{option} (FLOWER_{option.upper()})"
        return f"{self.where} {verb} of a login of Flower's, to which {named} is missing."

    def _table(self, name: str) -> dict[str, object]:
        """What variables say of a provider."""
        match name:
            case "github":
                # What Flower asks for: with more, everybody would be asked for consent anew.
                domain = self._domain("FLOWER_GITHUB_OAUTH_DOMAIN", "github.com")
                return {**domain, "scopes": ["user:email"]}
            case "gitlab":
                return self._domain("FLOWER_GITLAB_OAUTH_DOMAIN", "gitlab.com") | self._groups()
            case "okta":
                return {"issuer": self._issuer()}
        return {}

    def _domain(self, variable: str, usual: str) -> dict[str, object]:
        domain = self.variables.get(variable, usual).strip()
        if not _DOMAIN.fullmatch(domain):
            _refuse(variable, "it must be a host alone, such as git.example.com")
        return {} if domain == usual else {"domain": domain}

    def _groups(self) -> dict[str, object]:
        written = self.variables.get("FLOWER_GITLAB_AUTH_ALLOWED_GROUPS")
        if written is None:
            return {}
        groups = [each for part in written.split(",") if (each := part.strip())]
        if not groups:
            _refuse("FLOWER_GITLAB_AUTH_ALLOWED_GROUPS", "it names no group, so nobody would fit")
        level = self.variables.get("FLOWER_GITLAB_MIN_ACCESS_LEVEL", _ACCESS_LEVEL).strip()
        if not re.fullmatch(r"[0-9]{1,3}", level):
            _refuse("FLOWER_GITLAB_MIN_ACCESS_LEVEL", "it must be a number such as 20 or 30")
        return {"allowed_groups": groups, "min_access_level": int(level)}

    def _issuer(self) -> str:
        """Okta's issuer: the address of an authorization server with its id, or that of the
        organisation, without a path."""
        variable = "FLOWER_OAUTH2_OKTA_BASE_URL"
        if variable not in self.variables:
            raise SettingsError(
                f"{self.given['auth_provider'].where} names Okta, of which {variable} is missing.",
                setting=variable,
                remedy="Set it to an address such as https://example.okta.com/oauth2.",
            )
        address = self.variables[variable].strip().rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not re.fullmatch(
            r"/oauth2(/[\w-]+)?", parts.path
        ):
            _refuse(variable, "it must be an address such as https://example.okta.com/oauth2")
        return address.removesuffix("/oauth2")


def with_flower_login(
    written: Mapping[str, WrittenSetting], options: LoginOptions
) -> tuple[dict[str, WrittenSetting], list[SettingsNotice]]:
    """What is written with providers and rules from these options, unless it has its own, and what
    is said then. Raises `SettingsError`."""
    own = written.get("auth.providers")
    if own is not None:
        passed = [SettingsNotice("auth", _passed_over(options, own))] if options.given else []
        return {**written}, passed
    login = options.login()
    basic = written.get("basic_auth")
    check_either(options, basic.origin if basic is not None and basic.of_flower else None)
    if login is None:
        return {**written}, []
    tables = {login.name: login.provider}
    provider = WrittenSetting(tables, login.where_provider, of_flower=True)
    rule = WrittenSetting([login.rule], login.where_rule, of_flower=True)
    notices = []
    if "auth.rules" in written:
        rule = written["auth.rules"]
        sentence = (
            f"{login.where_rule} is passed over: auth.rules in {rule.origin} say who gets in."
        )
        notices.append(SettingsNotice("auth", sentence))
    return {**written, "auth.providers": provider, "auth.rules": rule}, notices


def _passed_over(options: LoginOptions, own: WrittenSetting) -> str:
    verb = "is" if len(options.given) == 1 else "are"
    return f"{options.where} {verb} passed over: auth.providers in {own.origin} say how to log in."


def check_either(options: LoginOptions, basic_auth: str | None) -> None:
    """Raises `SettingsError` where Flower would ask for a password and for its login, and either
    would do here; `basic_auth` is where Flower's option stands."""
    if "auth" in options.given and basic_auth is not None:
        raise SettingsError(
            f"Flower lets in who has a password of {basic_auth} and logs in by {options.where} as "
            "well; Umbel would let in who does either.",
            setting="basic_auth",
            remedy="Leave one of them out; or, if either is enough, give passwords as Umbel's own "
            "setting (UMBEL_BASIC_AUTH, or basic_auth in umbel.toml).",
        )


def _claim(given: GivenOption) -> dict[str, object]:
    """The claim that a pattern of Flower's asks for. Raises `SettingsError` for one that Flower
    refuses, or that nobody fits there."""
    text = given.text
    if "*" not in text:
        addresses = text.split("|")
        if not all(_ADDRESS.fullmatch(each) for each in addresses):
            _refuse(given.where, _NO_REGEX)
        return {"claim": "emails", "value": addresses}
    before, dot, after = text.partition(".*")
    if not dot or not _ADDRESS.fullmatch(f"{before}any{after}") or "@" in before:
        _refuse(given.where, _NO_REGEX)
    return {"claim": "emails", "pattern": f"{before}*{after}"}


def _own_class(given: GivenOption) -> str:
    near = get_close_matches(given.text, _CLASSES, n=1, cutoff=0.9)
    if near:
        return f"{given.where} names no login of Flower's. Did you mean {near[0]}?"
    return (
        f"{given.where} names a class that is none of Flower's own, and Umbel runs no handlers of "
        "Tornado. Any provider with OpenID Connect, and a proxy that asks who it is, can be a "
        "table [auth.providers.NAME] instead (docs/logins)."
    )


def _refuse(where: str, why: str) -> NoReturn:
    raise SettingsError(
        f"{where} cannot be taken over as Flower's login: {why}.", setting=where.partition(" ")[0]
    )
