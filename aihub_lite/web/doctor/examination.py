"""All that the doctor looks at, side by side, each for so long at most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs

from aihub_lite import __version__
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.sqlite.migrations import MIGRATIONS
from aihub_lite.web.console.language import Language
from aihub_lite.web.doctor import configured, machine, upstreams
from aihub_lite.web.doctor.finding import Finding
from aihub_lite.web.doctor.last import Examined, LastExamination
from aihub_lite.web.doctor.way_back import Tickets, streams
from aihub_lite.web.views import Json, moment_text

WITHIN = 30.0
"""Seconds for one check."""
ORDER = ("error", "warning", "info")
Check = Callable[[Gateway], Awaitable[list[Finding]]]
CHECKS: Mapping[str, Check] = {
    "database": machine.database,
    "files": machine.files,
    "disk": machine.disk,
    "descriptors": machine.descriptors,
    "exposure": machine.exposure,
    "backups": configured.backups,
    "settings": configured.settings,
    "names": configured.names,
    "attention": configured.shown,
    "channels": upstreams.channels,
    "clock": upstreams.clock,
}
STREAMS = "streams"


@attrs.frozen
class Doctor:
    """Examines a gateway; one at a time, since upstreams are asked."""

    gateway: Gateway
    tickets: Tickets = attrs.field(factory=Tickets)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    last: LastExamination = attrs.field(init=False)

    @last.default
    def _last_of_gateway(self) -> LastExamination:
        return LastExamination(Meta(self.gateway.database))

    async def examine(self) -> Examined:
        """What is found, the worst first; a check that fails or takes too long is a finding, too."""
        async with self._turn:
            checks: dict[str, Check] = {**CHECKS, STREAMS: lambda gateway: streams(gateway, self.tickets)}
            found = await asyncio.gather(*(self._check(name, check) for name, check in checks.items()))
        findings = sorted((finding for each in found for finding in each), key=lambda each: ORDER.index(each.severity))
        examined = Examined(self.gateway.clock.wall(), tuple(findings))
        await self.last.keep(examined)
        return examined

    async def _check(self, name: str, check: Check) -> list[Finding]:
        try:
            async with asyncio.timeout(WITHIN):
                return await check(self.gateway)
        except TimeoutError:
            reason = f"no end within {WITHIN:g} s"
        except GatewayError as error:
            reason = error.message
        except OSError as error:
            reason = error.strerror or str(error)
        return [Finding("check_failed", "warning", {"check": name, "reason": reason})]


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether there is nothing but advice."""
    return all(finding.severity == "info" for finding in findings)


def report_json(examined: Examined, language: Language) -> Json:
    """The whole report, in somebody's language."""
    return {
        "at": moment_text(examined.at),
        "well": is_well(examined.findings),
        "version": __version__,
        "schema": len(MIGRATIONS),
        "checked": [*CHECKS, STREAMS],
        "findings": [finding_json(finding, language) for finding in examined.findings],
    }


def finding_json(finding: Finding, language: Language) -> Json:
    """One finding: its code and severity, what it is and what to do in a sentence each, and what fills them in."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "what": language(f"doctor.{finding.code}", **finding.facts),
        "do": language(f"doctor.{finding.code}_do", **finding.facts),
        "facts": dict(finding.facts),
    }
