"""Every endpoint but chat, against scripted upstreams, through a running gateway."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from tests.support.canaries import ANSWER_CANARY, PROMPT_CANARY
from tests.support.forms import content_type, field, form
from tests.support.gateway import Gateway
from tests.support.rawclient import Answer
from tests.support.upstream.answers import END_OF_BODY, body_answer, chunked, head, json_answer
from tests.support.upstream.steps import Send, Step

TOKENS = {"prompt_tokens": 10, "total_tokens": 10}
WRITTEN = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
PICTURED = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "input_tokens_details": {"text_tokens": 10}}
AUDIO = b"ID3" + bytes(range(256)) * 8
"""What speech upstreams answer."""
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + b"\x40\x1f\x00\x00" * 2 + b"\x01\x00\x08\x00"
"""The head of a WAV file of 8000 bytes a second."""


@attrs.frozen
class Endpoint:
    """One endpoint, a request to it, and what an upstream answers."""

    name: str
    """As records have it."""
    path: str
    fields: dict[str, Any]
    answer: list[Step]
    answered: bytes
    """Something that the client then sees."""
    file: bytes | None = None
    """With a file it is a form."""

    def body(self, model: str, **more: Any) -> bytes:
        """The body of a request for `model`, in JSON or as a form."""
        fields = {"model": model, **self.fields, **more}
        if self.file is None:
            return msgspec.json.encode(fields)
        return form(*[field(name, str(value)) for name, value in fields.items()], self.file)

    def ask(self, gateway: Gateway, model: str, key: str | None = None, **more: Any) -> Answer:
        """Send it and wait for the answer."""
        kind = content_type() if self.file is not None else "application/json"
        return gateway.post(self.body(model, **more), self.path, key, **{"content-type": kind})


EMBEDDING = {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}
CHOICE = {"index": 0, "text": f"hello {ANSWER_CANARY}", "finish_reason": "stop", "logprobs": None}
ENVELOPE = {"id": "cmpl-upstream", "created": 1_700_000_000, "model": "upstream-model"}
FIM_CHOICE = {"index": 0, "message": {"role": "assistant", "content": "b + c"}, "finish_reason": "stop"}
VERDICT = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.01}}
RANK = {"index": 0, "relevance_score": 0.9}
PROMPT = f"Say {PROMPT_CANARY}"

EMBEDDINGS = Endpoint(
    "embeddings",
    "/v1/embeddings",
    {"input": PROMPT},
    json_answer(200, {"object": "list", "data": [EMBEDDING], "model": "upstream-model", "usage": TOKENS}),
    b"[0.5,-1.0]",
)
COMPLETIONS = Endpoint(
    "completions",
    "/v1/completions",
    {"prompt": PROMPT, "max_tokens": 20},
    json_answer(200, {**ENVELOPE, "object": "text_completion", "choices": [CHOICE], "usage": WRITTEN}),
    ANSWER_CANARY.encode(),
)
FIM = Endpoint(
    "fim",
    "/v1/fim/completions",
    {"prompt": PROMPT, "suffix": "return a", "max_tokens": 20},
    json_answer(200, {**ENVELOPE, "object": "chat.completion", "choices": [FIM_CHOICE], "usage": WRITTEN}),
    b"b + c",
)
IMAGES = Endpoint(
    "images",
    "/v1/images/generations",
    {"prompt": PROMPT},
    json_answer(200, {"created": 1_700_000_000, "data": [{"b64_json": "aW1hZ2U="}], "usage": PICTURED}),
    b"aW1hZ2U=",
)
EDITS = Endpoint(
    "edits",
    "/v1/images/edits",
    {"prompt": PROMPT},
    json_answer(200, {"created": 1_700_000_000, "data": [{"b64_json": "aW1hZ2U="}], "usage": PICTURED}),
    b"aW1hZ2U=",
    field("image", b"\x89PNG", "a.png", "image/png"),
)
SPEECH = Endpoint(
    "speech",
    "/v1/audio/speech",
    {"input": PROMPT, "voice": "alloy"},
    body_answer(200, AUDIO, "audio/mpeg"),
    AUDIO,
)
TRANSCRIPTIONS = Endpoint(
    "transcriptions",
    "/v1/audio/transcriptions",
    {"language": "en"},
    json_answer(200, {"text": f"hello {ANSWER_CANARY}", "usage": {"type": "duration", "seconds": 3}}),
    ANSWER_CANARY.encode(),
    field("file", WAV + bytes(8000), "a.wav", "audio/wav"),
)
TRANSLATIONS = attrs.evolve(TRANSCRIPTIONS, name="translations", path="/v1/audio/translations", fields={})
MODERATIONS = Endpoint(
    "moderations",
    "/v1/moderations",
    {"input": PROMPT},
    json_answer(200, {"id": "modr-1", "model": "upstream-model", "results": [VERDICT]}),
    b'"flagged":false',
)
RERANK = Endpoint(
    "rerank",
    "/v1/rerank",
    {"query": PROMPT, "documents": ["one", "two"], "top_n": 1},
    json_answer(200, {"id": "r-1", "results": [RANK], "meta": {"billed_units": {"search_units": 1}}}),
    b"relevance_score",
)
ALL = (
    *(EMBEDDINGS, COMPLETIONS, FIM, IMAGES, EDITS, SPEECH, TRANSCRIPTIONS, TRANSLATIONS),
    *(MODERATIONS, RERANK),
)


def file_in_pieces(*pieces: bytes | Step, kind: str = "audio/mpeg", end: Step = END_OF_BODY) -> list[Step]:
    """A chunked answer; a step is played where it stands."""
    start = Send(head(200, [("content-type", kind), ("transfer-encoding", "chunked")]))
    return [start, *(Send(chunked(piece)) if isinstance(piece, bytes) else piece for piece in pieces), end]
