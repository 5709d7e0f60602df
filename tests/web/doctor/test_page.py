"""The doctor in the console and by the admin API."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import attrs
import pytest

from aihub_lite import __version__
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.meta import Meta
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.doctor import configured, examination
from aihub_lite.web.doctor.examination import Doctor, is_well
from aihub_lite.web.doctor.finding import Finding
from aihub_lite.web.doctor.last import KEY
from tests.web.console.visitor import Visitor, at_console
from tests.web.doctor.patient import codes, examined


def test_the_page_looks_only_when_it_is_asked_to_and_speaks_the_readers_language(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await visitor.call("POST", "/aliases", {"alias": "fast", "model": "nowhere"})
        page = await visitor.page("/console/doctor")
        assert ("findings" in page, "Not checked yet" in page) == (False, True)
        told = await visitor.page("/console/doctor?look=now")
        assert "The alias fast leads to nowhere, which no channel offers." in told
        visitor.http.cookies.set("aihub_language", "zh")
        assert "别名 fast 指向 nowhere" in await visitor.page("/console/doctor?look=now")

    at_console(tmp_path, story)


def test_the_api_tells_the_worst_first_with_sentences(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/aliases", {"alias": "fast", "model": "nowhere"})
        report = await visitor.call("GET", "/doctor")
        told = [finding["severity"] for finding in report["findings"]]
        assert told == sorted(told, key=["error", "warning", "info"].index)
        (alias,) = [finding for finding in report["findings"] if finding["code"] == "alias_nowhere"]
        assert "Add a channel that offers it, or set or delete the alias." == alias["do"]
        assert {"fast", "nowhere"} == set(alias["facts"].values())
        assert not report["well"]

    at_console(tmp_path, story)


def found_by(directory: Path) -> list[Finding]:
    """All that the doctor finds at a fresh gateway."""

    async def look(gateway: Gateway) -> list[Finding]:
        return [*(await Doctor(gateway).examine()).findings]

    return examined(directory, look)


def test_the_page_shows_what_was_found_last_and_when_also_after_a_restart(tmp_path: Path) -> None:
    """It was empty until it was asked, and again with the next click."""

    async def ask(visitor: Visitor) -> None:
        await visitor.call("POST", "/aliases", {"alias": "fast", "model": "nowhere"})
        report = await visitor.call("GET", "/doctor")
        await visitor.call("DELETE", "/aliases/fast")
        times.append(report["at"])
        await visitor.sign_in()
        assert f'datetime="{report["at"]}"' in await visitor.page("/console/doctor")

    async def shown(visitor: Visitor) -> None:
        await visitor.sign_in()
        page = await visitor.page("/console/doctor")
        assert "The alias fast leads to nowhere, which no channel offers." in page
        assert "Last checked:" in page
        assert all(f'datetime="{at}"' in page for at in times)
        assert "上次检查" in await visitor.page("/console/doctor", accept_language="zh")
        assert "alias fast" not in await visitor.page("/console/doctor?look=now")

    times: list[str] = []
    at_console(tmp_path, ask)
    at_console(tmp_path, shown)


@pytest.mark.parametrize(
    "stored",
    [
        json.dumps({"version": "0.0.1", "at": 1.0, "findings": [{"code": "gone", "severity": "error"}]}),
        json.dumps({"version": __version__, "at": 1.0, "findings": [{"code": "gone", "weight": 3}]}),
        json.dumps({"version": __version__}),
        json.dumps([]),
        "no JSON",
    ],
)
def test_what_another_release_found_is_not_shown(tmp_path: Path, stored: str) -> None:
    """Its findings may have had other words, and those of an earlier state of this one another shape."""

    async def story(visitor: Visitor) -> None:
        await Meta(visitor.gateway.database).put(KEY, stored)
        await visitor.sign_in()
        assert "Not checked yet" in await visitor.page("/console/doctor")

    at_console(tmp_path, story)


def test_a_check_that_fails_or_takes_too_long_is_a_finding_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: Gateway) -> list[Finding]:
        await asyncio.Event().wait()
        return []

    async def fails(_: Gateway) -> list[Finding]:
        raise StorageUnavailable("The disk is gone.")

    async def finds(_: Gateway) -> list[Finding]:
        return [Finding("exposed", "error", {"host": "a"})]

    monkeypatch.setattr(examination, "CHECKS", {"hangs": hangs, "fails": fails, "finds": finds})
    monkeypatch.setattr(examination, "WITHIN", 0.05)
    found = found_by(tmp_path)
    assert [("exposed", "error"), ("check_failed", "warning"), ("check_failed", "warning")] == codes(found)
    assert ["hangs", "fails"] == [finding.facts["check"] for finding in found[1:]]


def test_advice_alone_is_well() -> None:
    advice = Finding("backups_off", "info")
    assert is_well([advice])
    assert not is_well([advice, attrs.evolve(advice, severity="warning")])


def codes_in_source() -> set[str]:
    """Every code that some check gives."""
    folder = Path(examination.__file__).parent
    text = "".join(file.read_text() for file in folder.glob("*.py"))
    return {*re.findall(r'Finding\(\s*"(\w+)"', text), *configured.SHOWN}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_finding_has_its_two_sentences(tag: str) -> None:
    codes = codes_in_source()
    assert len(codes) > 25
    texts = LANGUAGES[tag].texts
    assert set() == {code for code in codes if not {f"doctor.{code}", f"doctor.{code}_do"} <= texts.keys()}
