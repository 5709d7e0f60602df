"""Prometheus' own `promtool` takes the alert rules, and what `/metrics` says, as they are."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.inprocess import streamed
from tests.support.process import ROOT
from tests.support.upstream.answers import USAGE
from tests.telemetry.watched import watched

PROMTOOL = shutil.which("promtool")
WITHIN = 120.0

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool (Debian's package prometheus has it)")


def promtool(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *arguments], input=text, capture_output=True, text=True, timeout=WITHIN, check=False
    )


async def scraped(directory: Path) -> str:
    """What is told after answers, whole and streamed, a failure and a refusal."""
    async with watched(directory, metrics_tokens=True) as scene:
        house = scene.house
        await house.add_channel()
        _, key = await house.add_token()
        house.upstream.queue = [(200, streamed("some", "words", usage=USAGE)), (400, [b'{"error":{"message":"no"}}'])]
        await house.ask(key, stream=True).served()
        await house.ask(key).served()
        await house.ask(key).served()
        await house.ask("sk-nobody").served()
        return (await scene.scrape()).text


def test_prometheus_takes_the_alert_rules() -> None:
    checked = promtool("check", "rules", str(ROOT / "examples" / "alerts.yml"))
    assert (0, "") == (checked.returncode, checked.stderr), checked.stdout


def test_prometheus_finds_nothing_wrong_in_what_is_told(tmp_path: Path) -> None:
    """Names, units, help texts and types, by its own linter."""
    text = asyncio.run(scraped(tmp_path))
    assert "aihub_requests_total" in text
    checked = promtool("check", "metrics", text=text)
    assert (0, "", "") == (checked.returncode, checked.stdout, checked.stderr)
