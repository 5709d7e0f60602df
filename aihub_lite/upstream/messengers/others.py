"""E-mail and a hundred other services, by apprise: the extra `[alerts]`.

It blocks, so each message has a thread of its own, which nobody waits for any longer than a message may take, and the
process not at its end.
"""

from __future__ import annotations

import asyncio
import logging
import threading

import attrs

from aihub_lite.upstream.messengers.forms import MOST_CHARACTERS, AlertLetter, text_of

MISSING = "This kind of address needs apprise, which is not installed: pip install 'aihub-lite[alerts]'."
UNKNOWN = "apprise does not know this kind of address"
REFUSED = "it could not be sent: apprise does not say why"
BUSY = "too many messages of this kind are still on their way"
MOST_THREADS = 8


@attrs.define(eq=False)
class Apprise:
    """Sends by apprise, which is imported with the first message."""

    _running: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock, repr=False)

    async def send(self, url: str, letter: AlertLetter) -> str:
        """What went wrong; empty where it was sent. The caller's clock ends the waiting, never the thread."""
        with self._lock:
            if self._running >= MOST_THREADS:
                return BUSY
            self._running += 1
        loop = asyncio.get_running_loop()
        sent: asyncio.Future[str] = loop.create_future()
        text = text_of(letter, MOST_CHARACTERS["apprise"], headed=False) or letter.title

        def answer(error: str) -> None:
            if not sent.done():
                sent.set_result(error)

        def work() -> None:
            try:
                error = _notify(url, letter.title, text)
            finally:
                with self._lock:
                    self._running -= 1
            try:
                loop.call_soon_threadsafe(answer, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

        threading.Thread(target=work, name="apprise", daemon=True).start()
        return await sent


def _notify(url: str, title: str, text: str) -> str:
    # It logs addresses, which hold keys.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    try:
        import apprise  # noqa: PLC0415  an extra, that costs nothing at start
    except ImportError:
        return MISSING
    try:
        messenger = apprise.Apprise()
        if not messenger.add(url):
            return UNKNOWN
        if not messenger.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
            return REFUSED
    except Exception:  # noqa: BLE001, RUF100  whatever a plugin raises may repeat the address
        return REFUSED
    return ""
