"""Host and deployment, by the node name of a worker."""

from __future__ import annotations

import pytest

from umbel.cluster.worker_names import deployment_of, host_of


@pytest.mark.parametrize(
    ("hostname", "deployment"),
    [
        ("celery@web-7d9f8b6c5-x2k4q", "celery@web-*"),
        ("celery@shop-mail-6c8b4d7f9z-q8tzk.workers.svc", "celery@shop-mail-*.workers.svc"),
        ("celery@nightly-x2k4q", "celery@nightly-*"),
        ("celery@web-0", "celery@web-*"),
        ("worker12@py311-host-3", "worker*@py311-host-*"),
        ("celery@ip-10-0-3-17", "celery@ip-*"),
        ("celery@4f1e09ab33cd", "celery@*"),
        ("celery@run-3f2a1b4c-11aa-4b0c-9d1e-0123456789ab", "celery@run-*"),
        ("orders@vm", "orders@vm"),
        ("celery@web-north", "celery@web-north"),
        ("celery@mail.example.org", "celery@mail.example.org"),
        ("odd", "odd"),
        ("", ""),
        ("@", "@"),
        ("celery@דואר-1", "celery@דואר-*"),
    ],
)
def test_the_part_of_a_name_that_varies_is_a_star(hostname: str, deployment: str) -> None:
    assert deployment_of(hostname) == deployment


def test_pods_that_replaced_each_other_are_of_one_deployment() -> None:
    pods = [
        "celery@web-7d9f8b6c5-x2k4q",
        "celery@web-5c4b8d9f7z-q8tzk",
        "celery@web-7d9f8b6c5-bcdfg",
    ]

    assert {*map(deployment_of, pods)} == {"celery@web-*"}


def test_a_name_without_a_host_is_its_own() -> None:
    assert [host_of(name) for name in ("celery@eu-1", "odd", "odd@", "a@b@c")] == [
        "eu-1", "odd", "odd", "b@c",
    ]  # fmt: skip
