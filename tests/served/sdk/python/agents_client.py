"""Runs agents of OpenAI's Agents SDK at the gateway that its environment names; prints what each said last as JSON.

The model says what it was told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from agents import Agent, Runner, function_tool, set_tracing_disabled

MODEL = "recall"


def get_weather(city: str, days: int) -> str:
    """The weather somewhere."""
    return "sunny"


def agent(instructions: str = "Be brief.", **more: Any) -> Agent[None]:
    return Agent(name="Agent", instructions=instructions, model=MODEL, **more)


async def loop(**more: Any) -> Any:
    return (await Runner.run(agent(tools=[function_tool(get_weather)]), "Hello", **more)).final_output


async def turns() -> Any:
    first = await Runner.run(agent(), "Hello")
    again = agent("Be polite.")
    return (await Runner.run(again, "And?", previous_response_id=first.last_response_id)).final_output


async def turns_stream() -> Any:
    first = Runner.run_streamed(agent(), "Hello")
    async for _ in first.stream_events():
        pass
    second = Runner.run_streamed(agent("Be polite."), "And?", previous_response_id=first.last_response_id)
    async for _ in second.stream_events():
        pass
    return second.final_output


SCENARIOS: dict[str, Callable[[], Awaitable[Any]]] = {
    "loop": loop,
    "loop_by_response": lambda: loop(auto_previous_response_id=True),
    "turns": turns,
    "turns_stream": turns_stream,
}


async def outcome(work: Callable[[], Awaitable[Any]]) -> Any:
    """What came of it; one scenario that fails must not hide the others."""
    try:
        return await work()
    except Exception as error:
        return {"failed": repr(error)}


async def main() -> None:
    set_tracing_disabled(True)
    print(json.dumps({name: await outcome(work) for name, work in SCENARIOS.items()}))


if __name__ == "__main__":
    asyncio.run(main())
