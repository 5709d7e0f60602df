"""A Responses request: read once, and translated to a chat request, which every upstream can be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.hub import ViaChatRequest
from aihub_lite.wire.chat.request import ChatRequest, chat_request
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.fields import flag, model_in, object_field, parse_json, whole, wrong
from aihub_lite.wire.hosted import hosted_at_most
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, texts_in
from aihub_lite.wire.responses.items import Conversation
from aihub_lite.wire.responses.kept import PREVIOUS, STATELESS, PreviousResponseNotFound
from aihub_lite.wire.responses.reasoning import is_ours
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.responses.tools import Tools, choice_of, kinds_of

ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
"""What `include` may ask for and an answer made of chat can hold."""
SAME = (
    *("parallel_tool_calls", "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"),
    *("service_tier", "temperature", "top_p", "user"),
)
"""Fields of the same name and meaning in chat."""
READ = frozenset(
    {"model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "max_output_tokens", "include"}
    | {"stream", "top_logprobs", PREVIOUS, "conversation", "background", "prompt", *SAME}
)
"""Fields that something is made of below."""
SILENT = frozenset(
    {"store", "stream_options", "truncation", "client_metadata", "max_tool_calls", "prompt_cache_options"}
    | {"background_options", "context_management"}
)
"""Fields that can be left out without a word: what they ask for is not there, or is none of a model's business."""
FOREIGN = frozenset({"access_programs", "image", "moderation"})
"""Fields of Responses alone that are left out and named; any other unknown one may be an upstream's own."""
PLAIN_ITEMS = frozenset({"message", "function_call", "function_call_output", "reasoning"})
"""Items that every upstream with this API takes."""
NAMESPACE = "namespace"
SUMMARISE = (
    "Sum up this conversation for whoever goes on with it, and will see nothing of it but the user's messages and what "
    "you write now: what was asked for, decided and found out; what was done, with the files, commands and results "
    "that matter; what is left to do, and what comes next. Write the summary alone: call no tool, and address nobody."
)
"""The last thing that an upstream without summaries of its own is told."""
SCHEMA_FIELDS = ("name", "description", "schema", "strict")


@attrs.frozen(eq=False)
class ResponsesRequest(ViaChatRequest):
    """What the gateway reads of a Responses request; `content` is all of it, and is never changed."""

    content: JsonObject = attrs.field(repr=False)
    chat: ChatRequest = attrs.field(repr=False)
    """The same, for every upstream that has no such API."""
    tools: Tools = attrs.field(repr=False)
    state: ResponseState = attrs.field(repr=False)
    keeps_encrypted: bool
    """Whether the client keeps encrypted reasoning and sends it back."""
    logprobs: bool
    dropped: tuple[str, ...]
    """The client's fields and tools that chat has no word for."""
    native_only: str
    """Why only an upstream that speaks Responses itself can be asked this; empty where any can."""
    compacts: bool
    """Whether a summary of the conversation is asked for, in a `compaction` item, instead of an answer."""
    kinds: frozenset[str]
    """Tools and items beyond the plain ones, which not every upstream with this API takes."""

    @property
    def keeps_signed(self) -> bool:
        """Whether what an upstream signs comes back with a later request."""
        return self.keeps_encrypted or self.state.keep is not None

    @property
    def posted(self) -> JsonView:
        """The body as its client posted it."""
        return self.content

    def hosted_at_most(self) -> Hosted | None:
        """What its provider may run for it itself, which chat may have no word for."""
        return hosted_at_most(self.content)

    def texts(self) -> Iterator[str]:
        """Every text in it, but for names; also those that chat is not told."""
        return texts_in(self.content)

    def check_translatable(self) -> None:
        """Raises InvalidRequest where chat has no words for something that cannot be left out."""
        if self.native_only:
            raise InvalidRequest(self.native_only)


