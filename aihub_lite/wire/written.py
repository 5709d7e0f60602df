"""What a model wrote, by the kinds of its characters: enough to say within some percent how many tokens a text has.

A tokenizer's own count would take longer than all the rest of a request. Of recorded answers of 64 tokens and more in
Latin letters, nine in ten lie within a quarter of this count, prose and code, JSON and sums alike; by bytes alone they
lie up to 100 % apart. Languages that are written otherwise have no count here: their tokenizers differ by twice.
"""

from __future__ import annotations

import attrs

from aihub_lite.wire.estimate import byte_count
from aihub_lite.wire.json_types import JsonView

TOKENS_PER_LETTER = 0.2
"""Of a letter or a space; words of English have five of them a token, their space included."""
TOKENS_PER_MARK = 0.65
"""Of a digit, a punctuation mark or a line break: several often make one token."""
MOST_BEYOND = 0.1
"""Bytes beyond one a character, as a share of the characters, of a text that still has a count: a letter with an accent
has one too many, a dash or a Chinese character two."""
NO_MARKS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ " + bytes(range(0x80, 0x100))
"""Bytes of UTF-8 that are no mark."""

THOUGHTS = frozenset({"reasoning_content", "reasoning_details", "reasoning", "thinking"})
"""Fields of a chat's delta or message that hold thinking, or stand for it."""
SILENT = frozenset({"content", "role", "index", "channel", "extra_content", "name"})
"""Fields that add nothing to its text: what signs a text of Gemini's is in `extra_content`."""
SHORT = 256
MOST_PIECES = 32
"""Pieces of so many characters, and so many of them, are counted together: by itself each would take several times as
long."""
SAMPLED = 7
"""Of a long piece, marks are looked for in every seventh character."""


@attrs.define
class Written:
    """The text of one answer as far as it has come, and whether there is more to it than its text."""

    characters: int = 0
    marks: int = 0
    beyond: int = 0
    """Bytes beyond one a character."""
    shows_thought: bool = False
    """Whether the upstream's format shows each time that its model thought, if not what: Anthropic's has a block."""
    thought: bool = False
    """Whether the model thought, as far as its upstream shows it."""
    other: bool = False
    """Whether it did or made anything else, which has tokens too: a call, a search, a picture, sound."""
    _pieces: list[str] = attrs.field(factory=list, repr=False)

    def add(self, text: str) -> None:
        """A piece of its text."""
        if len(text) >= SHORT:
            self._count(text)
            return
        self._pieces.append(text)
        if len(self._pieces) >= MOST_PIECES:
            self._count_pieces()

    def take(self, part: JsonView) -> None:
        """A delta or a message of chat, once it is normalised."""
        text = part.get("content")
        if text:
            self.add(text)
            if len(part) == 1:  # as nearly all deltas are
                return
        for name, value in part.items():
            if not value or name in SILENT:
                continue
            if name in THOUGHTS:
                self.thought = True
            elif name == "refusal":
                self.add(value)
            else:
                self.other = True

    def tokens(self, prose_times: float = 1.0) -> float | None:
        """By our own count; None for a script that has none. `prose_times`: how many more tokens than others the
        model's tokenizer makes of words."""
        self._count_pieces()
        if self.beyond > self.characters * MOST_BEYOND:
            return None
        letters = self.characters - self.marks
        return letters * TOKENS_PER_LETTER * prose_times + self.marks * TOKENS_PER_MARK

    def _count_pieces(self) -> None:
        if self._pieces:
            self._count("".join(self._pieces))
            self._pieces.clear()

    def _count(self, text: str) -> None:
        characters = len(text)
        step = min(1 + characters // SHORT, SAMPLED)
        sample = text[::step].encode("utf-8", "replace")
        self.characters += characters
        self.beyond += byte_count(text) - characters
        self.marks += step * len(sample.translate(None, NO_MARKS))
