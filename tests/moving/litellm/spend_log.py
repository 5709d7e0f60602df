"""Rows of LiteLLM's log in the shape that LiteLLM 1.81 gives them, and a dump of the peer's database with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aihub_lite.domain.token import digest_of
from tests.moving.peers import PEERS

TABLE = "LiteLLM_SpendLogs"
KINDS: Mapping[str, str] = {
    "request_id": "text",
    "call_type": "text",
    "api_key": "text",
    "spend": "double precision",
    "total_tokens": "integer",
    "prompt_tokens": "integer",
    "completion_tokens": "integer",
    "startTime": "timestamp(3) without time zone",
    "endTime": "timestamp(3) without time zone",
    "completionStartTime": "timestamp(3) without time zone",
    "model": "text",
    "model_id": "text",
    "model_group": "text",
    "custom_llm_provider": "text",
    "user": "text",
    "metadata": "jsonb",
    "messages": "jsonb",
    "team_id": "text",
    "status": "text",
}
"""Its columns, but for some that say nothing of a call."""
SAID = "what somebody asked in confidence"
"""A text that is in every row."""
MASTER_KEY = "sk-litellm-master-0001"
"""Of the peer's config.yaml."""


def row(**fields: Any) -> dict[str, Any]:
    """A call that went well, unless the fields say otherwise."""
    usage = fields.pop("usage", {})
    fault = fields.pop("fault", None)
    metadata = {
        "user_api_key_alias": fields.pop("alias", None),
        "usage_object": None,
        "additional_usage_values": usage,
        "guardrail_information": [{"text": SAID}],
        "error_information": {"error_code": fault, "error_message": SAID} if fault else None,
    }
    given = {
        "request_id": "chatcmpl-1",
        "call_type": "acompletion",
        "api_key": "",
        "spend": 0.0,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "startTime": "2026-11-25 12:00:00.25",
        "endTime": "2026-11-25 12:00:02.25",
        "completionStartTime": "2026-11-25 12:00:02.25",
        "model": "gpt-4o",
        "model_id": "",
        "model_group": "gpt-4o",
        "custom_llm_provider": "openai",
        "user": "",
        "team_id": "",
        "status": "success",
        **fields,
    }
    return {**given, "total_tokens": 0, "metadata": json.dumps(metadata), "messages": json.dumps([SAID])}


ROWS = (
    row(
        request_id="chatcmpl-of-bob",
        api_key=digest_of("sk-litellm-unlimited-0001"),
        alias="unlimited",
        user="bob",
        spend=0.00123456789,
        prompt_tokens=1000,
        completion_tokens=50,
        completionStartTime="2026-11-25 12:00:00.75",
        model_id="azure-gpt-4o",
        custom_llm_provider="azure",
        model="azure/prod-gpt-4o",
        usage={"prompt_tokens_details": {"cached_tokens": 600}},
    ),
    row(
        request_id="msg_of_the_team",
        api_key=digest_of("sk-litellm-team-0001"),
        alias="team",
        user="bob",
        team_id="team-research-0001",
        spend=2.5,
        startTime="2026-11-25 13:00:00",
        endTime="2026-11-25 13:00:01",
        completionStartTime=None,
        model_id="made-up-at-each-start",
        model_group="claude-sonnet",
        model="claude-sonnet-4-20250514",
        custom_llm_provider="anthropic",
        usage={"cache_read_input_tokens": 30, "cache_creation_input_tokens": 20},
    ),
    row(
        request_id="None",
        api_key=digest_of("sk-litellm-limited-0001"),
        alias="limited",
        user="alice",
        startTime="2026-11-25 14:00:00",
        endTime="2026-11-25 14:00:00.1",
        prompt_tokens=0,
        completion_tokens=0,
        status="failure",
        fault="429",
    ),
    row(
        request_id="chatcmpl-of-the-master",
        api_key=digest_of(MASTER_KEY),
        startTime="2026-11-26 08:00:00",
        endTime="2026-11-26 08:00:01",
        spend=0.25,
    ),
    row(
        request_id="chatcmpl-of-nobody",
        api_key="f" * 64,
        alias="long gone",
        user="carol",
        startTime="2026-11-26 09:00:00",
        endTime="2026-11-26 09:00:01",
        model_group="../../etc/passwd\n",
        model="../../etc/passwd\n",
        spend=0.125,
    ),
)


def statement() -> str:
    """That makes the table, as pg_dump writes it."""
    columns = ",\n".join(f'    "{name}" {kind}' for name, kind in KINDS.items())
    return f'CREATE TABLE public."{TABLE}" (\n{columns}\n);\n'


def dump_with(file: Path, *rows: Mapping[str, Any]) -> str:
    """The peer's dump with a log in it."""
    whole = (PEERS / "litellm" / "tables.sql").read_text()
    log = [statement(), *(_insert(each) for each in rows)]
    before, ending, after = whole.partition("--\n-- PostgreSQL database dump complete")
    file.write_text(before + "\n".join(log) + "\n" + ending + after)
    return str(file)


def _insert(fields: Mapping[str, Any]) -> str:
    values = ", ".join(_written(fields[name]) for name in KINDS)
    return f'INSERT INTO public."{TABLE}" VALUES ({values});'


def _written(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
