"""Real clients, set up with what Connect shows, are refused: they ask three times at most, and say why within seconds.

The table is printed at the end: `pytest tests/served/sdk/refusals -m sdk -s`.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from tests.served.sdk.conftest import built, skip_outside_ci
from tests.served.sdk.refusals.programs import PROGRAMS, Program
from tests.served.sdk.refusals.tap import Tap
from tests.served.sdk.setups import Place, environment
from tests.served.sdk.toolchains import REFUSED_LIBRARIES, Unavailable
from tests.support.gateway import Gateway, running
from tests.support.process import Home
from tests.support.upstream.answers import TEXT, error_answer, healthy
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step

POSTS = 3
PATIENT_POSTS = 12
"""Of a client that cannot be made to ask less often; its row says why."""
SECONDS = 10.0
"""From the first request on: how long a program takes to start is its own affair."""
AT_ONCE = 3
OVERFLOW = "This model's maximum context length is 10 tokens. However, your messages resulted in 12000 tokens."
MODEL = "refused"
LONG = "refused-long"


@attrs.frozen
class Scenario:
    """One way to be refused. `says` are words of which one stands on the screen, in lower case."""

    name: str
    says: tuple[str, ...]
    patience: float = 60.0
    """Seconds after which the program is ended."""


PLAIN = Scenario("answered", (TEXT,))
WAITING = Scenario("429", (), patience=8.0)
"""Who heeds `Retry-After` is silent until a place is free, a minute later: how often it asks is what counts."""
SCENARIOS = (
    Scenario("wrong key", ("api key",)),
    Scenario("unknown model", ("no-such-model",)),
    Scenario("quota", ("credits", "quota")),
    WAITING,
    Scenario("overflow", ("context", "too long")),
)


@attrs.frozen
class Outcome:
    """What a program did: when it asked, in seconds from its first request; when it ended, None if it had to be."""

    posts: tuple[float, ...]
    ended: float | None
    screen: str


def answered(request: Request) -> Sequence[Step]:
    """One model whose context is too small for anything, and one that answers."""
    if request.method == "POST" and request.json()["model"] == LONG:
        return error_answer(400, OVERFLOW, "context_length_exceeded")
    return healthy(request)


def run(program: Program, scenario: Scenario, gateway: Gateway, target: Path) -> Outcome:
    """One program in an empty home, on a line that is listened to."""
    home = Path(tempfile.mkdtemp())
    with Tap(gateway.url) as tap:
        place = Place(target, home, tap.url, *key_and_model(scenario, gateway))
        place.work.mkdir()
        prepared = program.set_up(place)
        screen = home / "screen"
        with screen.open("wb") as output:
            process = subprocess.Popen(
                prepared.command,
                cwd=place.work,
                env=environment(prepared, home),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            ended = ending(process, tap, scenario.patience)
    first = tap.posts[0] if tap.posts else 0.0
    after = None if ended is None else ended - first
    return Outcome(tuple(post - first for post in tap.posts), after, screen.read_text(errors="replace"))


def ending(process: subprocess.Popen[bytes], tap: Tap, patience: float) -> float | None:
    """When it ended by itself; None for one that was ended, `patience` seconds after its first request."""
    begun = time.monotonic()
    while True:
        try:
            process.wait(0.05)
            return time.monotonic()
        except subprocess.TimeoutExpired:
            since = tap.posts[0] if tap.posts else begun + 60
            if time.monotonic() < since + patience:
                continue
            # With what it started: Codex is a script whose own program goes on without it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None


def key_and_model(scenario: Scenario, gateway: Gateway) -> tuple[str, str]:
    """What is wrong with one of them."""
    if scenario.name == "wrong key":
        return "sk-" + "x" * 48, MODEL
    if scenario.name == "unknown model":
        return gateway.add_token(), "no-such-model"
    if scenario.name == "quota":
        return gateway.add_token(quota="0.000001"), MODEL
    if scenario.name == "overflow":
        return gateway.add_token(), LONG
    if scenario.name == "429":
        key = gateway.add_token(rpm=1)
        assert 200 == gateway.chat(MODEL, key=key).status  # the only one of this minute
        return key, MODEL
    return gateway.add_token(), MODEL


@pytest.fixture(scope="module")
def targets(pytestconfig: pytest.Config) -> Mapping[str, Path | Unavailable]:
    """Where each program's kit is."""
    cache = pytestconfig.cache
    assert cache is not None
    found: dict[str, Path | Unavailable] = {}
    for program in PROGRAMS:
        try:
            found[program.name] = program.kit.built(cache.mkdir("sdk"))
        except Unavailable as reason:
            found[program.name] = reason
    return found


