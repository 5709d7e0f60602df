"""One gateway for all client programs; each program runs once, and many tests read what it saw."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import attrs
import msgspec
import pytest

from tests.served.sdk.models import ANSWER, Models
from tests.served.sdk.toolchains import Client, Kit, Unavailable
from tests.support.gateway import Gateway, running
from tests.support.leaks import Sentinel
from tests.support.process import Home

LIMITED_RPM = 1
COUNTED_RPM = 5
"""Few enough to refill slowly: `x-ratelimit-remaining-requests` then tells how often a client has tried."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs programs that are installed or built first."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.sdk)


def skip_outside_ci(reason: Unavailable) -> NoReturn:
    """Skip the test, since its programs cannot be had here; fail it in CI, where they must be."""
    if os.environ.get("CI") == "true":
        raise reason
    pytest.skip(str(reason))


def built(kit: Kit, config: pytest.Config) -> Path:
    """Where a kit's programs are; skips the test where they cannot be had, and fails it in CI."""
    cache = config.cache
    assert cache is not None
    try:
        return kit.built(cache.mkdir("sdk"))
    except Unavailable as reason:
        skip_outside_ci(reason)


@attrs.define(eq=False)
class Programs:
    """Runs client programs, each once."""

    gateway: Gateway
    models: Models
    config: pytest.Config
    _seen: dict[str, dict[str, Any] | Exception] = attrs.field(factory=dict)
    _busy: dict[str, str] = attrs.field(factory=dict)

    def seen_by(self, client: Client) -> dict[str, Any]:
        """What a client saw, by scenario; skips the test where the client cannot be had, and fails it in CI."""
        if client.name not in self._seen:
            self._seen[client.name] = self._run(client)
        seen = self._seen[client.name]
        if isinstance(seen, Unavailable):
            skip_outside_ci(seen)
        if isinstance(seen, Exception):
            raise seen
        return seen

    def asked_while_busy(self, client: Client) -> int:
        """How often the upstream was asked for the client's busy model."""
        self.seen_by(client)
        return self.models.requests_for(self._busy[client.name])

    def _run(self, client: Client) -> dict[str, Any] | Exception:
        """A failure is kept as well: it would be the same for every test that asks."""
        cache = self.config.cache
        assert cache is not None
        self._busy[client.name] = self.models.serve_busy(self.gateway, client.name)
        try:
            printed = client.run(cache.mkdir("sdk"), self._environment(client))
        except Exception as reason:
            return reason
        return msgspec.json.decode(printed, type=dict[str, Any])

    def _environment(self, client: Client) -> dict[str, str]:
        return {
            "OPENAI_BASE_URL": f"{self.gateway.url}/v1",
            "OPENAI_API_KEY": self.gateway.add_token(),
            "UNKNOWN_KEY": "sk-unknown",
            "SPENT_KEY": self.gateway.add_token(quota="0.000001"),
            "LIMITED_KEY": self.gateway.add_token(rpm=LIMITED_RPM),
            "COUNTED_KEY": self.gateway.add_token(rpm=COUNTED_RPM),
            "BUSY_MODEL": self._busy[client.name],
        }


@pytest.fixture(scope="session")
def sdk_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway of its own: the order in which clients come must not matter to other tests."""
    with running(Home(tmp_path_factory.mktemp("sdk") / "data")) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def programs(sdk_gateway: Gateway, pytestconfig: pytest.Config) -> Iterator[Programs]:
    """All client programs, with the upstream that answers them."""
    with Models() as models:
        models.serve(sdk_gateway)
        yield Programs(sdk_gateway, models, pytestconfig)
        assert [] == models.errors


@pytest.fixture(scope="session")
def sdk_sentinel(programs: Programs) -> Sentinel:
    """What the gateway looks like before the first client comes."""
    assert 200 == programs.gateway.chat(ANSWER).status  # opens the connection to the upstream, which stays open
    return Sentinel(programs.gateway)


@pytest.fixture
def seen(client: Client, programs: Programs, sdk_sentinel: Sentinel) -> dict[str, Any]:
    """What the test's client saw."""
    return programs.seen_by(client)
