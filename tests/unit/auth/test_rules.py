"""From claims to roles: which rule gives what, and where."""

from __future__ import annotations

import pytest

from umbel.auth.claims import values_at
from umbel.auth.grants import Grant
from umbel.auth.rules import Rule, decide

OPS = {"groups": ["everybody", "ops"], "email": "Ann@Example.com"}
BILLING = {"groups": ["billing-team"], "email": "bob@example.com"}


def roles(grants: tuple[Grant, ...]) -> list[tuple[str, str]]:
    return [(each.role, each.scope) for each in grants]


def test_the_first_rule_that_fits_gives_the_role() -> None:
    rules = [
        Rule(role="admin", claim="groups", values=("ops",), number=1),
        Rule(role="viewer", claim="email", patterns=("*@example.com",), number=2),
    ]

    assert roles(decide(rules, "okta", OPS, "shop").grants) == [("admin", "everything")]
    assert roles(decide(rules, "okta", BILLING, "shop").grants) == [("viewer", "everything")]
    assert decide(rules, "okta", OPS, "shop").grants[0].because == 'rule 1: groups has "ops"'


def test_whom_no_rule_fits_has_no_entry() -> None:
    rules = [Rule(role="viewer", claim="groups", values=("ops",))]

    assert decide(rules, "okta", BILLING, "shop").grants == ()
    assert decide([], "okta", OPS, "shop").grants == ()


def test_whoever_may_act_on_some_tasks_sees_the_rest() -> None:
    rules = [
        Rule(role="operator", claim="groups", values=("billing-team",), name="billing.*"),
        Rule(role="operator", claim="groups", values=("ops",), queue="slow"),
    ]

    found = decide(rules, "okta", BILLING, "shop").grants

    assert roles(found) == [("viewer", "everything"), ("operator", "tasks billing.*")]


def test_a_rule_for_some_tasks_adds_to_the_role_for_everything() -> None:
    rules = [
        Rule(role="admin", claim="groups", values=("ops",), name="ops.*", queue="q*"),
        Rule(role="operator", claim="groups", values=("everybody",)),
        Rule(role="admin", claim="groups", values=("ops",)),
    ]

    assert roles(decide(rules, "okta", OPS, "shop").grants) == [
        ("operator", "everything"),
        ("admin", "tasks ops.* in the queue q*"),
    ]


def test_none_ends_the_reading() -> None:
    rules = [
        Rule(role="none", claim="groups", values=("billing-team",), number=1),
        Rule(role="viewer", claim="email", patterns=("*@example.com",), number=2),
    ]

    found = decide(rules, "okta", BILLING, "shop")

    assert found.grants == ()
    assert found.because == 'rule 1: groups has "billing-team"'


def test_rules_of_another_provider_or_cluster_are_passed_over() -> None:
    rules = [
        Rule(role="admin", provider="google", claim="groups", values=("ops",)),
        Rule(role="operator", cluster="mail", claim="groups", values=("ops",)),
    ]

    assert decide(rules, "okta", OPS, "shop").grants == ()
    assert roles(decide(rules, "okta", OPS, "mail").grants) == [("operator", "everything")]


@pytest.mark.parametrize(
    "email",
    [
        "ann@example.com.evil.org",
        "ann@evil-example.com",
        "ann@exаmple.com",  # a Cyrillic a
        "ann@example.com\n",
        "ann@EXAMPLE.COM.",
    ],
)
def test_a_pattern_is_for_the_whole_address(email: str) -> None:
    rules = [Rule(role="viewer", claim="email", patterns=("*@example.com",))]

    assert decide(rules, "okta", {"email": email}, "shop").grants == ()
    assert decide(rules, "okta", {"email": "ANN@Example.Com"}, "shop").grants != ()


def test_a_pattern_is_no_regular_expression() -> None:
    rules = [Rule(role="viewer", claim="email", patterns=(".*@example.com",))]

    assert decide(rules, "okta", {"email": "ann@example.com"}, "shop").grants == ()


def test_claims_are_found_inside_others_and_under_names_with_dots() -> None:
    claims = {
        "realm_access": {"roles": ["a", "b"]},
        "https://example.com/roles": ["c"],
        "level": 5,
        "is_staff": True,
        "address": {"city": "Bern"},
        "nested": [{"x": 1}],
    }

    assert values_at(claims, "realm_access.roles") == ("a", "b")
    assert values_at(claims, "https://example.com/roles") == ("c",)
    assert values_at(claims, "level") == ("5",)
    assert values_at(claims, "is_staff") == ("true",)
    assert values_at(claims, "address") == ()
    assert values_at(claims, "address.city.x") == ()
    assert values_at(claims, "nested") == ()
    assert values_at(claims, "nothing") == ()


def test_a_grant_covers_tasks_whose_name_and_queue_are_known_to_fit() -> None:
    billing = Grant(role="operator", name="billing.*", queue="slow")

    assert billing.covers("billing.charge", "slow")
    assert not billing.covers("billing.charge", None)
    assert not billing.covers(None, "slow")
    assert not billing.covers("Billing.charge", "slow")
    assert not billing.covers("notbilling.charge", "slow")
