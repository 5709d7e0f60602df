"""Answers that a later request may point at, instead of sending them again: in memory, for minutes, and nowhere else.

OpenAI's clients do so by default on `/v1/responses`. What is kept are texts, so it is bounded whoever asks: by bytes,
by number and by time, for each token and for all together. What was used longest ago goes first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from weakref import WeakValueDictionary

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.token import Token

KEPT_FOR = 600.0
"""Seconds after the last use."""
LOOKED_AT = 15.0
"""Seconds between two looks at what is too old."""


@attrs.frozen
class Bounds:
    """How much is kept. Bytes count what holds a text too, so that many tiny ones come to no more memory."""

    all_bytes: int = 64 * 2**20
    token_bytes: int = 16 * 2**20
    all_answers: int = 20_000
    token_answers: int = 2_000


PER_ANSWER = 1_200
PER_ITEM = 400
"""Bytes: of an item's id in the output of an answer."""
PER_TEXT = 300
PER_PLACE = 16
"""Bytes: of each place that a text has in a conversation."""


@attrs.define(eq=False)
class Text:
    """The JSON of one item, which is kept once, however many conversations of a token it stands in."""

    data: bytes = attrs.field(repr=False)
    places: int = 0


@attrs.define(eq=False)
class KeptAnswer:
    """One answer with the conversation that led to it."""

    token_id: str
    id: str
    conversation: tuple[Text, ...] | None
    """What was said and answered; None where it is too large, and only its items are kept."""
    items: Mapping[str, Text]
    """Those of its output, by id."""
    size: int
    used: float
    """When last, on the monotonic clock."""

    def texts(self) -> Iterable[Text]:
        """One for each place that a text has."""
        yield from self.conversation or ()
        yield from self.items.values()


@attrs.define(eq=False)
class Shelf:
    """What is kept of one token."""

    answers: OrderedDict[str, KeptAnswer] = attrs.field(factory=OrderedDict)
    """By id, last used last."""
    items: dict[str, KeptAnswer] = attrs.field(factory=dict)
    """The answer that an item was last in, by the item's id."""
    texts: dict[bytes, Text] = attrs.field(factory=dict)
    size: int = 0

    def text(self, data: bytes) -> Text:
        """The one that is kept already, if it is; takes a place in it."""
        text = self.texts.get(data)
        if text is None:
            text = self.texts[data] = Text(data)
            self.size += len(data) + PER_TEXT
        text.places += 1
        return text

    def drop(self, answer: KeptAnswer) -> None:
        """Let go of an answer, and of the texts that stand in no other."""
        del self.answers[answer.id]
        self.size -= answer.size
        for item_id in answer.items:
            if self.items.get(item_id) is answer:
                del self.items[item_id]
        for text in answer.texts():
            text.places -= 1
            if not text.places:
                del self.texts[text.data]
                self.size -= len(text.data) + PER_TEXT


@attrs.define(eq=False)
class Epoch:
    """The time in which nothing of a token is forgotten on purpose: what was asked before that is not kept after."""

    over: bool = False


