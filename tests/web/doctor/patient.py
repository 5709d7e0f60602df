"""A gateway to be examined."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aihub_lite.config import Settings
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.doctor.examination import finding_json
from aihub_lite.web.doctor.finding import Finding
from tests.support.clock import ManualClock

Check = Callable[[Gateway], Awaitable[list[Finding]]]


def examined(
    directory: Path,
    check: Check,
    prepare: Callable[[Gateway], Awaitable[Any]] | None = None,
    environ: Mapping[str, str] | None = None,
    clock: ManualClock | None = None,
    **options: Any,
) -> list[Finding]:
    """What one check finds on a gateway with these settings, after it was prepared."""

    async def play() -> list[Finding]:
        settings = Settings(data_dir=directory, discover_local=False, **options)
        async with open_gateway(settings, environ or {}, clock) as gateway:
            if prepare is not None:
                await prepare(gateway)
            return await check(gateway)

    return asyncio.run(play())


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    """What was found, once it could be said in every language."""
    for language in LANGUAGES.values():
        for told in (finding_json(finding, language) for finding in findings):
            assert told["what"]
            assert told["do"]
    return [(finding.code, finding.severity) for finding in findings]
