"""One call by one library, set up as its own documentation says; prints what whoever runs it would see."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

ROOT = os.environ["ROOT"]
BASE = f"{ROOT}/v1"
KEY = os.environ["KEY"]
MODEL = os.environ["MODEL"]
PROMPT = "Say hello."


def chat() -> object:
    from openai import OpenAI

    client = OpenAI(base_url=BASE, api_key=KEY)
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": PROMPT}])


def responses() -> object:
    from openai import OpenAI

    return OpenAI(base_url=BASE, api_key=KEY).responses.create(model=MODEL, input=PROMPT)


def messages() -> object:
    from anthropic import Anthropic

    client = Anthropic(base_url=ROOT, auth_token=KEY, api_key=None)
    return client.messages.create(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": PROMPT}])


def pydantic_ai() -> object:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=BASE, api_key=KEY))
    return Agent(model).run_sync(PROMPT)


def structured() -> object:
    import instructor
    from openai import OpenAI
    from pydantic import BaseModel

    class Greeting(BaseModel):
        text: str

    client = instructor.from_openai(OpenAI(base_url=BASE, api_key=KEY))
    return client.chat.completions.create(
        model=MODEL, response_model=Greeting, messages=[{"role": "user", "content": PROMPT}]
    )


def agents() -> object:
    from agents import Agent, Runner, set_default_openai_client, set_tracing_disabled
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    set_default_openai_client(AsyncOpenAI(base_url=BASE, api_key=KEY))
    return Runner.run_sync(Agent(name="greeter", model=MODEL), PROMPT)


def langchain() -> object:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(base_url=BASE, api_key=KEY, model=MODEL).invoke(PROMPT)


WAYS: dict[str, Callable[[], object]] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "pydantic-ai": pydantic_ai,
    "instructor": structured,
    "agents": agents,
    "langchain": langchain,
}
print(WAYS[sys.argv[1]]())
