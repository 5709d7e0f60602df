"""A chat request in the words of Gemini's `generateContent`.

Pure and deterministic: no clock, no random ids. It is also stable under growing conversations, because Gemini's
caches and thought signatures hang on unchanged prefixes. Precisely: let `messages[:k]` be cut anywhere but inside a run
of tool messages, and let it yield any contents at all. Then, everything else in the request being equal,
`systemInstruction`, `tools` and the like are equal; the contents of `messages[:k]` are those of `messages` up to the
last one; and the parts of that last content are a prefix of those it has in the whole.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.gemini_config import Settings, safety_settings
from aihub_lite.wire.gemini_contents import Contents
from aihub_lite.wire.gemini_models import gemini_model
from aihub_lite.wire.gemini_tools import Names, tool_config_of, tools_of
from aihub_lite.wire.translated import Translated


def translate(
    request: ChatRequest, upstream_model: str, *, strict: bool = False, safety: str | None = None
) -> Translated:
    """The body for `path_of(upstream_model, …)`, which is where the model's name goes.

    `safety` is the threshold for every category of harm (`OFF`, …), None for Gemini's own. Raises InvalidRequest for
    what Gemini cannot take; with `strict` also for fields that would be dropped.
    """
    body, model, names = request.body, gemini_model(upstream_model), Names()
    tools = tools_of(body, model, names)
    contents = Contents(model, names)
    for position, message in enumerate(body["messages"]):
        contents.add(message, f"messages[{position}]")
    found: dict[str, Any] = {"contents": contents.end()}
    if contents.system:
        found["systemInstruction"] = {"parts": contents.system}
    if tools.entries:
        found["tools"] = tools.entries
    if config := tool_config_of(body, tools, model, names):
        found["toolConfig"] = config
    settings = Settings(request, model, tools.functions)
    settings.read()
    if safety is not None:
        found["safetySettings"] = safety_settings(safety)
    found |= settings.neighbours()
    if settings.config:
        found["generationConfig"] = settings.config
    dropped = tuple(sorted({*settings.dropped, *tools.dropped}))
    if strict and dropped:
        raise InvalidRequest(f"This model does not take {', '.join(map(repr, dropped))}.")
    return Translated(found, dropped, names.changed())


def path_of(upstream_model: str, *, stream: bool) -> str:
    """The path below the base URL. Without `alt=sse` a stream would be one JSON array."""
    name = quote(upstream_model.removeprefix("models/"), safe="")
    return f"/v1beta/models/{name}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
