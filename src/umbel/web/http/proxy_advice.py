"""What to tell who set up a reverse proxy that hides the host name: which header is missing, the
lines for nginx, Caddy and Traefik, and the setting. Shown where a request is refused for that."""

from __future__ import annotations

from html import escape
from typing import Final

#: The longest part of a host name that is repeated.
_SHOWN_MAX: Final = 100
_SETTING: Final = 'allowed_hosts = ["{host}"]   # or UMBEL_ALLOWED_HOSTS={host}'
_NGINX: Final = (
    "proxy_set_header Host $http_host;\n"
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
)
_CADDY: Final = "reverse_proxy 127.0.0.1:5555   # hands on Host by itself"
_TRAEFIK: Final = "passHostHeader: true   # of the loadBalancer; the default"
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>
<p>{why}</p>
<p>In Umbel's settings:</p><pre>{setting}</pre>
<p>The proxy has to hand on the host name that the browser asked for. nginx:</p><pre>{nginx}</pre>
<p>Caddy:</p><pre>{caddy}</pre>
<p>Traefik:</p><pre>{traefik}</pre>
</body></html>
"""


def unknown_host(host: str) -> str:
    """Why a server that anybody may use does not answer to a host name, in a sentence for
    programs."""
    return (
        f"This server does not answer to the host name {host[:_SHOWN_MAX]!r}. If it is yours, add "
        "it to the setting allowed_hosts (--allowed-hosts, UMBEL_ALLOWED_HOSTS)."
    )


def unknown_host_page(host: str) -> str:
    """The same as a page for people, with the lines for proxies."""
    shown = host[:_SHOWN_MAX].partition(":")[0]
    return _PAGE.format(
        title="Umbel does not know this host name",
        why=escape(
            f"Somebody asked for {host[:_SHOWN_MAX]!r}. There is no login here, so only names that "
            "Umbel was told of are answered to: otherwise any web site could read this cluster "
            "through your browser."
        ),
        setting=escape(_SETTING.format(host=shown)),
        nginx=escape(_NGINX),
        caddy=escape(_CADDY),
        traefik=escape(_TRAEFIK),
    )


def cross_site(origin: str | None, host: str | None) -> str:
    """Why a change is refused, with what a proxy in front would have to hand on."""
    names = ""
    if origin is not None and host is not None:
        page, ours = origin[:_SHOWN_MAX], host[:_SHOWN_MAX]
        names = f" The page is of {page!r}, and the request came for {ours!r}."
    return (
        "Another site asked for this in your browser, and Umbel does nothing for other sites."
        f"{names} If this is your own page, your proxy has to hand on the host name (Host or "
        "X-Forwarded-Host; nginx: proxy_set_header Host $http_host; Caddy and Traefik do so by "
        "themselves), or the setting allowed_hosts has to name it."
    )