@attrs.define(eq=False)
class KeptAnswers:
    """All that is kept. A token finds what it was answered itself, and nothing else."""

    clock: Clock
    on: bool = True
    bounds: Bounds = attrs.field(factory=Bounds)
    _shelves: dict[str, Shelf] = attrs.field(factory=dict)
    """By token id."""
    _order: OrderedDict[KeptAnswer, None] = attrs.field(factory=OrderedDict)
    """All answers, last used last."""
    size: int = 0
    """Bytes that are kept."""
    _epochs: WeakValueDictionary[str, Epoch] = attrs.field(factory=WeakValueDictionary)
    """By token id, those that requests under way hold: no token of before is remembered."""

    def __len__(self) -> int:
        return len(self._order)

    def epoch(self, token_id: str) -> Epoch:
        """For `keep`: held by a request from its beginning on."""
        epoch = self._epochs.get(token_id)
        if epoch is None:
            epoch = self._epochs[token_id] = Epoch()
        return epoch

    def keep(
        self,
        token_id: str,
        epoch: Epoch,
        answer_id: str,
        conversation: Sequence[bytes] | None,
        items: Mapping[str, bytes],
    ) -> None:
        """Keep an answer: its `conversation` with its output, item by item, and the `items` of its output by their ids.

        Where it is too large, only the items are kept; where they are, nothing.
        """
        if not self.on or epoch.over:
            return
        self.expire()
        self.delete(token_id, answer_id)
        if conversation is not None and self._weight(answer_id, conversation, items) > self.bounds.token_bytes:
            conversation = None
        if self._weight(answer_id, conversation or (), items) > self.bounds.token_bytes:
            return
        shelf = self._shelves.setdefault(token_id, Shelf())
        self.size -= shelf.size
        self._add(shelf, token_id, answer_id, conversation, items)
        self.size += shelf.size
        while shelf.size > self.bounds.token_bytes or len(shelf.answers) > self.bounds.token_answers:
            self._drop(next(iter(shelf.answers.values())))
        while self.size > self.bounds.all_bytes or len(self) > self.bounds.all_answers:
            self._drop(next(iter(self._order)))

    def conversation(self, token_id: str, answer_id: str) -> tuple[bytes, ...] | None:
        """All that was said up to an answer, and the answer, item by item; None where it is not kept."""
        self.expire()
        shelf = self._shelves.get(token_id)
        if shelf is None:
            return None
        answer = shelf.answers.get(answer_id)
        if answer is None or answer.conversation is None:
            return None
        self._use(shelf, answer)
        return tuple(text.data for text in answer.conversation)

    def item(self, token_id: str, item_id: str) -> bytes | None:
        """An item of an answer; None where it is not kept."""
        self.expire()
        shelf = self._shelves.get(token_id)
        if shelf is None:
            return None
        answer = shelf.items.get(item_id)
        if answer is None:
            return None
        self._use(shelf, answer)
        return answer.items[item_id].data

    def delete(self, token_id: str, answer_id: str) -> bool:
        """Let go of an answer; whether there was one."""
        shelf = self._shelves.get(token_id)
        if shelf is None or answer_id not in shelf.answers:
            return False
        self._drop(shelf.answers[answer_id])
        return True

    def forget(self, token_id: str) -> None:
        """Let go of all that a token was answered, what is under way included."""
        epoch = self._epochs.pop(token_id, None)
        if epoch is not None:
            epoch.over = True
        self._empty(token_id)

    async def follow(self, before: Token | None, after: Token | None) -> None:
        """A listener for tokens: what was said with a key is gone with the key."""
        if before is not None and (after is None or after.digest != before.digest):
            self.forget(before.id)

    def switch(self, *, on: bool) -> None:
        """Keep answers from now on, or none, and those that are kept no longer."""
        self.on = on
        if not on:
            for token_id in tuple(self._shelves):
                self._empty(token_id)

    def expire(self) -> None:
        """Let go of what was not used for too long."""
        latest = self.clock.monotonic() - KEPT_FOR
        while self._order and (oldest := next(iter(self._order))).used <= latest:
            self._drop(oldest)

    async def run(self) -> None:
        """Look for what is too old, until cancelled: nobody may ever ask for it again."""
        while True:
            await asyncio.sleep(LOOKED_AT)
            self.expire()

    def _weight(self, answer_id: str, conversation: Iterable[bytes], items: Mapping[str, bytes]) -> int:
        """What keeping this comes to at most."""
        return (
            PER_ANSWER
            + len(answer_id)
            + sum(len(text) + PER_TEXT + PER_PLACE for texts in (conversation, items.values()) for text in texts)
            + sum(PER_ITEM + len(item_id) for item_id in items)
        )

    def _add(
        self,
        shelf: Shelf,
        token_id: str,
        answer_id: str,
        conversation: Sequence[bytes] | None,
        items: Mapping[str, bytes],
    ) -> None:
        said = None
        if conversation is not None:
            said = tuple(shelf.text(text) for text in conversation)
        by_id = {item_id: shelf.text(text) for item_id, text in items.items()}
        size = PER_ANSWER + len(answer_id) + sum(PER_ITEM + len(item_id) for item_id in items)
        size += PER_PLACE * (len(said or ()) + len(by_id))
        answer = KeptAnswer(token_id, answer_id, said, by_id, size, self.clock.monotonic())
        shelf.answers[answer_id] = answer
        shelf.items.update(dict.fromkeys(by_id, answer))
        shelf.size += size
        self._order[answer] = None

    def _use(self, shelf: Shelf, answer: KeptAnswer) -> None:
        answer.used = self.clock.monotonic()
        shelf.answers.move_to_end(answer.id)
        self._order.move_to_end(answer)

    def _drop(self, answer: KeptAnswer) -> None:
        shelf = self._shelves[answer.token_id]
        self.size -= shelf.size
        shelf.drop(answer)
        self.size += shelf.size
        del self._order[answer]
        if not shelf.answers:
            del self._shelves[answer.token_id]

    def _empty(self, token_id: str) -> None:
        shelf = self._shelves.get(token_id)
        if shelf is None:
            return
        for answer in tuple(shelf.answers.values()):
            self._drop(answer)