def parse_responses(data: bytes | bytearray, state: ResponseState) -> ResponsesRequest:
    """Raises InvalidRequest that names the field; what only concerns the upstream is left for it to judge."""
    return responses_request(parse_json(data), state)


def parse_compaction(data: bytes | bytearray, state: ResponseState) -> ResponsesRequest:
    """The same of a body that was posted to have its conversation summed up."""
    return compaction_request(parse_json(data), state)


def compaction_request(body: JsonObject, state: ResponseState) -> ResponsesRequest:
    """The same for a body that is decoded already; it is taken over, and never streamed."""
    body.pop("stream", None)
    return responses_request(body, state, compacts=True)


def responses_request(body: JsonObject, state: ResponseState, *, compacts: bool = False) -> ResponsesRequest:
    """The same for a body that is decoded already; it is taken over. `compacts`: its conversation is to be summed up,
    also where no item says so."""
    state.model = model_in(body)
    _check_stateless(body)
    include = _strings(body, "include")
    translation = Translation({"model": state.model, "stream": flag(body, "stream")})
    tools = Tools()
    if body.get("tools") is not None:
        tools.add(body["tools"], "tools")
    conversation = _conversation(body)
    translation.body["messages"] = _messages(conversation, tools)
    translation.add(_tools(body, tools))
    translation.add(_answer_form(body))
    translation.add(_same_fields(body, with_tools=bool(tools.chat)))
    translation.add(_logprobs(body, include))
    translation.add(_other_fields(body, translation.body))
    compacts = compacts or conversation.compacts
    if compacts:
        state.keep = None  # its client forgets the rest, and sends the summary back itself
        _ask_for_summary(translation.body)
    state.request = body
    return ResponsesRequest(
        body,
        chat_request(translation.body),
        tools,
        state,
        keeps_encrypted=ENCRYPTED in include,
        logprobs=LOGPROBS in include or bool(body.get("top_logprobs")),
        dropped=(*_dropped_tools(tools), *translation.dropped),
        native_only=conversation.native_only,
        compacts=compacts,
        kinds=_kinds(body),
    )


def _ask_for_summary(chat: JsonObject) -> None:
    """In place: the tools stay, for what is cached of the conversation, and for the calls in it."""
    chat["messages"].append({"role": "user", "content": SUMMARISE})
    chat.pop("response_format", None)
    if "tools" in chat:
        chat["tool_choice"] = "none"


def _check_stateless(body: JsonView) -> None:
    """What it points at stands in it by now, or is not kept; and no answer can be asked for later."""
    if (previous := body.get(PREVIOUS)) is not None:
        raise PreviousResponseNotFound(str(previous), STATELESS)
    for name in ("conversation", "prompt"):
        if body.get(name) is not None:
            raise InvalidRequest(f"'{name}' cannot be used: none is stored here. Send the items themselves.")
    if flag(body, "background"):
        raise InvalidRequest("'background' must be false: no answer can be fetched here later.")


def _conversation(body: JsonView) -> Conversation:
    instructions = body.get("instructions")
    items = body.get("input")
    if not isinstance(items, str | list) or (not items and not instructions):
        raise InvalidRequest(wrong(body, "input", "a text or a list of items"))
    conversation = Conversation()
    if isinstance(instructions, str):
        conversation.instruct(instructions)
    elif isinstance(instructions, list):
        _add_items(conversation, instructions, "instructions")
    elif instructions is not None:
        raise InvalidRequest("'instructions' must be a string.")
    if isinstance(items, str):
        items = [items]
    _add_items(conversation, items, "input")
    return conversation


def _add_items(conversation: Conversation, items: list[object], where: str) -> None:
    for position, item in enumerate(items):
        conversation.add(item, f"{where}[{position}]")


def _messages(conversation: Conversation, tools: Tools) -> list[JsonObject]:
    """The chat messages; tools that stood among the items join those of the request."""
    messages = conversation.messages()
    if not messages:
        raise InvalidRequest("'input' must hold a message.")
    for where, more in conversation.tools:
        tools.add(more, where)
    return messages


