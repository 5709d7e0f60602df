"""The programs that are refused, and how each is set up: with what Connect shows, where Connect shows it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from tests.served.sdk.setups import Place, Run, claude_code, codex
from tests.served.sdk.toolchains import AIDER, CODING, CURRENT, LIBRARIES, REFUSED_LIBRARIES, Kit, python_of


@attrs.frozen
class Program:
    """One client. `allowed` has the scenarios in which it asks more often or longer than we would like, and why."""

    name: str
    kit: Kit
    set_up: Callable[[Place], Run]
    allowed: Mapping[str, str] = attrs.field(factory=dict)


def opencode(place: Place) -> Run:
    (place.work / "opencode.json").write_text(place.shown("opencode"))
    (program,) = (place.target / "coding" / "node_modules").glob("opencode-linux-*[46]/bin/opencode")
    quiet = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return Run((str(program), "run", "--model", f"aihub-lite/{place.model}", place.task), quiet)


def qwen_code(place: Place) -> Run:
    return Run(("node", place.program("qwen"), "-p", place.task), place.exported("Qwen Code"))


def continue_(place: Place) -> Run:
    file = place.home / "config.yaml"
    file.write_text(place.shown("Continue"))
    return Run(("node", place.program("cn"), "-p", place.task, "--config", str(file)))


def aider(place: Place) -> Run:
    program = str(Path(python_of(place.target)).with_name("aider"))
    quiet = ("--yes", "--no-git", "--no-show-model-warnings", "--no-check-update", "--no-analytics")
    command = (program, "--model", f"openai/{place.model}", "--message", place.task, *quiet)
    return Run(command, place.exported("Aider"))


def llm(place: Place) -> Run:
    _, *arguments = shlex.split(place.shown("llm"))
    return Run((python_of(place.target), "-m", "llm", *arguments))


def library(name: str, way: str, allowed: Mapping[str, str] | None = None) -> Program:
    """A library of Python's, called by `python/refused_client.py`."""

    def set_up(place: Place) -> Run:
        return Run((python_of(place.target), str(place.target / "python" / "refused_client.py"), way), asked(place))

    return Program(name, LIBRARIES, set_up, allowed or {})


def node_library(name: str, way: str, allowed: Mapping[str, str] | None = None) -> Program:
    """A library of Node's, called by `libraries/refused.js`."""

    def set_up(place: Place) -> Run:
        return Run(("node", str(place.target / "libraries" / "refused.js"), way), asked(place))

    return Program(name, REFUSED_LIBRARIES, set_up, allowed or {})


def asked(place: Place) -> dict[str, str]:
    """What the programs of ours read."""
    return {"ROOT": place.root, "KEY": place.key, "MODEL": place.model}


STREAMS = """asks five times more, whatever `x-should-retry` says, after any status but 400, of which it shows the JSON,
429, and 404 `model_not_found`; `stream_max_retries` would change that, and end a turn whose line breaks"""
PROGRAMS = (
    Program("Codex", CODING, codex, {"wrong key": STREAMS, "quota": STREAMS}),
    Program("Claude Code", CODING, claude_code),
    Program("opencode", CODING, opencode),
    Program("Qwen Code", CODING, qwen_code),
    Program("Continue", CODING, continue_),
    Program("Aider", AIDER, aider, {"unknown model": "takes 503 for an outage, and looks like openai-python"}),
    library("openai-python, chat", "chat"),
    library("openai-python, responses", "responses"),
    library("anthropic-python", "messages"),
    library("pydantic-ai", "pydantic-ai"),
    library("instructor", "instructor"),
    library("Agents SDK", "agents"),
    library("LangChain", "langchain"),
    Program("llm", CURRENT, llm),
    node_library("openai-node", "openai"),
    node_library("AI SDK, responses", "responses"),
    node_library("AI SDK, chat", "chat"),
    node_library("AI SDK, compatible", "compatible"),
    node_library("AI SDK, anthropic", "anthropic"),
    node_library("LangChain.js", "langchain"),
)
