"""What somebody of a provider has in each cluster, and when that counts as changed."""

from __future__ import annotations

import msgspec

from umbel.auth.rights import RuleBook
from umbel.auth.rules import Rule

OPS = Rule(role="operator", claim="groups", values=("ops",), cluster="shop", number=1)
MAIL = Rule(role="operator", claim="groups", values=("ops",), name="mail.*", number=2)
BOSS = Rule(role="admin", claim="email", values=("ann@example.com",), number=3)
CLUSTERS = ("shop", "mail")


def test_each_cluster_has_its_own_and_the_server_the_least_of_them() -> None:
    rights = RuleBook([OPS, MAIL], CLUSTERS).rights("okta", {"groups": ["ops"]})

    assert [each.role for each in rights.of("shop")] == ["operator"]
    assert [(each.role, each.name) for each in rights.of("mail")] == [
        ("viewer", None), ("operator", "mail.*"),
    ]  # fmt: skip
    assert [each.role for each in rights.of("")] == ["viewer"]
    assert rights.of("elsewhere") == ()
    assert rights.clusters == CLUSTERS


def test_whom_no_rule_fits_has_nothing_anywhere() -> None:
    rights = RuleBook([OPS], CLUSTERS).rights("okta", {"groups": ["billing"]})

    assert rights.clusters == ()
    assert rights.of("shop") == rights.of("") == ()


def test_the_digest_changes_with_what_is_given_and_not_with_what_gave_it() -> None:
    claims = {"groups": ["ops"], "email": "ann@example.com"}
    elsewhere = msgspec.structs.replace(OPS, values=("ops", "on-call"), number=9)
    before = RuleBook([OPS, MAIL], CLUSTERS).rights("okta", claims).digest

    assert RuleBook([elsewhere, MAIL], CLUSTERS).rights("okta", claims).digest == before
    assert RuleBook([OPS], CLUSTERS).rights("okta", claims).digest != before
    assert RuleBook([BOSS, OPS, MAIL], CLUSTERS).rights("okta", claims).digest != before
    assert RuleBook([OPS, MAIL], CLUSTERS).rights("okta", {"groups": []}).digest != before


def test_claims_as_json_give_the_same_each_time() -> None:
    book = RuleBook([OPS], CLUSTERS)
    claims = b'{"groups":["ops"]}'

    first, again = (book.rights_of_json("okta", claims) for _ in range(2))

    assert first == again == book.rights("okta", {"groups": ["ops"]})
    assert book.rights_of_json("okta", b'{"groups":[]}').clusters == ()
