"""`/metrics` of a process: where it is found, and where it is not."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import rawclient
from tests.support.gateway import Gateway, running
from tests.support.process import SCALED, Home, NotStarted
from tests.telemetry.watched import SCRAPE_KEY, scrape_of

AT = re.compile(r"metrics at (http://\S+)/metrics")


@contextmanager
def telling(directory: Path, **settings: object) -> Iterator[tuple[Gateway, str]]:
    """A gateway that tells metrics at an address of its own, and that address."""
    home = Home(directory / "data", {**SCALED, "metrics_listen": "127.0.0.1:0", **settings}, {"SCRAPE": SCRAPE_KEY})
    with running(home) as gateway:
        line = gateway.process.stderr.wait_line(lambda text: bool(AT.search(text)), 60)
        assert line is not None
        found = AT.search(line)
        assert found is not None
        yield gateway, found[1]


def test_an_address_of_its_own_tells_metrics_and_nothing_else(tmp_path: Path) -> None:
    with telling(tmp_path) as (gateway, address):
        assert 200 == gateway.chat("demo").status
        answer = rawclient.request(address, "GET", "/metrics")
        assert (200, "text/plain; version=0.0.4; charset=utf-8") == (answer.status, answer.header("content-type"))
        assert 1 == scrape_of(answer.body).total("aihub_requests_total", outcome="ok")
        for path in ("/", "/healthz", "/v1/models", "/console", "/api/admin/status", "/metrics/x"):
            assert 404 == rawclient.request(address, "GET", path).status
        assert 404 == rawclient.request(address, "POST", "/v1/chat/completions", body=b"{}").status


def test_the_gateways_own_address_tells_none_then(tmp_path: Path) -> None:
    with telling(tmp_path) as (gateway, _):
        headers = {"authorization": f"Bearer {gateway.admin_key}"}
        assert 404 == rawclient.request(gateway.url, "GET", "/metrics", headers).status


def test_a_key_opens_both_addresses_and_nothing_else_does(tmp_path: Path) -> None:
    with telling(tmp_path, metrics_key="env:SCRAPE") as (gateway, address):
        for url in (gateway.url, address):
            assert 401 == rawclient.request(url, "GET", "/metrics").status
            answer = rawclient.request(url, "GET", "/metrics", {"authorization": f"Bearer {SCRAPE_KEY}"})
            assert (200, True) == (answer.status, b"aihub_info" in answer.body)
        assert SCRAPE_KEY not in gateway.process.output


def test_after_a_restart_it_counts_from_nothing(tmp_path: Path) -> None:
    settings = {**SCALED, "metrics_key": "env:SCRAPE"}
    with running(Home(tmp_path / "data", settings, {"SCRAPE": SCRAPE_KEY})) as gateway:
        headers = {"authorization": f"Bearer {SCRAPE_KEY}"}
        counts = []
        for _ in range(2):
            assert 200 == gateway.chat("demo").status
            answer = rawclient.request(gateway.url, "GET", "/metrics", headers)
            counts.append(scrape_of(answer.body).total("aihub_requests_total"))
            gateway.restart()
        assert [1, 1] == counts


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        home = Home(tmp_path / "data", {**SCALED, "metrics_listen": address})
        with pytest.raises(NotStarted, match=f"metrics_listen: cannot listen on {address}"):
            home.serve()
