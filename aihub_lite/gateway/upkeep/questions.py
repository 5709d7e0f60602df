"""What a model is asked to see whether it works: as little as it can answer, by what its name says that it is for."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable
from functools import partial

import attrs
import msgspec

from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext
from aihub_lite.gateway.adapters.passthrough import PASSED, Posted
from aihub_lite.gateway.adapters.recall import ResponsesBody
from aihub_lite.gateway.adapters.responses import RESPONSES
from aihub_lite.gateway.adapters.upstreams import can_chat, chat_adapter
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.wire.chat.request import parse_chat
from aihub_lite.wire.multipart import Form, Part
from aihub_lite.wire.responses.state import ResponseState

CHAT = msgspec.json.encode({"model": "-", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1})
"""At most one token of completion."""


RESPONSE = msgspec.json.encode({"model": "-", "input": "Hi", "max_output_tokens": 16, "store": False})
"""No model takes a lower limit there."""


def _json(**fields: object) -> bytes:
    return msgspec.json.encode({"model": "-", **fields})


def _recording() -> Form:
    """A tenth of a second of silence: OpenAI refuses less."""
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(16_000)
        recording.writeframes(bytes(2 * 1600))
    model = Part("model", None, "", bytearray(b"-"))
    return Form("silence", (model, Part("file", "silence.wav", "audio/wav", bytearray(file.getvalue()))))


@attrs.frozen
class Question:
    """What models of a kind are asked: which names are theirs, and what is posted to which surface."""

    names: re.Pattern[str]
    surface: str
    body: Callable[[], Posted]


def _question(names: str, surface: str, body: Callable[[], Posted]) -> Question:
    return Question(re.compile(names, re.IGNORECASE), surface, body)


QUESTIONS = (
    _question("rerank", "rerank", partial(_json, query="Hi", documents=["Hi"])),
    _question(r"embed|\bbge-|\bgte-|\be5-|\bvoyage-", "embeddings", partial(_json, input="Hi")),
    _question("moderation", "moderations", partial(_json, input="Hi")),
    _question(r"whisper|transcri|\basr\b", "transcriptions", _recording),
    _question(r"\btts\b|\btts-|-tts|orpheus|kokoro|cosyvoice", "speech", partial(_json, input="Hi", voice="alloy")),
    _question(
        r"dall-e|gpt-image|imagen|\bflux|stable-diffusion|sdxl|seedream|cogview|recraft|qwen-image|grok.*-image",
        "images",
        partial(_json, prompt="A dot", n=1),
    ),
)
"""The first whose names fit counts; what fits none is asked as chat. Names as in providers' lists, November 2026."""
SURFACES = {surface.name: surface for surface in PASSED}


def asking(lane: Lane, context: AttemptContext) -> Adapter:
    """Asks the lane's model what it can answer; as chat where the upstream has no other surface for that."""
    for question in QUESTIONS:
        if question.names.search(lane.candidate.upstream_model):
            surface = SURFACES[question.surface]
            if surface.serves(lane.candidate):
                return surface.adapter(surface.parse(question.body()), lane, context)
            break
    if not can_chat(lane.candidate):
        state = ResponseState("resp_probe", created=context.created())
        return RESPONSES.adapter(RESPONSES.parse(ResponsesBody(RESPONSE, state)), lane, context)
    return chat_adapter(parse_chat(CHAT), lane, context)
