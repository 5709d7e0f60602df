"""Tells people that an older release met the database of a newer one: no gateway runs then that could.

A supervisor may start it over and over: a file in the data directory says what was told, until a gateway starts well.
Whoever is in their quiet hours is left alone, unless critical alerts pass them: nobody is there to tell them later.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from aihub_lite.config import DATABASE, Settings
from aihub_lite.domain.alerts.condition import Condition
from aihub_lite.domain.alerts.destination import AlertDestination
from aihub_lite.domain.alerts.events import Alert, alert_of, topic_of
from aihub_lite.storage.alerts.destinations import destinations_in
from aihub_lite.upstream.messengers.forms import AlertLetter
from aihub_lite.upstream.messengers.messenger import Messenger

log = logging.getLogger(__name__)

TOLD = "downgrade.told"
EVENT = "downgrade"


def tell_of_downgrade(settings: Settings, environ: Mapping[str, str] = os.environ) -> int:
    """Tell all destinations that want to know, once; how many were told. Never raises for want of any."""
    told = settings.data_dir / TOLD
    if told.exists():
        return 0
    now = time.time()
    alert = alert_of(EVENT, Condition(EVENT, "", "", ""), now)
    asked = [each for each in destinations_in(settings.data_dir / DATABASE) if _wants(each, alert, now)]
    if not asked:
        return 0
    arrived = asyncio.run(_send(asked, alert, settings.public_url, int(now), environ))
    if arrived:
        with suppress(OSError):
            told.touch(mode=0o600)
    return arrived


def forget_downgrade(data_dir: Path) -> None:
    """A gateway started well: the next one that does not is news."""
    with suppress(OSError):
        (data_dir / TOLD).unlink(missing_ok=True)


def _wants(destination: AlertDestination, alert: Alert, now: float) -> bool:
    held = destination.held_until(now, critical=alert.critical) > now
    return destination.enabled and destination.wants(topic_of(alert.event)) and not held


async def _send(
    asked: list[AlertDestination], alert: Alert, public_url: str, now: int, environ: Mapping[str, str]
) -> int:
    letter = AlertLetter(id=f"{EVENT}-{now}", alerts=(alert,), public_url=public_url, now=now)
    async with Messenger(environ) as messenger:
        outcomes = await asyncio.gather(*(messenger.send(each, letter) for each in asked))
    for destination, outcome in zip(asked, outcomes, strict=True):
        if not outcome.ok:
            log.warning("alerts to %s: %s", destination.name, outcome.error)
    return sum(outcome.ok for outcome in outcomes)
