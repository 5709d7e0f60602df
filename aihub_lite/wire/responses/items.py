"""The input of a Responses request as chat messages.

Items of the assistant become one message: its text, then its calls, with the reasoning that came before. Results go
directly behind the message whose calls they answer, wherever the client put them; chat upstreams refuse anything
between the two (openai/codex#7051). What comes of the first items does not depend on the later ones, but for such a
result, and for the last message of the assistant, which grows until something else follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.responses_calls import arguments_of
from aihub_lite.wire.responses_parts import PARAGRAPHS, joined, parts_of, text_of
from aihub_lite.wire.responses_reasoning import Signed, merged, unseal
from aihub_lite.wire.responses_tools import flat_name

Message = dict[str, Any]
Item = Mapping[str, Any]
INSTRUCTING = frozenset({"system", "developer"})
NO_OUTPUT = "(no output)"
"""Some upstreams refuse an empty result."""
REASONING_ID = "rs_"
STATELESS = "Nothing is stored here: send the items themselves, with 'store' set to false."


@attrs.define
class _Entry:
    """One message, and what stays with it."""

    message: Message
    results: list[Message] = attrs.field(factory=list)
    media: list[dict[str, Any]] = attrs.field(factory=list)
    """Images and files of the results, which chat takes from the user only."""

    def messages(self) -> list[Message]:
        """All of it, in order."""
        shown = [{"role": "user", "content": self.media}] if self.media else []
        return [self.message, *self.results, *shown]


@attrs.define
class Conversation:
    """Takes items one by one."""

    tools: list[tuple[str, Any]] = attrs.field(factory=list)
    """Lists of tools that stood among the items, and where."""
    unsayable: str = ""
    """Why no chat upstream can have it, if that is so."""
    _entries: list[_Entry] = attrs.field(factory=list)
    _calls: dict[str, _Entry] = attrs.field(factory=dict)
    """Who made the call of an id, last."""
    _current: _Entry | None = None
    """The assistant's message that may still grow."""
    _texts: list[str] = attrs.field(factory=list)
    """Reasoning that waits for what it led to."""
    _signed: Signed = attrs.field(factory=Signed)

    def instruct(self, instructions: str) -> None:
        """The system message at the top."""
        if instructions:
            self._entries.append(_Entry({"role": "system", "content": instructions}))

    def add(self, item: object, where: str) -> None:
        """Raises InvalidRequest that names `where`; a kind of item that is not known says nothing."""
        if isinstance(item, str):
            item = {"role": "user", "content": item}
        if not isinstance(item, dict):
            raise InvalidRequest(f"'{where}' must be an object.")
        kind = item.get("type")
        if kind is None:
            kind = "item_reference" if item.keys() == {"id"} else "message"
        if not isinstance(kind, str):
            raise InvalidRequest(f"'{where}.type' must be a string.")
        take = ITEMS.get(kind)
        if take is not None:
            take(self, item, where)

    def messages(self) -> list[Message]:
        """All of them."""
        self._close()
        return [message for entry in self._entries for message in entry.messages()]

    def _message(self, item: Item, where: str) -> None:
        role = item.get("role")
        if not isinstance(role, str) or not role:
            raise InvalidRequest(f"'{where}.role' must be a non-empty string.")
        if role == "assistant":
            self._say(text_of(item.get("content"), f"{where}.content", self._cannot))
            return
        if role == "user":
            content = joined(parts_of(item.get("content"), f"{where}.content", self._cannot))
        elif role in INSTRUCTING:
            content = text_of(item.get("content"), f"{where}.content", self._cannot, PARAGRAPHS)
        else:
            raise InvalidRequest(f"'{where}.role' must be user, assistant, system or developer.")
        self._close()
        self._entries.append(_Entry({"role": role, "content": content}))

    def _say(self, text: str) -> None:
        """A text of the assistant's: of the message under way if its calls are still open, or it said nothing yet."""
        if not text:
            return
        message = self._grow(new=self._current is not None and self._finished(self._current.message))
        message["content"] = (message["content"] or "") + text

    def _finished(self, message: Message) -> bool:
        return message["content"] is not None and "tool_calls" not in message

    def _call(self, item: Item, where: str) -> None:
        arguments = arguments_of(item)
        if arguments is None:
            raise InvalidRequest(f"'{where}' must hold what its tool was called with.")
        call_id = _call_id(item, where)
        namespace, kind = item.get("namespace"), str(item["type"])
        if kind in ("function_call", "custom_tool_call"):
            name = item.get("name")
            if not isinstance(name, str) or not name:
                raise InvalidRequest(f"'{where}.name' must be a non-empty string.")
        else:
            name = kind.removesuffix("_call")
        message = self._grow()
        function = {
            "name": flat_name(name, namespace if isinstance(namespace, str) else ""),
            "arguments": arguments,
        }
        message.setdefault("tool_calls", []).append({"id": call_id, "type": "function", "function": function})
        assert self._current is not None  # noqa: S101  it has just grown
        self._calls[call_id] = self._current

    def _output(self, item: Item, where: str) -> None:
        name = "call_id" if item.get("call_id") else "id"
        call_id = item.get(name)
        self._close()
        parts = parts_of(_output(item), f"{where}.output", self._cannot)
        text = PARAGRAPHS.join(part["text"] for part in parts if part["type"] == "text")
        media = [part for part in parts if part["type"] != "text"]
        entry = self._calls.get(call_id) if isinstance(call_id, str) else None
        if entry is None:  # of a call that the client no longer tells of
            self._entries.append(_Entry({"role": "user", "content": joined(parts) or NO_OUTPUT}))
            return
        entry.results.append({"role": "tool", "tool_call_id": call_id, "content": text or NO_OUTPUT})
        entry.media += media

    def _reasoning(self, item: Item, where: str) -> None:
        summary, content = item.get("summary"), item.get("content")
        text = text_of(content, f"{where}.content", self._cannot)
        text = text or text_of(summary, f"{where}.summary", self._cannot, PARAGRAPHS)
        if text:
            self._texts.append(text)
        self._signed.add(unseal(item.get("encrypted_content")))

    def _agent(self, item: Item, where: str) -> None:
        """What another agent said."""
        content = joined(parts_of(item.get("content"), f"{where}.content", self._cannot))
        self._close()
        if content:
            self._entries.append(_Entry({"role": "user", "content": content}))

    def _tools(self, item: Item, where: str) -> None:
        """Tools that were found or given on the way."""
        if item.get("tools") is not None:
            self.tools.append((f"{where}.tools", item["tools"]))

    def _reference(self, item: Item, where: str) -> None:
        """Reasoning that is only pointed at is done without: what was said is not."""
        if not str(item.get("id")).startswith(REASONING_ID):
            raise InvalidRequest(f"'{where}' points at an item. {STATELESS}")

    def _cannot(self, why: str) -> None:
        """Only the first reason is told."""
        self.unsayable = self.unsayable or why

    def _grow(self, *, new: bool = False) -> Message:
        """The assistant's message under way, with the reasoning that led there."""
        if self._current is None or new:
            if self._current is not None and new:
                self._entries.append(self._current)
            self._current = _Entry({"role": "assistant", "content": None})
        self._reason(self._current.message)
        return self._current.message

    def _close(self) -> None:
        if self._current is not None:
            self._reason(self._current.message)
            self._entries.append(self._current)
        self._current = None
        self._texts, self._signed = [], Signed()  # nothing came of it

    def _reason(self, message: Message) -> None:
        if self._texts:
            before = [message["reasoning_content"]] if "reasoning_content" in message else []
            message["reasoning_content"] = PARAGRAPHS.join(before + self._texts)
        _sign(message, self._signed)
        self._texts = []
        # Signatures of calls may come before their calls.
        self._signed = Signed(calls=self._signed.calls)
        for call in message.get("tool_calls", ()):
            if (extra := self._signed.calls.pop(call["id"], None)) is not None:
                call["extra_content"] = extra


