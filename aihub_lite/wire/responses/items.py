"""The input of a Responses request as chat messages.

Items of the assistant become one message: its text, then its calls, with the reasoning that came before. Results go
directly behind the message whose calls they answer, wherever the client put them; chat upstreams refuse anything
between the two (openai/codex#7051). What comes of the first items does not depend on the later ones, but for such a
result, and for the last message of the assistant, which grows until something else follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.reasoning import merged
from aihub_lite.wire.chat.shapes import ContentPart, Function
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at
from aihub_lite.wire.responses.calls import arguments_of
from aihub_lite.wire.responses.content import MEDIA, PARAGRAPHS, TEXTS, joined, parts_of, text_of
from aihub_lite.wire.responses.kept import REFERENCE, STATELESS, ItemNotFound, Reference, is_reference
from aihub_lite.wire.responses.reasoning import SignedParts, unseal, unseal_summary
from aihub_lite.wire.responses.tools import flat_name

INSTRUCTING = frozenset({"system", "developer"})
NO_OUTPUT = "(no output)"
"""Some upstreams refuse an empty result."""
BEFORE = "What came before was summed up as follows.\n\n"
"""Begins a summary, as the user says it."""


@attrs.define
class _Entry:
    """One message, and what stays with it."""

    message: JsonObject
    results: list[JsonObject] = attrs.field(factory=list)
    """Messages of tools that answer the calls of this one."""
    media: list[ContentPart] = attrs.field(factory=list)
    """Images and files of the results, which chat takes from the user only."""

    def messages(self) -> list[JsonObject]:
        messages = [self.message, *self.results]
        if self.media:
            messages.append({"role": "user", "content": self.media})
        return messages


@attrs.define
class Conversation:
    """Makes chat messages of items, which are added one by one."""

    tools: list[tuple[str, object]] = attrs.field(factory=list)
    """What stood among the items as lists of tools, each with where it stood."""
    compacts: bool = False
    """Whether all of it is to be summed up."""
    native_only: str = ""
    """Why no chat upstream can have it; empty where any can."""
    _entries: list[_Entry] = attrs.field(factory=list)
    _calls: dict[str, _Entry] = attrs.field(factory=dict)
    """The message with the last call of an id."""
    _current: _Entry | None = None
    """The assistant's message that may still grow."""
    _texts: list[str] = attrs.field(factory=list)
    """Reasoning that waits for what it led to."""
    _signed: SignedParts = attrs.field(factory=SignedParts)
    """What waits likewise of what upstreams signed."""

    def instruct(self, instructions: str) -> None:
        """Begin with a system message."""
        if instructions:
            self._entries.append(_Entry({"role": "system", "content": instructions}))

    def add(self, item: object, where: str) -> None:
        """Take the next item; raises InvalidRequest that names `where`. A kind that is not known is passed over."""
        if isinstance(item, str):
            item = {"role": "user", "content": item}
        if not isinstance(item, dict):
            raise InvalidRequest(f"'{where}' must be an object.")
        kind = item.get("type")
        if kind is None:
            kind = REFERENCE if is_reference(item) else "message"
        if not isinstance(kind, str):
            raise InvalidRequest(f"'{where}.type' must be a string.")
        if kind in ITEMS:
            ITEMS[kind](self, item, where)

    def messages(self) -> list[JsonObject]:
        """The chat messages of all items; ends the message that may still grow."""
        self._close()
        return [message for entry in self._entries for message in entry.messages()]

    def _message(self, item: JsonView, where: str) -> None:
        role = item.get("role")
        if not isinstance(role, str) or not role:
            raise InvalidRequest(f"'{where}.role' must be a non-empty string.")
        if role == "assistant":
            self._say(text_of(item.get("content"), f"{where}.content", self._keep_native))
            return
        if role == "user":
            content = joined(parts_of(item.get("content"), f"{where}.content", self._keep_native))
        elif role in INSTRUCTING:
            content = text_of(item.get("content"), f"{where}.content", self._keep_native, PARAGRAPHS)
        else:
            raise InvalidRequest(f"'{where}.role' must be user, assistant, system or developer.")
        self._close()
        self._entries.append(_Entry({"role": role, "content": content}))

    def _say(self, text: str) -> None:
        """A text of the assistant's: of the message under way if its calls are still open, or it said nothing yet."""
        if not text:
            return
        message = self._grow(new=self._current is not None and self._finished(self._current.message)).message
        message["content"] = (message["content"] or "") + text

    def _finished(self, message: JsonView) -> bool:
        return message["content"] is not None and "tool_calls" not in message

    def _call(self, item: JsonView, where: str) -> None:
        arguments = arguments_of(item)
        if arguments is None:
            raise InvalidRequest(f"'{where}' must hold what its tool was called with.")
        call_id = item.get("call_id") or item.get("id")
        if not isinstance(call_id, str):
            raise InvalidRequest(f"'{where}.call_id' must be a non-empty string.")
        function: Function = {"name": _function_name(item, where), "arguments": arguments}
        entry = self._grow()
        calls = entry.message.setdefault("tool_calls", [])
        calls.append({"id": call_id, "type": "function", "function": function})
        self._calls[call_id] = entry

    def _output(self, item: JsonView, where: str) -> None:
        call_id = item.get("call_id") or item.get("id")
        self._close()
        parts = parts_of(_output(item), f"{where}.output", self._keep_native)
        text = PARAGRAPHS.join(part["text"] for part in parts if part["type"] == "text")
        media = [part for part in parts if part["type"] != "text"]
        entry = self._calls.get(call_id) if isinstance(call_id, str) else None
        if entry is None:  # the client has left the call out, and a tool's message without one is a 400
            self._entries.append(_Entry({"role": "user", "content": joined(parts) or NO_OUTPUT}))
            return
        entry.results.append({"role": "tool", "tool_call_id": call_id, "content": text or NO_OUTPUT})
        entry.media += media

    def _drawn(self, item: JsonView, where: str) -> None:
        """An image that the model made, as chat has those of its own."""
        data = text_at(item, "result")
        if data:
            form = text_at(item, "output_format") or "png"
            image = {
                "type": "image_url",
                "image_url": {"url": f"data:image/{form};base64,{data}"},
                "id": item.get("id"),
            }
            self._grow().message.setdefault("images", []).append(image)

    def _reasoning(self, item: JsonView, where: str) -> None:
        text = text_of(item.get("content"), f"{where}.content", self._keep_native)
        if not text:
            text = text_of(item.get("summary"), f"{where}.summary", self._keep_native, PARAGRAPHS)
        if text:
            self._texts.append(text)
        self._signed.add(unseal(item.get("encrypted_content")))

    def _summary(self, item: JsonView, where: str) -> None:
        """What stands for a conversation that was summed up; without it the rest would be another one."""
        summary = unseal_summary(item.get("encrypted_content"))
        if not summary:
            self._keep_native(f"'{where}' is a summary that only the provider that wrote it can read.")
            return
        self._close()
        self._entries.append(_Entry({"role": "user", "content": BEFORE + summary}))

    def _compact(self, item: JsonView, where: str) -> None:
        """Asks for a summary instead of an answer."""
        self.compacts = True

    def _agent(self, item: JsonView, where: str) -> None:
        """What another agent said."""
        content = joined(parts_of(item.get("content"), f"{where}.content", self._keep_native))
        self._close()
        if content:
            self._entries.append(_Entry({"role": "user", "content": content}))

    def _tools(self, item: JsonView, where: str) -> None:
        """Tools that were added in the middle of the conversation."""
        if item.get("tools") is not None:
            self.tools.append((f"{where}.tools", item["tools"]))

    def _reference(self, item: JsonView, where: str) -> None:
        """An item by its id alone, which nobody has put in its place."""
        reference = Reference(str(item.get("id")), where)
        if not reference.dispensable:
            raise ItemNotFound(where, reference.id, STATELESS)

    def _keep_native(self, reason: str) -> None:
        """Keep the request from chat upstreams; the client is told the first reason."""
        self.native_only = self.native_only or reason

    def _grow(self, *, new: bool = False) -> _Entry:
        """The assistant's message under way, with the reasoning that led there; with `new`, always another one."""
        if self._current is not None and new:
            self._entries.append(self._current)
        if self._current is None or new:
            self._current = _Entry({"role": "assistant", "content": None})
        self._reason(self._current.message)
        return self._current

    def _close(self) -> None:
        """End the assistant's message under way, and forget reasoning that nothing came of."""
        if self._current is not None:
            self._reason(self._current.message)
            self._entries.append(self._current)
        self._current = None
        self._texts = []
        self._signed = SignedParts()

    def _reason(self, message: JsonObject) -> None:
        """Give a message the reasoning that waits, and its calls and images what was signed of them."""
        if self._texts:
            texts = self._texts
            if "reasoning_content" in message:
                texts = [message["reasoning_content"], *texts]
            message["reasoning_content"] = PARAGRAPHS.join(texts)
        _sign(message, self._signed)
        self._texts = []
        # Signatures of calls may come before their calls.
        self._signed = SignedParts(calls=self._signed.calls)
        for part in (*message.get("tool_calls", ()), *message.get("images", ())):
            if (extra := self._signed.calls.pop(part["id"], None)) is not None:
                part["extra_content"] = extra


