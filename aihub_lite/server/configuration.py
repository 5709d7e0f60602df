"""The file of `serve --config`: applied before anybody is let in, and again on every SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.gateway.upkeep.bootstrap import create_known_channels

log = logging.getLogger(__name__)


class NotApplied(Exception):
    """A file that is wrong, in one sentence that names it; nothing has changed."""


@asynccontextmanager
async def following(gateway: Gateway, file: Path | None) -> AsyncIterator[None]:
    """Apply the file, if there is one, and inside the block once more for each SIGHUP; raises NotApplied."""
    if file is None:
        yield
        return
    hangups: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    # First of all: a signal that nobody listens to ends the process.
    loop.add_signal_handler(signal.SIGHUP, hangups.put_nowait, None)
    try:
        # Else one that the file names would appear beside it, a moment later.
        await create_known_channels(gateway)
        await apply(gateway, file, lists=False)
        async with running(_apply_again(gateway, file, hangups), "configuration"):
            yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _apply_again(gateway: Gateway, file: Path, hangups: asyncio.Queue[None]) -> None:
    while True:
        await hangups.get()
        try:
            await apply(gateway, file, lists=True)
        except NotApplied as error:
            log.warning("nothing is changed: %s", error)
        except Exception as error:
            # Whatever it is, the next signal is to be heard.
            log.warning("%s is not applied: unforeseen %s", file, type(error).__name__)


async def apply(gateway: Gateway, file: Path, *, lists: bool) -> None:
    """Make the gateway what the file says; raises NotApplied. `lists`: read those of new channels at once."""
    # Imported only here: a start without such a file needs neither the admin API nor what it is made of.
    from aihub_lite.web.configuration.outcome import apply_file  # noqa: PLC0415

    try:
        outcome = await apply_file(gateway, file, lists=lists)
    except GatewayError as error:
        raise NotApplied(f"{file}: {error.message}") from None
    except OSError as error:
        raise NotApplied(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise NotApplied(f"{file}: is not UTF-8") from None
    log.info("%s: %d changes", file, len(outcome.differences))
    for alert in outcome.made.secrets:
        log.warning('webhook %s signs with a secret that nobody knows: write secret = "env:NAME" in the file', alert)
    for token in outcome.made.keys:
        log.warning("token %s has a new key that nobody knows: `aihub-lite token rotate` shows another one", token)