def _sign(message: Message, signed: Signed) -> None:
    if signed.details:
        message["reasoning_details"] = message.get("reasoning_details", []) + signed.details
    if signed.extra:
        message["extra_content"] = merged(message.get("extra_content", {}), signed.extra)


def _call_id(item: Item, where: str) -> str:
    call_id = item.get("call_id") or item.get("id")
    if not isinstance(call_id, str):
        raise InvalidRequest(f"'{where}.call_id' must be a non-empty string.")
    return call_id


def _output(item: Item) -> object:
    """A string, parts, what shell commands wrote, or nothing but a status."""
    output = item.get("output")
    if item.get("type") == "shell_call_output" and isinstance(output, list):
        output = "".join(_streams(each) for each in output)
    elif isinstance(output, dict):  # as Codex kept them once: its text, and whether it went well
        output = output.get("content")
    if output is None and isinstance(status := item.get("status"), str):
        output = status
    return output


def _streams(output: object) -> str:
    if not isinstance(output, dict):
        return ""
    texts = [text for name in ("stdout", "stderr") if isinstance(text := output.get(name), str)]
    outcome = output.get("outcome")
    if isinstance(outcome, dict):
        code = outcome.get("exit_code")
        texts.append(f"(exit code {code})\n" if type(code) is int else "(timed out)\n")
    return "".join(texts)


Take = Callable[[Conversation, Item, str], None]
ITEMS: Mapping[str, Take] = {
    "message": Conversation._message,
    "reasoning": Conversation._reasoning,
    "function_call": Conversation._call,
    "custom_tool_call": Conversation._call,
    "local_shell_call": Conversation._call,
    "shell_call": Conversation._call,
    "apply_patch_call": Conversation._call,
    "function_call_output": Conversation._output,
    "custom_tool_call_output": Conversation._output,
    "local_shell_call_output": Conversation._output,
    "shell_call_output": Conversation._output,
    "apply_patch_call_output": Conversation._output,
    "agent_message": Conversation._agent,
    "additional_tools": Conversation._tools,
    "tool_search_output": Conversation._tools,
    "item_reference": Conversation._reference,
}
"""What says something in chat; the rest is of tools that only OpenAI runs, or of what only it can read."""