def _sign(message: JsonObject, signed: SignedParts) -> None:
    if signed.details:
        message["reasoning_details"] = message.get("reasoning_details", []) + signed.details
    if signed.extra:
        message["extra_content"] = merged(message.get("extra_content", {}), signed.extra)


def _function_name(item: JsonView, where: str) -> str:
    """The name of the chat function that stands for the tool that was called."""
    kind = text_at(item, "type")
    name = kind.removesuffix("_call")
    if kind in ("function_call", "custom_tool_call"):
        name = text_at(item, "name")
        if not name:
            raise InvalidRequest(f"'{where}.name' must be a non-empty string.")
    return flat_name(name, text_at(item, "namespace"))


def _output(item: JsonView) -> object:
    """A string, parts, what shell commands wrote, or nothing but a status; any other JSON as text."""
    output = item.get("output")
    if item.get("type") == "shell_call_output" and isinstance(output, list):
        return "".join(_shell_output(command) for command in dicts_in(output))
    if isinstance(output, dict) and isinstance(content := output.get("content"), str | list):
        output = content  # as Codex kept them once: its text, and whether it went well
    if output is None and isinstance(status := item.get("status"), str):
        return status
    if output is None or isinstance(output, str) or _is_content(output):
        return output
    return encode(output).decode()


