"""The pages of the browser's application by address, and the files that each needs at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

_CHART: Final = "src/parts/ChartCanvas.svelte"
#: The modules of pages that stand for themselves (`ui/src/frame/address.ts`, `ui/src/App.svelte`).
_PAGES: Final = {
    "": ("src/overview/OverviewPage.svelte", _CHART),
    "tasks": ("src/tasks/TasksPage.svelte", _CHART),
    "errors": ("src/errors/ErrorsPage.svelte",),
    "alerts": ("src/alerts/AlertsPage.svelte",),
    "doctor": ("src/doctor/DoctorPage.svelte",),
    "names": ("src/names/NamesPage.svelte",),
    "workflows": ("src/workflows/WorkflowsPage.svelte",),
    "schedule": ("src/schedule/SchedulePage.svelte",),
    "workers": ("src/workers/WorkersPage.svelte",),
    "workers/diff": ("src/workers/DiffPage.svelte",),
    "queues": ("src/queues/QueuesPage.svelte",),
    "run": ("src/run/RunPage.svelte",),
    "audit": ("src/audit/AuditPage.svelte",),
    "tokens": ("src/people/TokensPage.svelte",),
}
#: Those below which stand ids and names of the cluster, which may have dots.
_NAMED: Final = {
    "tasks/": ("src/task/TaskPage.svelte",),
    "names/": ("src/names/NamePage.svelte", _CHART),
    "workflows/": ("src/workflows/WorkflowPage.svelte",),
    "errors/": ("src/errors/ErrorPage.svelte", _CHART),
    "alerts/": ("src/alerts/AlertPage.svelte",),
    "schedule/": ("src/schedule/EntryPage.svelte",),
    "workers/": ("src/workers/WorkerPage.svelte",),
    "queues/": ("src/queues/QueuePage.svelte",),
    "actions/": ("src/audit/ActionPage.svelte",),
}
#: Those of the server, which are the same where no cluster of several is chosen.
_OF_SERVER: Final = {
    "clusters": ("src/clusters/ClustersPage.svelte",),
    "clusters/diff": ("src/clusters/ClustersDiffPage.svelte",),
    "docs": ("src/docs/DocPage.svelte",),
    "access": ("src/people/AccessPage.svelte",),
    "sessions": ("src/people/SessionsPage.svelte",),
}
_DOC: Final = "docs/"
#: What stands at addresses of a cluster's pages where none is chosen.
_OF_NONE: Final = {
    "": ("src/clusters/ClustersPage.svelte",),
    "tasks": ("src/clusters/AllTasksPage.svelte",),
}
_ELSEWHERE: Final = ("src/clusters/ElsewherePage.svelte",)
#: The page of the application, and what all its pages load.
ENTRY: Final = "index.html"
#: The file of a build that tells its files (Vite's `build.manifest`).
MANIFEST: Final = "manifest.json"


def modules_at(path: str, *, is_of_one: bool = True) -> tuple[str, ...]:
    """The modules of `ui/` that show the page at this path below the server's prefix, its own
    first; none where the browser has no page. Unless it `is_of_one` cluster, none is chosen."""
    page = path.removesuffix("/")
    if page in _OF_SERVER:
        return _OF_SERVER[page]
    if path.startswith(_DOC):
        return _OF_SERVER["docs"]
    if page in _PAGES:
        return _PAGES[page] if is_of_one else _OF_NONE.get(page, _ELSEWHERE)
    for folder, modules in _NAMED.items():
        if path.startswith(folder):
            return modules if is_of_one else _ELSEWHERE
    return ()


class _Chunk(msgspec.Struct, frozen=True):
    """One file of script in `MANIFEST`."""

    file: str
    imports: tuple[str, ...] = ()
    css: tuple[str, ...] = ()


class Manifest:
    """Which files of a build each module of `ui/` needs, read from its `MANIFEST`."""

    def __init__(self, manifest: bytes) -> None:
        self._chunks = msgspec.json.decode(manifest, type=dict[str, _Chunk])
        self._of_all: set[str] = set()
        list(self._with_imports((ENTRY,), self._of_all))

    def preloads(self, modules: tuple[str, ...]) -> str:
        """Elements of `<head>` by which a browser fetches what these modules need beyond what all
        pages do, while it reads the page instead of when its script has begun."""
        needed = list(self._with_imports(modules, set(self._of_all)))
        scripts = dict.fromkeys(each.file for each in needed)
        styles = dict.fromkeys(style for each in needed for style in each.css)
        return "".join(
            [
                *(f'<link rel="modulepreload" crossorigin href="./{each}" />' for each in scripts),
                *(f'<link rel="stylesheet" crossorigin href="./{each}" />' for each in styles),
            ]
        )

    def _with_imports(self, names: tuple[str, ...], seen: set[str]) -> Iterator[_Chunk]:
        """These and all that they import, what is imported first, but for those `seen`."""
        for name in names:
            chunk = self._chunks.get(name)
            if chunk is not None and name not in seen:
                seen.add(name)
                yield from self._with_imports(chunk.imports, seen)
                yield chunk
