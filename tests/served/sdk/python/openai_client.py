"""Uses the official Python client against the gateway that its environment names; prints what it saw as JSON."""

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import openai
from openai import AsyncOpenAI, OpenAI

PROMPT: list[Any] = [{"role": "user", "content": "Hello there"}]
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "get_time")
]
ANSWER = "vendor/answer"


def client(key: str = "OPENAI_API_KEY", retries: int = 0) -> OpenAI:
    return OpenAI(api_key=os.environ[key], max_retries=retries, timeout=20)


def ask(model: str, client: OpenAI, messages: list[Any] | None = None, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=PROMPT if messages is None else messages, **more)


def counts(usage: Any) -> list[int] | None:
    return usage and [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]


def demo() -> Any:
    with client() as c:
        return ask("demo", c).choices[0].message.content


def plain() -> Any:
    with client() as c:
        answer = ask(ANSWER, c)
    choice = answer.choices[0]
    return {
        "content": choice.message.content,
        "finish_reason": choice.finish_reason,
        "model": answer.model,
        "usage": counts(answer.usage),
    }


def stream() -> Any:
    """As the documentation's samples do it: with no look at whether a chunk has choices."""
    content, finish, usage = "", [], []
    with client() as c:
        for chunk in ask(ANSWER, c, stream=True):
            content += chunk.choices[0].delta.content or ""
            finish += [chunk.choices[0].finish_reason] if chunk.choices[0].finish_reason else []
            usage += [counts(chunk.usage)] if chunk.usage else []
    return {"content": content, "finish_reasons": finish, "usage": usage}


def gathered(chunks: Iterable[Any]) -> Any:
    content, finish, usage = "", [], []
    for chunk in chunks:
        for choice in chunk.choices:
            content += choice.delta.content or ""
            finish += [choice.finish_reason] if choice.finish_reason else []
        usage += [counts(chunk.usage)] if chunk.usage else []
    return {"content": content, "finish_reasons": finish, "usage": usage}


def stream_usage() -> Any:
    with client() as c:
        return gathered(ask(ANSWER, c, stream=True, stream_options={"include_usage": True}))


def async_stream() -> Any:
    async def chunks() -> list[Any]:
        async with AsyncOpenAI(max_retries=0, timeout=20) as c:
            options: Any = {"include_usage": True}
            parts = await c.chat.completions.create(model=ANSWER, messages=PROMPT, stream=True, stream_options=options)
            return [chunk async for chunk in parts]

    return gathered(asyncio.run(chunks()))


def called(choice: Any) -> Any:
    calls = [[call.id, call.function.name, call.function.arguments] for call in choice.message.tool_calls]
    return {"calls": calls, "finish_reason": choice.finish_reason}


def tools() -> Any:
    with client() as c:
        return called(ask("tools", c, tools=TOOLS).choices[0])


def tools_stream() -> Any:
    with client() as c, c.chat.completions.stream(model="tools", messages=PROMPT, tools=TOOLS) as chunks:
        return called(chunks.get_final_completion().choices[0])


def refused(work: Callable[[], Any]) -> Any:
    try:
        work()
    except openai.APIStatusError as error:
        body: Any = error.body
        headers = error.response.headers
        return {
            "status": error.status_code,
            "code": error.code,
            "type": error.type,
            "message": body["message"],
            "retry_after": headers.get("retry-after"),
            "requests_left": headers.get("x-ratelimit-remaining-requests"),
        }
    return None


def refusal(model: str, key: str = "OPENAI_API_KEY", retries: int = 0, **more: Any) -> Any:
    with client(key, retries) as c:
        return refused(lambda: ask(model, c, **more))


def limited() -> Any:
    with client("LIMITED_KEY") as c:
        ask("demo", c)
        return refused(lambda: ask("demo", c))


def broken() -> Any:
    content = ""
    try:
        with client() as c:
            for chunk in ask("broken", c, stream=True):
                content += chunk.choices[0].delta.content or ""
    except openai.APIError as error:
        return {"content": content, "code": error.code, "message": error.message}
    return {"content": content}


def put_off() -> Any:
    with client(retries=2) as c:
        return ask(os.environ["BUSY_MODEL"], c).choices[0].message.content


def models() -> Any:
    with client() as c:
        return [model.id for model in c.models.list()]


def model() -> Any:
    with client() as c:
        return c.models.retrieve(ANSWER).id


SCENARIOS: dict[str, Callable[[], Any]] = {
    "demo": demo,
    "plain": plain,
    "stream": stream,
    "stream_usage": stream_usage,
    "async_stream": async_stream,
    "tools": tools,
    "tools_stream": tools_stream,
    "unknown_key": lambda: refusal("demo", "UNKNOWN_KEY"),
    "spent": lambda: refusal(ANSWER, "SPENT_KEY"),
    "invalid": lambda: refusal("demo", messages=[]),
    "overflow": lambda: refusal("overflow"),
    "limited": limited,
    "no_such_model": lambda: refusal("no-such-model", "COUNTED_KEY", retries=2),
    "broken": broken,
    "put_off": put_off,
    "models": models,
    "model": model,
}


def outcome(work: Callable[[], Any]) -> Any:
    """What came of it; one scenario that fails must not hide the others."""
    try:
        return work()
    except Exception as error:
        return {"failed": repr(error)}


if __name__ == "__main__":
    print(json.dumps({name: outcome(work) for name, work in SCENARIOS.items()}))