def _is_content(output: object) -> bool:
    """Whether an output is a list of parts, rather than of objects of the client's own."""
    if not isinstance(output, list):
        return False
    kinds = list(map(_kind_of, output))
    return "" not in kinds and (not kinds or any(kind in TEXTS or kind in MEDIA for kind in kinds))


def _kind_of(part: object) -> str:
    """The type of what may be a part; empty where it has none."""
    if isinstance(part, str):
        return "text"
    if isinstance(part, dict):
        return text_at(part, "type")
    return ""


def _shell_output(output: JsonView) -> str:
    """What one command wrote, and how it ended."""
    text = text_at(output, "stdout") + text_at(output, "stderr")
    outcome = output.get("outcome")
    if not isinstance(outcome, dict):
        return text
    code = outcome.get("exit_code")
    if type(code) is int:
        return f"{text}(exit code {code})\n"
    return f"{text}(timed out)\n"


ITEMS: Mapping[str, Callable[[Conversation, JsonView, str], None]] = {
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
    "image_generation_call": Conversation._drawn,
    "compaction": Conversation._summary,
    "compaction_summary": Conversation._summary,
    "compaction_trigger": Conversation._compact,
    "agent_message": Conversation._agent,
    "additional_tools": Conversation._tools,
    "tool_search_output": Conversation._tools,
    REFERENCE: Conversation._reference,
}
"""What says something in chat; the rest is of tools that only OpenAI runs, or of what only it can read."""
