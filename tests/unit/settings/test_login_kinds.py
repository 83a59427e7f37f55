"""Tables of providers and rules: read as they are written, or refused in a sentence."""

from __future__ import annotations

import pytest

from umbel.auth.rules import Rule
from umbel.settings import login_kinds
from umbel.settings.units import InvalidValue

PROVIDERS = login_kinds.providers()
RULES = login_kinds.rules()


def test_a_provider_is_of_the_kind_of_its_name_unless_it_says_another() -> None:
    google, company = PROVIDERS.parse(
        {"google": {"client_id": "a"}, "company": {"kind": "okta", "domain": "x.okta.com"}}
    )

    assert (google.kind, company.kind) == ("google", "okta")
    assert company.is_by_redirect


def test_tables_go_through_a_variable_and_back() -> None:
    providers = PROVIDERS.parse(
        {"google": {"client_id": "a", "hosted_domain": "example.com", "scopes": ["openid"]}}
    )
    rules = RULES.parse(
        [
            {"role": "admin", "claim": "groups", "value": ["ops", "root"]},
            {"role": "operator", "claim": "email", "pattern": "*@x.com", "name": "billing.*"},
        ]
    )

    assert PROVIDERS.parse(PROVIDERS.show(providers)) == providers
    assert RULES.parse(RULES.show(rules)) == rules
    assert rules[0] == Rule(role="admin", claim="groups", values=("ops", "root"), number=1)
    assert PROVIDERS.parse("") == ()
    assert RULES.parse("") == ()


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"Okta": {}}, "cannot be named 'Okta'"),
        ({"password": {}}, "cannot be named 'password'"),
        ({"company": {}}, "the provider company has no kind; it can be oidc, google"),
        ({"company": {"kind": "keycloack"}}, "none of oidc, google"),
        ({"company": {"kind": "keycloack"}}, "; did you mean keycloak?"),
        ({"okta": {"clientid": "a"}}, "did you mean client_id?"),
        ({"okta": {"client_id": 7}}, "client_id of okta is not what it must be"),
        ({"okta": {"client_id": ""}}, "client_id of okta is empty"),
        ({"okta": "a"}, "the provider okta is no table"),
        ({"okta": {"scopes": [["a"]]}}, "scopes of okta must be a text or a list of texts"),
        ("{", "it is not JSON"),
    ],
)
def test_a_provider_that_cannot_be_is_refused(tables: object, sentence: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        PROVIDERS.parse(tables)

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({}, "the role of rule 1 is none of viewer, operator, admin and none"),
        ({"role": "root"}, "the role of rule 1 is none of"),
        ({"role": "admin", "claim": "groups"}, "names a claim, and no value or pattern"),
        ({"role": "admin", "value": "ops"}, "has a value or pattern, and no claim"),
        ({"role": "viewer", "name": "billing.*"}, "seeing, which is never bounded"),
        ({"role": "admin", "tasks": "x"}, "rule 1 has 'tasks', which there is not"),
        ({"role": "admin", "claim": ["a", "b"], "value": "x"}, "must be one text"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: object, sentence: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        RULES.parse([rule])

    assert sentence in str(caught.value)
