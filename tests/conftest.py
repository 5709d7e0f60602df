"""Fixtures around a real gateway process, with the leak sentinel after every test that uses one, and the two tiers."""

from __future__ import annotations

import functools
import gc
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from aihub_lite.upstream import transport, ways
from tests import scheduler
from tests.support.gateway import Gateway, running
from tests.support.leaks import Sentinel
from tests.support.process import SCALED, Home
from tests.support.upstream.scripted import Upstream

# Whether an example takes 200 ms is the machine's affair, and it is busy at times.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

AddChannel = Callable[..., str]
HERE = Path(__file__).parent
SERVED_ROOMS = (HERE / "served", HERE / "bench", HERE / "fuzz")
SERVED_FIXTURES = frozenset({"gateway_process", "fresh_gateway", "terminal"})
"""What starts a server, or runs commands that open a whole gateway each."""
SERVED_BY = frozenset({"running", "serving", "Home", "create_app", "at_desk", "at_console", "open_desk"})
"""What a module imports to start servers, or to build the whole web application, itself."""
SERVED_MARKS = ("slow", "sdk", "bench", "browser")
CLOUDS = ("azure", "bedrock", "vertex", "ways")
"""Ways to upstreams that most gateways do not go."""
ASKED_APART = ("alerts", "endpoints", "http2", "moving", "process", "replay", "restarts", "servers", "strangers")
"""Each about something that few changes touch."""
EXTENDED_ROOMS = (
    HERE / "cli",
    HERE / "fuzz",
    HERE / "gateway" / "adapters" / "recorded",
    HERE / "moving",
    *(HERE / "web" / room for room in ("configuration", "console", "description", "docs", "doctor", "me")),
    *(HERE / "served" / room for room in (*CLOUDS, *ASKED_APART)),
)
"""What takes long, and mostly finds what another test has found already: CI asks it too."""
ROOMS_BY_MARK = {
    "extended": EXTENDED_ROOMS,
    "browser": (HERE / "served" / "browser",),
    "sdk": (HERE / "served" / "sdk",),
}
"""Those that hold nothing but tests of one mark."""
MANY_CASES = tuple(HERE / room for room in ("gateway", "served", "web", "wire"))
"""Where a test with many cases takes long for what two of them find: CI asks the others too."""
FEW = 2
MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes: as much as the largest tests write, and some."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--one-case`: of each test only its first case."""
    parser.addoption("--one-case", action="store_true", help="of each parametrized test only the first case")


def pytest_configure(config: pytest.Config) -> None:
    """Files are handed out by our scheduler.

    Data directories of tests in memory, where there is room: thousands of databases, each with a dozen commits that
    wait for a disk, take longer than all else. Nobody pulls the plug; what a killed process leaves is there as well.
    """
    config.pluginmanager.register(scheduler)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Rooms that none of whose tests is asked are not even imported: every worker would collect them."""
    if config.option.markexpr == "not served" and collection_path in SERVED_ROOMS:
        return True
    for mark, rooms in ROOMS_BY_MARK.items():
        if f"not {mark}" in config.option.markexpr and collection_path in rooms:
            return True
    return None


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def first_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of each test the first of its cases that were chosen: whether it holds behind a restart, one of them tells."""
    return [item for item, number in numbered(items) if number == 0]


def numbered(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, int]]:
    """Each with the number of its case among those of its test, from 0."""
    cases: Counter[tuple[Path, str]] = Counter()
    for item in items:
        test = (item.path, getattr(item, "originalname", item.name))
        yield item, cases[test]
        cases[test] += 1


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Marks the second tier, and what of it is left to CI; `-m "not served"` leaves the pure one."""
    for item, number in numbered(items):
        if within(item.path, EXTENDED_ROOMS) or (number >= FEW and within(item.path, MANY_CASES)):
            item.add_marker(pytest.mark.extended)
        if is_served(item):
            item.add_marker(pytest.mark.served)
    yield
    if config.getoption("one_case"):
        first = first_cases(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in first])
        items[:] = first


@functools.cache
def within(path: Path, rooms: tuple[Path, ...]) -> bool:
    """Whether a file is of one of these rooms. There are twenty tests in one, and a path is slow to compare."""
    return any(room in path.parents for room in rooms)


def is_served(item: pytest.Item) -> bool:
    """Whether a test needs a server process, the whole web application, or its time."""
    if within(item.path, SERVED_ROOMS):
        return True
    if any(item.get_closest_marker(name) for name in SERVED_MARKS):
        return True
    if not isinstance(item, pytest.Function):
        return False
    return bool(SERVED_FIXTURES & set(item.fixturenames) or SERVED_BY & vars(item.module).keys())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the gateway's log beside a failure."""
    report = yield
    gateway = getattr(item, "funcargs", {}).get("gateway")
    if report.failed and isinstance(gateway, Gateway):
        report.sections.append(("gateway log", gateway.process.output[-5000:]))
    return report


@pytest.fixture(scope="session", autouse=True)
def one_reading_of_the_authorities() -> Iterator[None]:
    """Whom TLS trusts is read once, not by every gateway that a test opens: it takes longer than the rest of that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "tls_context", functools.cache(ways.tls_context))
        yield


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """Settings of the module's gateway: a module overrides this fixture to change them."""
    return SCALED


@pytest.fixture(
    scope="module",
    params=["as it runs", pytest.param("behind a restart", marks=[pytest.mark.slow, pytest.mark.restarted])],
)
def behind_a_restart(request: pytest.FixtureRequest) -> bool:
    """Whether what a test sets up is behind a restart before its first request; in the slow tier every test is so once.

    A module whose tests are about what lives in memory only, or that set up nothing of their own, overrides it.
    """
    return bool(request.param == "behind a restart")


@pytest.fixture(scope="module")
def gateway_process(
    gateway_settings: Mapping[str, object], behind_a_restart: bool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """One gateway for a whole module: starting one costs a second."""
    directory = tmp_path_factory.mktemp("gateway") / "data"
    with running(Home(directory, gateway_settings)) as gateway:
        assert 200 == gateway.chat("demo").status  # opens what is opened lazily, before anybody counts
        gateway.restarts = behind_a_restart
        yield gateway


@pytest.fixture(scope="module")
def sentinel(gateway_process: Gateway) -> Sentinel:
    """What the module's gateway looks like at rest."""
    return Sentinel(gateway_process)


@pytest.fixture
def gateway(gateway_process: Gateway, sentinel: Sentinel) -> Iterator[Gateway]:
    """The module's gateway with a token of this test's own; the sentinel has the last word."""
    gateway_process.asked = False
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
