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

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_parts import SYSTEM_NATIVE, Block, assistant_blocks, blocks_of, keep_mark
from aihub_lite.wire.anthropic_thinking import KINDS, thinking_blocks, with_thinking
from aihub_lite.wire.anthropic_tools import Calls, Names, function_use, tool_use
from aihub_lite.wire.claude_models import ClaudeModel

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
    messages: list[Block] = attrs.field(factory=list)
    _calls: Calls = attrs.field(factory=Calls)
    _turn: _Turn = attrs.field(factory=_Turn)
    _begun: bool = False

    def add(self, message: Mapping[str, Any], at: str) -> None:
        """Raises InvalidRequest, naming `at`, for what the wire cannot say."""
        role = message["role"]
        if role == "user":
            self._user(message, at)
        elif role == "assistant":
            self._assistant(message, at)
        elif role == "tool":
            self._result(self._calls.answered(message.get("tool_call_id")), message, at)
        elif role in SYSTEM:
            self._system(message, at)
            return
        elif role == "function":
            self._result(self._calls.answered_function(message.get("name")), message, at)
        else:
            raise InvalidRequest(f"'{at}.role' is none that this model knows: {role[:40]!r}.")
        self._begun = True

    def end(self) -> None:
        """Ends the last turn; a conversation without any gets one, since the wire wants it."""
        self._close()
        if not self.messages:
            self._say("user", [_text(PLACEHOLDER)])

    def _system(self, message: Mapping[str, Any], at: str) -> None:
        blocks = _marked(blocks_of(message.get("content"), f"{at}.content"), message)
        if any(block["type"] != "text" and block["type"] not in SYSTEM_NATIVE for block in blocks):
            raise InvalidRequest(f"'{at}.content' may only hold text.")
        if self._begun:
            self._turn.notes += blocks
        else:
            self.system += blocks

    def _user(self, message: Mapping[str, Any], at: str) -> None:
        blocks = _marked(blocks_of(message.get("content"), f"{at}.content"), message)
        turn = self._turn
        if not blocks:
            turn.blank = True
            return
        if turn.notes:
            turn.parts += map(_as_user, turn.notes)
            turn.notes = []
        turn.parts += blocks

    def _result(self, call_id: str, message: Mapping[str, Any], at: str) -> None:
        block: Block = {"type": "tool_result", "tool_use_id": call_id}
        content, failed = blocks_of(message.get("content"), f"{at}.content"), message.get("is_error")
        if content or failed is True:
            block["content"] = content or [_text(PLACEHOLDER)]
        if isinstance(failed, bool):
            block["is_error"] = failed
        keep_mark(block, message)
        self._turn.results.append(block)

    def _assistant(self, message: Mapping[str, Any], at: str) -> None:
        blocks = self._said(message, at)
        if not blocks:
            return
        self._close()
        if not self.messages:
            self._say("user", [_text(PLACEHOLDER)])
        self._say("assistant", blocks)

    def _said(self, message: Mapping[str, Any], at: str) -> list[Block]:
        blocks = assistant_blocks(message.get("content"), f"{at}.content")
        if isinstance(refusal := message.get("refusal"), str) and refusal.strip():
            blocks.append(_text(refusal))
        calls = self._called(message, at)
        if self.model.prefill and not calls and blocks and blocks[-1]["type"] == "text":
            # The last message may be one to continue, which must not end with white space. All are treated so.
            blocks[-1] = {**blocks[-1], "text": blocks[-1]["text"].rstrip()}
        _marked(blocks, message)
        # Nothing but thinking is a 400, and says nothing to a model either.
        if all(block["type"] in KINDS for block in blocks + calls):
            return []
        return with_thinking(blocks + calls, thinking_blocks(message))

    def _called(self, message: Mapping[str, Any], at: str) -> list[Block]:
        calls = message.get("tool_calls")
        if calls is not None and not isinstance(calls, list):
            raise InvalidRequest(f"'{at}.tool_calls' must be a list.")
        made = [
            tool_use(call, self.names, self._calls, f"{at}.tool_calls[{position}]")
            for position, call in enumerate(calls or ())
        ]
        if (legacy := message.get("function_call")) is not None:
            made.append(function_use(legacy, self.names, self._calls, f"{at}.function_call"))
        return made

    def _close(self) -> None:
        turn, self._turn = self._turn, _Turn()
        blocks = turn.results + turn.parts
        alone = not blocks
        in_place = self.model.mid_system and not alone
        if not in_place:
            # A system message may only follow one of the user, and only newer models take it at all.
            blocks += map(_as_user, turn.notes)
        kinds = {block["type"] for block in blocks}
        if (not blocks and turn.blank) or ("document" in kinds and "text" not in kinds):
            blocks.append(_text(PLACEHOLDER))
        if blocks:
            self._say("user", blocks)
        if in_place and turn.notes:
            self._say("system", turn.notes)

    def _say(self, role: str, blocks: list[Block]) -> None:
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


def _marked(blocks: list[Block], message: Mapping[str, Any]) -> list[Block]:
    """A cache mark of the whole message goes to its last block."""
    if blocks and "cache_control" in message:
        blocks[-1] = {**blocks[-1]}
        keep_mark(blocks[-1], message)
    return blocks
