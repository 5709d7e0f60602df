"""Chat messages as Anthropic's: system text on top, turns in between, results of tools first in theirs.

What comes of the first k messages does not depend on the later ones, up to the last message of the assistant among
them: caches and thinking blocks are bound to those bytes. Precisely, for the messages made of `messages[:k]`:

* if `messages[k]` is one of the assistant with something to say, they are a prefix of those made of all;
* otherwise that holds for all but the turn that is still open, which is everything after its last message of the
  assistant: a user's next message joins it, results of tools go before its text, and a system message stays one only
  while no user's message follows it; and a last message of the assistant grows by what the next one of the assistant
  says.

Ids and names that must be changed depend on earlier messages only.
"""

from __future__ import annotations

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import Block, Message, keep_mark
from aihub_lite.wire.anthropic.models import ClaudeModel
from aihub_lite.wire.anthropic.thinking import THINKING, thinking_blocks, with_thinking
from aihub_lite.wire.anthropic.upstream.content import SYSTEM_NATIVE, assistant_blocks, blocks_of
from aihub_lite.wire.anthropic.upstream.tools import Calls, Names, legacy_tool_use, tool_use
from aihub_lite.wire.json_types import JsonView

SYSTEM = frozenset({"system", "developer"})
PLACEHOLDER = "."
"""Stands where the wire wants text and the client gave none."""


@attrs.define
class _Turn:
    """What the user's side says between two messages of the assistant."""

    results: list[Block] = attrs.field(factory=list)
    parts: list[Block] = attrs.field(factory=list)
    notes: list[Block] = attrs.field(factory=list)
    """Of the system, after the last part."""
    blank: bool = False
    """Whether the user said something that was empty."""


@attrs.define
class Conversation:
    """Takes chat messages one by one; `system` and `messages` are what was made of them."""

    model: ClaudeModel
    names: Names
    system: list[Block] = attrs.field(factory=list)
    messages: list[Message] = attrs.field(factory=list)
    _calls: Calls = attrs.field(factory=Calls)
    _turn: _Turn = attrs.field(factory=_Turn)
    _begun: bool = False

    def add(self, message: JsonView, at: str) -> None:
        """Raises InvalidRequest, naming `at`, for what the wire cannot say."""
        role = message["role"]
        if role == "user":
            self._user(message, at)
        elif role == "assistant":
            self._assistant(message, at)
        elif role == "tool":
            self._result(self._calls.answer(message.get("tool_call_id")), message, at)
        elif role in SYSTEM:
            self._system(message, at)
            return
        elif role == "function":
            self._result(self._calls.answer_function(message.get("name")), message, at)
        else:
            raise InvalidRequest(f"'{at}.role' is none that this model knows: {role[:40]!r}.")
        self._begun = True

    def end(self) -> None:
        """Ends the last turn; a conversation without any gets one, since the wire wants it."""
        self._close_turn()
        if not self.messages:
            self._append("user", [_text(PLACEHOLDER)])

    def _system(self, message: JsonView, at: str) -> None:
        blocks = _with_mark(blocks_of(message.get("content"), f"{at}.content"), message)
        if any(block["type"] != "text" and block["type"] not in SYSTEM_NATIVE for block in blocks):
            raise InvalidRequest(f"'{at}.content' may only hold text.")
        if self._begun:
            self._turn.notes += blocks
        else:
            self.system += blocks

    def _user(self, message: JsonView, at: str) -> None:
        blocks = _with_mark(blocks_of(message.get("content"), f"{at}.content"), message)
        turn = self._turn
        if not blocks:
            turn.blank = True
            return
        if turn.notes:
            # Between two texts of the user's there is no place for a system message.
            turn.parts += map(_as_user, turn.notes)
            turn.notes = []
        turn.parts += blocks

    def _result(self, call_id: str, message: JsonView, at: str) -> None:
        block: Block = {"type": "tool_result", "tool_use_id": call_id}
        content = blocks_of(message.get("content"), f"{at}.content")
        failed = message.get("is_error")
        if content or failed is True:
            block["content"] = content or [_text(PLACEHOLDER)]
        if isinstance(failed, bool):
            block["is_error"] = failed
        keep_mark(block, message)
        self._turn.results.append(block)

    def _assistant(self, message: JsonView, at: str) -> None:
        blocks = self._assistant_blocks(message, at)
        if not blocks:
            return
        self._close_turn()
        if not self.messages:
            self._append("user", [_text(PLACEHOLDER)])
        self._append("assistant", blocks)

    def _assistant_blocks(self, message: JsonView, at: str) -> list[Block]:
        blocks = assistant_blocks(message.get("content"), f"{at}.content")
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal.strip():
            blocks.append(_text(refusal))
        calls = self._tool_uses(message, at)
        if self.model.prefill and not calls and blocks and blocks[-1]["type"] == "text":
            # The last message may be one to continue, which must not end with white space. All are treated so.
            blocks[-1] = {**blocks[-1], "text": blocks[-1]["text"].rstrip()}
        blocks = _with_mark(blocks, message)
        # Nothing but thinking is a 400, and says nothing to a model either.
        if all(block["type"] in THINKING for block in blocks + calls):
            return []
        return with_thinking(blocks + calls, thinking_blocks(message))

    def _tool_uses(self, message: JsonView, at: str) -> list[Block]:
        calls = message.get("tool_calls")
        if calls is not None and not isinstance(calls, list):
            raise InvalidRequest(f"'{at}.tool_calls' must be a list.")
        blocks = [
            tool_use(call, self.names, self._calls, f"{at}.tool_calls[{position}]")
            for position, call in enumerate(calls or ())
        ]
        legacy = message.get("function_call")
        if legacy is not None:
            blocks.append(legacy_tool_use(legacy, self.names, self._calls, f"{at}.function_call"))
        return blocks

    def _close_turn(self) -> None:
        turn = self._turn
        self._turn = _Turn()
        blocks = turn.results + turn.parts
        # A system message may only follow one of the user, and only newer models take it at all.
        keep_notes = self.model.mid_system and bool(blocks)
        if not keep_notes:
            blocks += map(_as_user, turn.notes)
        kinds = {block["type"] for block in blocks}
        if (not blocks and turn.blank) or ("document" in kinds and "text" not in kinds):
            blocks.append(_text(PLACEHOLDER))
        if blocks:
            self._append("user", blocks)
        if keep_notes and turn.notes:
            self._append("system", turn.notes)

    def _append(self, role: str, blocks: list[Block]) -> None:
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += blocks
        else:
            self.messages.append({"role": role, "content": blocks})


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _as_user(note: Block) -> Block:
    """A system's words inside a user's message, set apart."""
    if note["type"] != "text":
        raise InvalidRequest("This model only takes changes of tools right after a user's message.")
    return {**note, "text": f"<system>\n{note['text']}\n</system>"}


def _with_mark(blocks: list[Block], message: JsonView) -> list[Block]:
    """The same list, with a cache mark of the whole message at its last block."""
    if blocks and "cache_control" in message:
        blocks[-1] = {**blocks[-1]}
        keep_mark(blocks[-1], message)
    return blocks
