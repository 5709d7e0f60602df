"""Uses LangChain's ChatOpenAI against the gateway that its environment names; prints what it saw as JSON."""

import json
import os
from collections.abc import Callable
from typing import Any

import openai
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

ANSWER = "vendor/answer"
PROMPT: list[Any] = [("user", "Hello there")]
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "get_time")
]


def chat(model: str, key: str = "OPENAI_API_KEY", retries: int = 0, **more: Any) -> ChatOpenAI:
    settings: dict[str, Any] = {"model": model, "max_retries": retries, "timeout": 20, **more}
    return ChatOpenAI(api_key=SecretStr(os.environ[key]), base_url=os.environ["OPENAI_BASE_URL"], **settings)


def counts(usage: Any) -> list[int] | None:
    return usage and [usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]]


def demo() -> Any:
    return chat("demo").invoke(PROMPT).content


def plain() -> Any:
    answer: Any = chat(ANSWER).invoke(PROMPT)
    return {
        "content": answer.content,
        "finish_reason": answer.response_metadata["finish_reason"],
        "model": answer.response_metadata["model_name"],
        "usage": counts(answer.usage_metadata),
    }


def streamed(**more: Any) -> Any:
    chunks: list[Any] = list(chat(ANSWER, **more).stream(PROMPT))
    reasons = [chunk.response_metadata.get("finish_reason") for chunk in chunks]
    return {
        "content": "".join(chunk.content for chunk in chunks),
        "finish_reasons": [reason for reason in reasons if reason],
        "usage": [counts(chunk.usage_metadata) for chunk in chunks if chunk.usage_metadata],
    }


def called(message: Any) -> Any:
    calls = [[call["id"], call["name"], call["args"]] for call in message.tool_calls]
    return {"calls": calls, "finish_reason": message.response_metadata["finish_reason"]}


def tools() -> Any:
    return called(chat("tools").bind_tools(TOOLS).invoke(PROMPT))


def tools_stream() -> Any:
    whole: Any = None
    for chunk in chat("tools").bind_tools(TOOLS).stream(PROMPT):
        whole = chunk if whole is None else whole + chunk
    return called(whole)


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


def refusal(model: str, key: str = "OPENAI_API_KEY", retries: int = 0) -> Any:
    return refused(lambda: chat(model, key, retries).invoke(PROMPT))


def invalid() -> Any:
    return refused(lambda: chat("demo").invoke([]))


def limited() -> Any:
    chat("demo", "LIMITED_KEY").invoke(PROMPT)
    return refusal("demo", "LIMITED_KEY")


def broken() -> Any:
    content = ""
    try:
        for chunk in chat("broken").stream(PROMPT):
            content += str(chunk.content)
    except openai.APIError as error:
        return {"content": content, "code": error.code, "message": error.message}
    return {"content": content}


def put_off() -> Any:
    return chat(os.environ["BUSY_MODEL"], retries=2).invoke(PROMPT).content


SCENARIOS: dict[str, Callable[[], Any]] = {
    "demo": demo,
    "plain": plain,
    "stream": streamed,
    "stream_usage": lambda: streamed(stream_usage=True),
    "tools": tools,
    "tools_stream": tools_stream,
    "unknown_key": lambda: refusal("demo", "UNKNOWN_KEY"),
    "spent": lambda: refusal(ANSWER, "SPENT_KEY"),
    "invalid": invalid,
    "overflow": lambda: refusal("overflow"),
    "limited": limited,
    "no_such_model": lambda: refusal("no-such-model", "COUNTED_KEY", retries=2),
    "broken": broken,
    "put_off": put_off,
}


def outcome(work: Callable[[], Any]) -> Any:
    """What came of it; one scenario that fails must not hide the others."""
    try:
        return work()
    except Exception as error:
        return {"failed": repr(error)}


if __name__ == "__main__":
    print(json.dumps({name: outcome(work) for name, work in SCENARIOS.items()}))
