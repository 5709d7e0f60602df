"""Fixtures around a real gateway process, with the leak sentinel after every test that uses one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, running
from tests.support.leaks import Sentinel
from tests.support.process import SCALED, Home
from tests.support.scripted import Upstream

AddChannel = Callable[..., str]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the gateway's log beside a failure."""
    report = yield
    gateway = getattr(item, "funcargs", {}).get("gateway")
    if report.failed and isinstance(gateway, Gateway):
        report.sections.append(("gateway log", gateway.process.output[-5000:]))
    return report


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """Settings of the module's gateway: a module overrides this fixture to change them."""
    return SCALED


@pytest.fixture(scope="module")
def gateway_process(
    gateway_settings: Mapping[str, object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """One gateway for a whole module: starting one costs a second."""
    directory = tmp_path_factory.mktemp("gateway") / "data"
    with running(Home(directory, gateway_settings)) as gateway:
        assert 200 == gateway.chat("demo").status  # opens what is opened lazily, before anybody counts
        yield gateway


@pytest.fixture(scope="module")
def sentinel(gateway_process: Gateway) -> Sentinel:
    """What the module's gateway looks like at rest."""
    return Sentinel(gateway_process)


@pytest.fixture
def gateway(gateway_process: Gateway, sentinel: Sentinel) -> Iterator[Gateway]:
    """The module's gateway with a token of this test's own; the sentinel has the last word."""
    gateway_process.key = gateway_process.add_token()
    yield gateway_process
    sentinel.check()


@pytest.fixture
def fresh_gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway for one test, which may end it as it likes: the sentinel stays away."""
    with running(Home(tmp_path / "data")) as gateway:
        yield gateway


@pytest.fixture
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """A scripted upstream, healthy until told otherwise; gone before the sentinel looks."""
    if "gateway" in request.fixturenames:
        request.getfixturevalue("gateway")
    with Upstream() as running_upstream:
        yield running_upstream
        assert [] == running_upstream.errors


@pytest.fixture
def add_channel(gateway: Gateway) -> AddChannel:
    """Adds a channel to the test's gateway: `add_channel(upstream.url, model=…, **fields)` returns its model."""
    return gateway.add_channel
