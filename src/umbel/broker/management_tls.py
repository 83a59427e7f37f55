"""TLS for RabbitMQ's management API, as an application's `broker_use_ssl` says it for the broker.

Source: amqp/transport.py (`SSLTransport._wrap_socket_sni`), kombu/utils/ssl.py; the names with
`ssl_` are those of Celery's examples for Redis.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from umbel.errors import BrokerRefused


def tls_context(use_ssl: object) -> ssl.SSLContext:
    """Whom to trust: the certificates of `ca_certs`, else those of the machine; nobody's name and
    certificate are checked with `cert_reqs` none. `certfile` and `keyfile` are shown. Raises
    `BrokerRefused` where a file cannot be read."""
    options = use_ssl if isinstance(use_ssl, Mapping) else {}

    def option(name: str) -> object:
        found = options.get(name)
        return found if found is not None else options.get(f"ssl_{name}")

    ca, certificate, key = option("ca_certs"), option("certfile"), option("keyfile")
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if certificate:
            context.load_cert_chain(str(certificate), str(key) if key else None)
    except (OSError, ValueError) as error:
        raise BrokerRefused(
            f"A certificate that broker_use_ssl names cannot be read: {error}.",
            remedy="Check its ca_certs, certfile and keyfile.",
        ) from error
    if _is_none(option("cert_reqs")) or option("check_hostname") is False:
        context.check_hostname = False
    if _is_none(option("cert_reqs")):
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_none(cert_reqs: object) -> bool:
    if isinstance(cert_reqs, str):
        return cert_reqs.upper().removeprefix("CERT_") == "NONE"
    return cert_reqs is not None and cert_reqs == ssl.CERT_NONE