Outcomes = Mapping[tuple[str, str], Outcome]


@pytest.fixture(scope="module")
def outcomes(targets: Mapping[str, Path | Unavailable], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """Every program in every scenario, a few at a time: most of the time they wait."""
    with running(Home(tmp_path_factory.mktemp("refused") / "data")) as gateway, Upstream(answered) as upstream:
        gateway.add_channel(upstream.url, MODEL, models=[MODEL])
        gateway.add_channel(upstream.url, LONG, models=[LONG])
        for model in (MODEL, LONG):
            gateway.set_price(model)
        pairs = [
            (program, scenario, target)
            for program, scenario in itertools.product(PROGRAMS, (PLAIN, *SCENARIOS))
            if isinstance(target := targets[program.name], Path)
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            runs = pool.map(lambda pair: run(pair[0], pair[1], gateway, pair[2]), pairs)
            yield {
                (program.name, scenario.name): each for (program, scenario, _), each in zip(pairs, runs, strict=True)
            }
        assert [] == upstream.errors


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.name)
def program(request: pytest.FixtureRequest, targets: Mapping[str, Path | Unavailable]) -> Program:
    chosen: Program = request.param
    target = targets[chosen.name]
    if isinstance(target, Unavailable):
        skip_outside_ci(target)
    return chosen


refused = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


def test_a_client_set_up_so_is_answered(program: Program, outcomes: Outcomes) -> None:
    outcome = outcomes[program.name, PLAIN.name]
    assert outcome.ended is not None, outcome.screen[-2000:]
    assert TEXT in outcome.screen


@refused
def test_a_refused_client_asks_three_times_at_most(program: Program, scenario: Scenario, outcomes: Outcomes) -> None:
    outcome = outcomes[program.name, scenario.name]
    most = PATIENT_POSTS if scenario.name in program.allowed else POSTS
    assert 0 < len(outcome.posts) <= most, outcome


@pytest.mark.parametrize(
    "scenario", [scenario for scenario in SCENARIOS if scenario is not WAITING], ids=lambda scenario: scenario.name
)
def test_a_refused_client_soon_says_why(program: Program, scenario: Scenario, outcomes: Outcomes) -> None:
    outcome = outcomes[program.name, scenario.name]
    if scenario.name in program.allowed and outcome.ended is None:
        pytest.skip(program.allowed[scenario.name])
    screen = outcome.screen.lower()
    assert outcome.ended is not None, outcome
    assert any(word in screen for word in scenario.says), outcome
    assert outcome.ended <= SECONDS, outcome


def test_the_table_is_printed(outcomes: Outcomes, capsys: pytest.CaptureFixture[str]) -> None:
    """Requests and seconds of each; `-` for a client that still waited when it was ended."""
    lines = [f"{'':22}" + "".join(f"{scenario.name:>18}" for scenario in SCENARIOS)]
    for program in PROGRAMS:
        cells = [outcomes.get((program.name, scenario.name)) for scenario in SCENARIOS]
        lines.append(f"{program.name:22}" + "".join(f"{cell_of(outcome):>18}" for outcome in cells))
    with capsys.disabled():
        print("", "requests and seconds until a refused client says so", *lines, sep="\n")
    assert len(PROGRAMS) + 1 == len(lines)


def cell_of(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not here"
    took = "-"
    if outcome.ended is not None:
        took = f"{outcome.ended:.1f} s"
    return f"{len(outcome.posts)} / {took}"


def test_what_connect_shows_for_librechat_is_its_own_schemas(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    target = built(REFUSED_LIBRARIES, pytestconfig)
    file = Place(target, tmp_path, "http://127.0.0.1:4242", "sk-key", "gpt-5").shown("LibreChat")
    script = str(target / "libraries" / "librechat.js")
    done = subprocess.run(["node", script], input=file, capture_output=True, text=True, timeout=60, check=False)
    assert "valid" == done.stdout.strip(), done.stderr
