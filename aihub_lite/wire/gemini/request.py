"""A chat request in the words of Gemini's `generateContent`.

Pure and deterministic: no clock, no random ids. It is also stable under growing conversations, because Gemini's
caches and thought signatures hang on unchanged prefixes. Precisely: let `messages[:k]` be cut anywhere but inside a run
of tool messages, and let it yield any contents at all. Then, everything else in the request being equal,
`systemInstruction`, `tools` and the like are equal; the contents of `messages[:k]` are those of `messages` up to the
last one; and the parts of that last content are a prefix of those it has in the whole.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.translated import Translation, unsaid
from aihub_lite.wire.gemini.config import generation_config, neighbours
from aihub_lite.wire.gemini.contents import Contents
from aihub_lite.wire.gemini.models import gemini_model
from aihub_lite.wire.gemini.tools import Names, tool_config_of, tools_of


def translate(request: ChatRequest, upstream_model: str, *, strict: bool = False) -> Translation:
    """The body for `path_of(upstream_model, …)`, which is where the model's name goes.

    Raises InvalidRequest for what Gemini cannot take; with `strict` also for fields that would be dropped.
    """
    body = request.body
    model = gemini_model(upstream_model)
    names = Names()
    tools = tools_of(body, model, names)
    contents = Contents(model, names)
    for position, message in enumerate(body["messages"]):
        contents.add(message, f"messages[{position}]")
    translation = Translation({"contents": contents.end()}, tools.dropped)
    if contents.system:
        translation.body["systemInstruction"] = {"parts": contents.system}
    if tools.entries:
        translation.body["tools"] = tools.entries
    if tool_config := tool_config_of(body, tools, model, names):
        translation.body["toolConfig"] = tool_config
    config = generation_config(request, model, functions=tools.functions)
    translation.add(neighbours(body))
    if config.body:
        translation.body["generationConfig"] = config.body
    translation.drop(*config.dropped, *unsaid(body))
    check_strict(translation.dropped, strict=strict)
    translation.tool_names = names.changed()
    return translation


def check_strict(dropped: Collection[str], *, strict: bool) -> None:
    """Raises InvalidRequest, when `strict`, for fields that would be dropped."""
    if strict and dropped:
        raise InvalidRequest(f"This model does not take {', '.join(map(repr, sorted(dropped)))}.")


def path_of(upstream_model: str, *, stream: bool) -> str:
    """The path below the base URL. Without `alt=sse` a stream would be one JSON array."""
    name = quote(upstream_model.removeprefix("models/"), safe="")
    if stream:
        return f"/v1beta/models/{name}:streamGenerateContent?alt=sse"
    return f"/v1beta/models/{name}:generateContent"
