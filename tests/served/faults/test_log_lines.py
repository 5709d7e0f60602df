"""What clients, operators and upstreams can write into the log (T-67)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest

from aihub_lite.server.logs import OneLine
from aihub_lite.web.crash_log import log_unforeseen
from tests.support import rawclient
from tests.support.gateway import Gateway
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream

pytestmark = pytest.mark.attack("T-67")

Serve = Callable[..., str]
ODD = "x\r\n2026-01-01 00:00:00,000 ERROR forged: \x1b[2J\x1b]0;title\x07\u202egnol\u2028\x85"
ENTRY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")


def strange(lines: list[str]) -> list[str]:
    """Lines that are no entries of the log's own, or hold what a terminal obeys."""
    return [line for line in lines if not ENTRY.match(line) or not line.isprintable() or " ERROR forged" in line[:40]]


def test_no_client_writes_a_line_into_the_log(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    before = len(gateway.process.stderr.lines)
    model = serve(upstream.url)
    key = {"authorization": f"Bearer {gateway.key}"}
    gateway.chat(ODD)
    gateway.chat(model, user=ODD, metadata={ODD: ODD})
    for path in ("/v1/%0d%0a%1b[2J", "/console/%0d%0aERROR", "/api/admin/tokens/%0d%0a%1b", "/v1/models/%0aforged"):
        rawclient.request(gateway.url, "GET", path, key)
    for agent in ("x\x1b[2J", "x\tERROR forged", "\x85\xa0forged"):
        rawclient.request(gateway.url, "GET", "/v1/models", {**key, "user-agent": agent})
    upstream.default = error_answer(500, ODD, ODD)
    gateway.chat(model)
    gateway.add_channel(upstream.url)
    gateway.admin(
        "POST", "/channels", {"name": "listed", "provider": "openai", "base_url": upstream.url, "keys": ["k"]}
    )
    gateway.admin("POST", "/tokens", {"name": ODD})
    assert [] == strange(gateway.process.stderr.lines[before:])


@pytest.mark.parametrize("text", [ODD, "a\nb", "\x1b[31m", "\x00", "\x9b2J", "\u2029", "a\u202eb", "\ud800"])
def test_an_entry_takes_one_line_and_steers_no_terminal(text: str) -> None:
    record = logging.LogRecord("a.b", logging.WARNING, __file__, 1, "channel %s: %s", (text, text), None)
    line = OneLine().format(record)
    assert ([], 1) == (strange([line]), len(line.splitlines()))


def test_a_name_of_another_script_stays_readable() -> None:
    record = logging.LogRecord("a.b", logging.WARNING, __file__, 1, "channel %s", ("渠道 é 😀",), None)
    assert OneLine().format(record).endswith("channel 渠道 é 😀")


def test_a_fault_of_ours_is_logged_with_its_lines_and_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    try:
        int(ODD)
    except ValueError as error:
        log_unforeseen("r1", error)
    first, *lines = OneLine().format(caplog.records[0]).splitlines()
    assert ([], True) == (strange([first]), first.endswith("r1: unforeseen ValueError"))
    assert [__file__ in "".join(lines), "forged" in "".join(lines)] == [True, False]
