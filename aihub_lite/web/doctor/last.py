"""What the doctor found last, and when: in memory, and in the database for the next start."""

from __future__ import annotations

import json
from contextlib import suppress

import attrs

from aihub_lite import __version__
from aihub_lite.errors import GatewayError
from aihub_lite.storage.meta import Meta
from aihub_lite.web.doctor.finding import Finding

KEY = "doctor"
"""Of the single fact that it is stored as."""


@attrs.frozen
class Examined:
    """One examination; `at` is when it ended, in Unix time."""

    at: float
    findings: tuple[Finding, ...]


@attrs.define(eq=False)
class LastExamination:
    """The last one; none where the doctor was asked by nobody, or of another release, whose findings may have had other
    words."""

    meta: Meta
    _last: Examined | None = None

    async def keep(self, examined: Examined) -> None:
        """Remember it. A disk that is full is what the doctor may have found: then it is in memory alone."""
        self._last = examined
        findings = [attrs.asdict(finding) for finding in examined.findings]
        text = json.dumps({"version": __version__, "at": examined.at, "findings": findings})
        with suppress(GatewayError, OSError):
            await self.meta.put(KEY, text)

    async def get(self) -> Examined | None:
        """The last one that is known."""
        if self._last is None:
            self._last = _read(await self.meta.get(KEY))
        return self._last


def _read(text: str | None) -> Examined | None:
    if text is None:
        return None
    try:
        stored = json.loads(text)
        if stored["version"] != __version__:
            return None
        return Examined(stored["at"], tuple(Finding(**finding) for finding in stored["findings"]))
    except (KeyError, TypeError, ValueError):
        return None  # of an earlier state of this release: it is asked again soon enough
