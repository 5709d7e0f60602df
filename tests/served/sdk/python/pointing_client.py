"""Points at earlier answers with OpenAI's client and LangChain's, at the gateway that its environment names; prints
what each was answered as JSON. The model says what it was told."""

import json
from collections.abc import Callable
from typing import Any

import openai
from langchain_openai import ChatOpenAI

MODEL = "recall"
WEATHER: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
client = openai.OpenAI(max_retries=0, timeout=20)


def plain() -> Any:
    first = client.responses.create(model=MODEL, input="Hello")
    return client.responses.create(model=MODEL, input="And?", previous_response_id=first.id).output_text


def streamed() -> Any:
    with client.responses.stream(model=MODEL, input="Hello") as stream:
        first = stream.get_final_response()
    with client.responses.stream(model=MODEL, input="And?", previous_response_id=first.id) as stream:
        return stream.get_final_response().output_text


def deleted() -> Any:
    first = client.responses.create(model=MODEL, input="Hello")
    client.responses.delete(first.id)
    try:
        client.responses.create(model=MODEL, input="And?", previous_response_id=first.id)
    except openai.BadRequestError as error:
        return {"code": error.code, "says_what_to_send": "'store' set to false" in error.message}
    return None


def chat(**more: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL, use_responses_api=True, use_previous_response_id=True, max_retries=0, timeout=20, **more
    )


def langchain(**more: Any) -> Any:
    model = chat(**more)
    conversation: list[Any] = [("user", "Hello")]
    for question in ("And?", None):
        answer = model.invoke(conversation)
        conversation += [answer, ("user", question)]
    return answer.text


def langchain_loop() -> Any:
    model = chat().bind_tools([WEATHER])
    conversation: list[Any] = [("user", "Hello")]
    answer: Any = model.invoke(conversation)
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in answer.tool_calls]
    return model.invoke([*conversation, answer, *results]).text


SCENARIOS: dict[str, Callable[[], Any]] = {
    "openai": plain,
    "openai_stream": streamed,
    "openai_deleted": deleted,
    "langchain": langchain,
    "langchain_stream": lambda: langchain(streaming=True),
    "langchain_loop": langchain_loop,
}


def outcome(work: Callable[[], Any]) -> Any:
    """What came of it; one scenario that fails must not hide the others."""
    try:
        return work()
    except Exception as error:
        return {"failed": repr(error)}


if __name__ == "__main__":
    print(json.dumps({name: outcome(work) for name, work in SCENARIOS.items()}))
