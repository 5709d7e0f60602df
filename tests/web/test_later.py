"""What a start does not wait for: it comes with the first request that needs it, once, beside the loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.web.administration.later import MadeLater
from tests.support.process import ROOT

UNUSED = "pydantic"
"""Installed for the tests' SDKs."""
HEAVY = (
    UNUSED,
    *("litestar", "jinja2", "genai_prices", "cattrs", "yaml", "httpx", "httpcore", "anyio", "typer", "rich"),
    *("hypercorn", "h2", "h11", "botocore", "google.auth", "cryptography", "python_socks"),
    *("aihub_lite.web.admin", "aihub_lite.web.console", "aihub_lite.web.relay.routes", "aihub_lite.cli.base.commands"),
    *("aihub_lite.wire.anthropic.upstream", "aihub_lite.wire.anthropic.surface", "aihub_lite.wire.gemini"),
    *("aihub_lite.wire.responses", "aihub_lite.wire.cursor.request", "aihub_lite.wire.passthrough"),
)
"""What no server needs until somebody asks for more than chat: each of them is time between a start and an answer."""
ASKED = """
import asyncio, sys
from pathlib import Path

from aihub_lite.cli.serving import plain_options
import aihub_lite.cli
import aihub_lite.server.serve
from aihub_lite.config import Settings
from aihub_lite.gateway.core import open_gateway
from aihub_lite.gateway.upkeep.bootstrap import create_known_channels
from aihub_lite.server.welcome import Welcome
from aihub_lite.web.app import create_app
from tests.support.asgi import get, post

CHAT = {"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}

async def story():
    async with open_gateway(Settings(data_dir=Path(sys.argv[1]), discover_local=False), {}) as gateway:
        await create_known_channels(gateway)
        app = create_app(gateway)
        await Welcome(gateway, "http://x", "http://x").show()
        _, key = await gateway.registry.tokens.create("a")
        for call in (get("/healthz"), get("/readyz"), post("/v1/chat/completions", key, CHAT), *CALLS):
            await call.start(app).served()
            print(call.path, call.status)

CALLS = [get("/console/sign-in")] if sys.argv[2] == "console" else []
assert plain_options(["--port", "0"]) == {"port": 0}
asyncio.run(story())
print("heavy", *[name for name in sys.argv[3:] if name in sys.modules])
"""


def heavy_after(directory: Path, asked: str) -> list[str]:
    """Which of the heavy modules a process of its own has imported when everything was answered."""
    command = [sys.executable, "-c", ASKED, str(directory), asked, *HEAVY]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    *answers, heavy = ran.stdout.splitlines()
    assert {"/healthz 200", "/readyz 200", "/v1/chat/completions 200"} <= set(answers)
    return heavy.split()[1:]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A data directory of a first start."""
    tmp_path.chmod(0o700)
    return tmp_path


def test_health_and_chat_are_answered_before_anything_else_is_imported(directory: Path) -> None:
    """A start took twice as long as it had to: it loaded the command line, every format and the framework first."""
    assert [] == heavy_after(directory, "chat")


def test_the_first_page_brings_them(directory: Path) -> None:
    assert {"litestar", "jinja2", "aihub_lite.web.console"} <= set(heavy_after(directory, "console"))


def test_the_framework_brings_nothing_that_is_not_used(directory: Path) -> None:
    """An idle gateway held 12 MB of pydantic wherever that was installed beside it."""
    assert UNUSED not in heavy_after(directory, "console")


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    await send(scope)


def test_many_first_requests_make_it_once_and_wait_for_it_together() -> None:
    made: list[int] = []
    sent: list[Any] = []

    def make() -> Any:
        made.append(threading.get_ident())
        return nothing

    async def send(message: Any) -> None:
        sent.append(message)

    async def story() -> None:
        later = MadeLater(make)
        await asyncio.gather(*(later(number, None, send) for number in range(5)))
        await later(5, None, send)

    asyncio.run(story())
    assert (1, [0, 1, 2, 3, 4, 5]) == (len(made), sorted(sent))
    assert threading.get_ident() not in made


def test_who_leaves_while_it_is_made_stops_nobody_else() -> None:
    begun = threading.Event()
    go_on = threading.Event()

    def make() -> Any:
        begun.set()
        assert go_on.wait(60)
        return nothing

    async def story() -> None:
        later = MadeLater(make)
        first = asyncio.create_task(later.made())
        second = asyncio.create_task(later.made())
        while not begun.is_set():
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first})
        go_on.set()
        assert (True, nothing) == (first.cancelled(), await second)

    asyncio.run(story())


def test_what_could_not_be_made_is_tried_again_by_the_next_request() -> None:
    """A process may be out of descriptors at one moment, and not at the next."""
    tries: list[int] = []

    def make() -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("too many open files")
        return nothing

    async def story() -> None:
        later = MadeLater(make)
        with pytest.raises(OSError, match="too many"):
            await later.made()
        assert nothing is await later.made() is await later.made()

    asyncio.run(story())
    assert 2 == len(tries)
