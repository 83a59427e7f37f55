"""Which names are those of secrets."""

from __future__ import annotations

import pytest

from umbel.redact.keys import KeyPatterns

USUAL = KeyPatterns(["default"])


@pytest.mark.parametrize(
    "name",
    [
        "password", "new_password2", "Passwort", "db_pass", "SMTP_PASS", "pass", "passcode",
        "apiKey", "encryption_key", "AccountKey", "auth_key", "basic_auth", "oauth", "http-auth",
        "Authorization", "Set-Cookie", "PHPSESSID", "JSESSIONID", "session_id", "X-Amz-Signature",
        "totp", "otp_code", "card_security_code", "social_security_number", "refreshToken", "iban",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert name in USUAL
    assert USUAL.may_be_in(f"{{'{name}': 'x'}}")


@pytest.mark.parametrize(
    "name",
    [
        # shops
        "order_id", "sku", "quantity", "shipping_address", "currency", "coupon_code", "customer",
        "tax_code", "zip_code", "card_type", "idempotency_key", "author", "authors", "pinned",
        "shipping", "sessions", "signature_count", "pinterest_id", "compass", "bypass", "passenger",
        # models
        "max_tokens", "prompt_tokens", "tokenizer", "pad_token", "eos_token", "bos_token_id",
        "model", "epoch", "num_passes", "first_pass", "key", "keys", "cache_key", "primary_key",
        "s3_key", "spinning", "dsnet", "hotpot", "encode", "keyboard",
        # mail
        "to", "cc", "subject", "body", "next_page_token", "nextToken", "secretary", "authored_by",
        "passport_country", "monkey", "sort_key", "routing_key", "task", "args", "kwargs",
    ],
)  # fmt: skip
def test_names_that_are_none_of_secrets(name: str) -> None:
    assert name not in USUAL


def test_what_an_exception_names_is_shown_wherever_it_stands() -> None:
    keys = KeyPatterns(["!signature", "default", "!Customer-Token"])

    assert "signature" not in keys
    assert "customer_token" not in keys
    assert "token" in keys


def test_everything_but_what_is_named_is_hidden() -> None:
    keys = KeyPatterns(["*", "!order_id", "!item*"])

    assert "note" in keys
    assert "orderId" not in keys
    assert "items" not in keys


def test_exceptions_alone_hide_nothing() -> None:
    assert not KeyPatterns(["!signature"])
    assert "signature" not in KeyPatterns(["!signature"])