def _tools(body: JsonView, tools: Tools) -> Translation:
    step = Translation()
    if tools.chat:
        step.body["tools"] = tools.chat
    if (choice := choice_of(body.get("tool_choice"), tools)) is not None:
        step.body["tool_choice"] = choice
    return step


def _dropped_tools(tools: Tools) -> list[str]:
    """Kinds of tools as they are named to the client, in a header, which not every text may stand in."""
    return [f"tools.{kind}" if kind.isidentifier() and kind.isascii() else "tools" for kind in tools.dropped]


def _answer_form(body: JsonView) -> Translation:
    """The form of the answer, how long it may be, and how much is thought about it."""
    step = Translation()
    text = object_field(body, "text")
    reasoning = object_field(body, "reasoning")
    if (form := text.get("format")) is not None:
        step.add(_format(form))
    if (verbosity := text.get("verbosity")) is not None:
        step.body["verbosity"] = _string(verbosity, "text.verbosity")
    if (effort := reasoning.get("effort")) is not None:
        step.body["reasoning_effort"] = _string(effort, "reasoning.effort")
    if reasoning.get("context") is not None:
        step.drop("reasoning.context")
    if (most := whole(body, "max_output_tokens")) is not None:
        step.body["max_tokens"] = most
    return step


def _format(form: object) -> Translation:
    kind = form.get("type") if isinstance(form, dict) else None
    if not isinstance(form, dict) or kind not in ("text", "json_object", "json_schema"):
        raise InvalidRequest("'text.format' must be text, json_object, or json_schema with a schema.")
    if kind == "text":
        return Translation()
    if kind == "json_object":
        return Translation({"response_format": {"type": kind}})
    if not isinstance(form.get("schema"), dict):
        raise InvalidRequest("'text.format.schema' must be a JSON Schema.")
    # Chat requires a name.
    schema = {"name": "answer"} | {name: form[name] for name in SCHEMA_FIELDS if form.get(name) is not None}
    return Translation({"response_format": {"type": kind, "json_schema": schema}})


def _same_fields(body: JsonView, *, with_tools: bool) -> Translation:
    flag(body, "parallel_tool_calls")
    step = Translation({name: body[name] for name in SAME if body.get(name) is not None})
    if not with_tools:  # beside no tools it is a 400 at OpenAI
        step.body.pop("parallel_tool_calls", None)
    return step


def _logprobs(body: JsonView, include: Collection[str]) -> Translation:
    step = Translation()
    top = body.get("top_logprobs")
    if top is not None and (isinstance(top, bool) or not isinstance(top, int) or top < 0):
        raise InvalidRequest("'top_logprobs' must be a whole number.")
    if top or LOGPROBS in include:
        step.body["logprobs"] = True
    if top:
        step.body["top_logprobs"] = top
    return step


def _other_fields(body: JsonView, chat: JsonView) -> Translation:
    """Fields that nothing was made of: an upstream's own are passed on, unless `chat` has one of that name."""
    step = Translation()
    for name, value in body.items():
        if name in FOREIGN:
            if value is not None:
                step.drop(name)
        elif name not in READ and name not in SILENT and name not in chat:
            step.body[name] = value
    return step


def _kinds(body: JsonView) -> frozenset[str]:
    """Tools and items that are more than the API's core, to ask whether an upstream takes them."""
    kinds = set(kinds_of(body.get("tools")))
    for item in dicts_in(body.get("input")):
        kind = item.get("type")
        if isinstance(kind, str) and kind not in PLAIN_ITEMS and not is_ours(item.get("encrypted_content")):
            kinds.add(kind)
        if item.get(NAMESPACE):
            kinds.add(NAMESPACE)
    return frozenset(kinds - {"", "function"})


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"'{name}' must be a string.")
    return value


def _strings(body: JsonView, name: str) -> list[str]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidRequest(f"'{name}' must be a list of strings.")
    return value
