"""Uses every endpoint but chat with the official Python client; prints what it saw as JSON."""

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import openai
from openai import OpenAI

MODEL = "vendor/everything"
FILE = ("speech.wav", b"RIFF" + bytes(range(256)) * 4000, "audio/wav")
IMAGE = ("a.png", b"\x89PNG" + bytes(100), "image/png")


def client() -> OpenAI:
    return OpenAI(max_retries=0, timeout=20)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def embeddings() -> Any:
    with client() as c:
        answer = c.embeddings.create(model=MODEL, input=["one", "two"])
        floats = c.embeddings.create(model=MODEL, input=[[1, 2], [3]], encoding_format="float")
    vectors = [[item.embedding for item in response.data] for response in (answer, floats)]
    return [*vectors, answer.usage.prompt_tokens]


def completion() -> Any:
    with client() as c:
        answer = c.completions.create(model=MODEL, prompt="Hello", max_tokens=5)
    return [answer.choices[0].text, answer.choices[0].finish_reason, answer.usage and answer.usage.total_tokens]


def completion_stream() -> Any:
    with client() as c:
        options: Any = {"include_usage": True}
        chunks = list(c.completions.create(model=MODEL, prompt="Hello", stream=True, stream_options=options))
    texts = [choice.text for chunk in chunks for choice in chunk.choices]
    return ["".join(texts), [chunk.usage.total_tokens for chunk in chunks if chunk.usage]]


def image() -> Any:
    with client() as c:
        answer = c.images.generate(model=MODEL, prompt="A cat", n=1)
        changed = c.images.edit(model=MODEL, prompt="A dog", image=[IMAGE, IMAGE], mask=IMAGE)
    return [[image.b64_json for image in response.data or []] for response in (answer, changed)]


def image_stream() -> Any:
    with client() as c:
        events = list(c.images.generate(model=MODEL, prompt="A cat", stream=True, partial_images=1))
    return [[event.type, event.b64_json] for event in events]


def speech() -> Any:
    with client() as c, c.audio.speech.with_streaming_response.create(model=MODEL, voice="alloy", input="Hi") as answer:
        pieces = list(answer.iter_bytes())
        return [answer.headers["content-type"], digest(b"".join(pieces))]


def speech_events() -> Any:
    with client() as c:
        create = c.audio.speech.with_streaming_response.create
        with create(model=MODEL, voice="alloy", input="Hi", stream_format="sse") as answer:
            lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
    return [json.loads(line[6:])["type"] for line in lines]


def half_speech() -> Any:
    with client() as c:
        try:
            c.audio.speech.create(model="vendor/half", voice="alloy", input="Hi").read()
        except Exception as error:
            return type(error).__name__
    return None


def transcription() -> Any:
    with client() as c:
        plain = c.audio.transcriptions.create(model=MODEL, file=FILE, prompt="Names: Ana")
        text = c.audio.transcriptions.create(model=MODEL, file=FILE, response_format="text")
        verbose = c.audio.transcriptions.create(model=MODEL, file=FILE, response_format="verbose_json")
    return [plain.text, text, verbose.duration]


def transcription_stream() -> Any:
    with client() as c:
        events = list(c.audio.transcriptions.create(model=MODEL, file=FILE, stream=True))
    return [event.type for event in events]


def translation() -> Any:
    with client() as c:
        return c.audio.translations.create(model=MODEL, file=FILE).text


def moderation() -> Any:
    with client() as c:
        return [result.flagged for result in c.moderations.create(model=MODEL, input=["one"]).results]


def refused() -> Any:
    """What each of them says of a model that nobody serves."""
    calls: list[Callable[[OpenAI, str], Any]] = [
        lambda c, model: c.embeddings.create(model=model, input="x"),
        lambda c, model: c.images.generate(model=model, prompt="x"),
        lambda c, model: c.audio.speech.create(model=model, voice="alloy", input="x"),
        lambda c, model: c.audio.transcriptions.create(model=model, file=FILE),
    ]
    return [refusal_of(call) for call in calls]


def refusal_of(call: Callable[[OpenAI, str], Any]) -> Any:
    with client() as c:
        try:
            call(c, "no-such-model")
        except openai.APIStatusError as error:
            return [error.status_code, error.code]
    return None


SCENARIOS: dict[str, Callable[[], Any]] = {
    scenario.__name__: scenario
    for scenario in (
        *(embeddings, completion, completion_stream, image, image_stream, speech, speech_events, half_speech),
        *(transcription, transcription_stream, translation, moderation, refused),
    )
}


def outcome(work: Callable[[], Any]) -> Any:
    """What came of it; one scenario that fails must not hide the others."""
    try:
        return work()
    except Exception as error:
        return {"failed": repr(error)}


if __name__ == "__main__":
    sent = {"file": digest(FILE[1]), "image": b64encode(IMAGE[1]).decode(), "base_url": os.environ["OPENAI_BASE_URL"]}
    print(json.dumps({"sent": sent, **{name: outcome(work) for name, work in SCENARIOS.items()}}))
