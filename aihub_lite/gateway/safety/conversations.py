"""Which conversations come again and again: by keyed hashes in memory; no text is kept, and a start forgets them.

A request whose size nobody has sent lately is looked up by three numbers and no more. Only where another one of its
token had the same size is its conversation read, whole: that alone makes two of them the same.
"""

from __future__ import annotations

import secrets

import attrs
import msgspec

from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.wire.protocols import Request

LIMIT = 20_000
"""Conversations remembered, the latest ones: some 6 MB when full."""
LARGEST = 2**20
"""Bytes of a request: what is larger is judged by what it costs alone, since to read it takes a millisecond."""
SHORT = 16
"""Completion tokens at most, as those ask for who only want to know whether the gateway is there."""
COMPARED = (
    *("messages", "input", "contents", "system", "instructions", "systemInstruction", "system_instruction"),
    *("model", "previous_response_id", "conversation", "seed"),
)
"""Fields that say what is asked, on any surface: with all of them the same it is asked again."""
Fingerprint = tuple[str, int, int]
_pack = msgspec.msgpack.Encoder(order="sorted").encode
_encode = msgspec.json.Encoder(order="sorted").encode


@attrs.define(eq=False)
class Conversations:
    """Those of tokens that spend."""

    limit: int = LIMIT
    _key: int = attrs.field(factory=lambda: secrets.randbits(64), repr=False)
    _repeats: dict[Fingerprint, Repeats] = attrs.field(factory=dict, repr=False)
    """By who sends it, bytes and estimated tokens, oldest first."""

    def __len__(self) -> int:
        return len(self._repeats)

    def sent(self, sender: str, request: Request, size: int) -> Repeats | None:
        """A conversation of so many bytes goes upstream. None where it is no repetition, or none that counts."""
        if size > LARGEST or (request.max_tokens is not None and request.max_tokens <= SHORT):
            return None
        fingerprint = (sender, size, request.prompt_estimate)
        repeats = self._repeats.pop(fingerprint, None)
        if repeats is None:
            if len(self._repeats) >= self.limit:
                del self._repeats[next(iter(self._repeats))]
            self._repeats[fingerprint] = Repeats()
            return None
        self._repeats[fingerprint] = repeats  # at the end, where the latest are
        digest = self.digest(request)
        if repeats.digest != digest:
            repeats.begin(digest)
        return repeats

    def digest(self, request: Request) -> int:
        """Of the whole conversation, and of what makes the same one another request.

        Python's own hash of bytes is SipHash with a key of the process: of 180 kB it takes a sixth of BLAKE2's time.
        """
        posted = request.posted
        said = {name: posted[name] for name in COMPARED if name in posted}
        try:
            packed = _pack(said)
        except OverflowError:  # a number that MessagePack has no room for
            packed = _encode(said)
        return hash((self._key, packed))

    def forget(self, sender: str) -> None:
        """Those of a token or a person."""
        self._repeats = {known: repeats for known, repeats in self._repeats.items() if known[0] != sender}
