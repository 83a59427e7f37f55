"""Handlers of saved searches. Whoever may look keeps searches for themselves; the service refuses
what takes more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.errors import NotPermitted
from umbel.services.cluster_services import ClusterServices
from umbel.services.search.saved_searches import (
    NAME_MAX,
    USUAL_ORDER,
    ListedSearch,
    NewSearch,
    SearchChanges,
    SearchList,
)
from umbel.web import requests

T = TypeVar("T")

#: A longer name is refused by the service, with how long it may be; beyond this it is not read.
_NAME_READ: Final = 1_000

SearchId = Annotated[
    str, Meta(min_length=1, max_length=40, description="The `id` of a saved search.")
]
SearchName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=_NAME_READ,
        description=f"What it is called, in at most {NAME_MAX} characters; of one's own each name "
        "is given once, and so it is of those that are shared.",
        examples=["Failed mails"],
    ),
]
Sharing = Annotated[
    bool,
    Meta(
        description="Whether everybody sees it, which takes the right to operate. Where nobody "
        "logs in, all are shared."
    ),
]


class SaveSearch(msgspec.Struct, frozen=True, kw_only=True):
    name: SearchName
    q: requests.Text = ""
    order: requests.Order = USUAL_ORDER
    tz: requests.Zone = "UTC"
    shared: Sharing = False


class ChangeSearch(msgspec.Struct, frozen=True, kw_only=True):
    id: SearchId
    name: SearchName | None = None
    q: requests.Text | None = None
    order: requests.Order | None = None
    tz: requests.Zone | None = None
    shared: Sharing | None = None


class DeleteSearch(msgspec.Struct, frozen=True, kw_only=True):
    id: SearchId


def list_searches(services: ClusterServices, _: requests.Nothing, actor: Actor) -> SearchList:
    return services.searches.all(actor)


def save_search(services: ClusterServices, params: SaveSearch, actor: Actor) -> ListedSearch:
    wanted = msgspec.convert(msgspec.structs.asdict(params), NewSearch)
    return _noting(services, actor, lambda: services.searches.save(wanted, actor))


def change_search(services: ClusterServices, params: ChangeSearch, actor: Actor) -> ListedSearch:
    given = msgspec.structs.asdict(params)
    search_id = given.pop("id")
    changes = msgspec.convert(given, SearchChanges)
    return _noting(services, actor, lambda: services.searches.change(search_id, changes, actor))


def delete_search(services: ClusterServices, params: DeleteSearch, actor: Actor) -> ListedSearch:
    return _noting(services, actor, lambda: services.searches.delete(params.id, actor))


def _noting(services: ClusterServices, actor: Actor, deed: Callable[[], T]) -> T:
    """What somebody may not do stands in the audit, as it does where a route needs a permission."""
    try:
        return deed()
    except NotPermitted as error:
        services.login_audit.permission_refused(actor, "a saved search", str(error))
        raise
