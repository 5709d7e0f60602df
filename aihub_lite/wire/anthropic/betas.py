"""The version of the API that a translated request is written for, and the betas that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.wire.anthropic.blocks import Message
from aihub_lite.wire.anthropic.models import FAMILIES, claude_model
from aihub_lite.wire.json_types import JsonView, dict_at, dicts_in, text_at

VERSION = "2023-06-01"
"""The API's. The one of October 2026 answers 400 to sampling, even at its default, and to assistants' documents."""

FILES = "files-api-2025-04-14"
BY_FIELD: Mapping[str, str] = {
    "mcp_servers": "mcp-client-2025-11-20",
    "context_management": "context-management-2025-06-27",
}
BY_TOOL: Mapping[str, str] = {
    "computer_20241022": "computer-use-2024-10-22",
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
    "code_execution_20250522": "code-execution-2025-05-22",
    "advisor_20260301": "advisor-tool-2026-03-01",
}
BY_BLOCK: Mapping[str, str] = {
    "container_upload": FILES,
    "tool_addition": "mid-conversation-tool-changes-2026-07-01",
    "tool_removal": "mid-conversation-tool-changes-2026-07-01",
}
BY_EDIT: Mapping[str, str] = {"compact_20260112": "compact-2026-01-12"}
FROM_CLIENTS = frozenset(
    {*BY_BLOCK.values(), *BY_FIELD.values(), *BY_TOOL.values(), *BY_EDIT.values()}
    | {"skills-2025-10-02", "fast-mode-2026-02-01"}
    | {"interleaved-thinking-2025-05-14", "task-budgets-2026-03-13", "extended-cache-ttl-2025-04-11"}
    | {"thinking-binding-controls-2026-08-01", "thinking-display-updates-2026-08-18", "prompt-caching-2024-07-31"}
    | {"context-1m-2025-08-07", "output-128k-2025-02-19"}
)
"""What a client may ask for itself; nothing that reaches into an account."""


def betas_of(body: JsonView, from_client: str = "") -> str:
    """What `anthropic-beta` has to say for a body; empty for nothing. `from_client` is the client's own such header."""
    allowed = {name.strip() for name in from_client.split(",")} & FROM_CLIENTS
    return ",".join(sorted(allowed | _needed(body)))


def _needed(body: JsonView) -> set[str]:
    betas = {beta for name, beta in BY_FIELD.items() if name in body}
    betas |= {BY_TOOL[tool["type"]] for tool in body.get("tools", ()) if text_at(tool, "type") in BY_TOOL}
    betas |= {BY_EDIT[edit] for edit in _edits(body) if edit in BY_EDIT}
    config = body.get("output_config", {})
    # Later models take an effort without.
    if "effort" in config and claude_model(body["model"]) is FAMILIES["opus-4-5"]:
        betas.add("effort-2025-11-24")
    if "task_budget" in config:
        betas.add("task-budgets-2026-03-13")
    if "skills" in dict_at(body, "container"):
        betas.add("skills-2025-10-02")
    if "speed" in body:
        betas.add("fast-mode-2026-02-01")
    return betas | _of_blocks(body["messages"])


def _edits(body: JsonView) -> list[str]:
    """Types of the edits that `context_management` asks for."""
    return [text_at(edit, "type") for edit in dicts_in(body.get("context_management", {}).get("edits"))]


def _of_blocks(messages: list[Message]) -> set[str]:
    blocks = [block for message in messages if message["role"] != "assistant" for block in message["content"]]
    blocks += [inner for block in blocks if isinstance(block.get("content"), list) for inner in block["content"]]
    betas = {BY_BLOCK[block["type"]] for block in blocks if text_at(block, "type") in BY_BLOCK}
    sources = [block["source"] for block in blocks if isinstance(block.get("source"), dict)]
    return betas | {FILES for source in sources if source.get("type") == "file"}
