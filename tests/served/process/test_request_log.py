"""The log of a process that writes a line for each request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import rawclient
from tests.support.canaries import PROMPT_CANARY
from tests.support.gateway import chat_body, running
from tests.support.process import SCALED, Home
from tests.support.upstream.scripted import Upstream
from tests.telemetry.test_trace import TRACE_ID, WELL


@pytest.mark.parametrize("form", ["text", "json"])
def test_each_request_has_one_line_before_the_process_ends(tmp_path: Path, form: str) -> None:
    settings = {**SCALED, "log_level": "WARNING", "log_requests": "1", "log_format": form}
    with running(Home(tmp_path / "data", settings)) as gateway:
        headers = {**gateway.headers(None), "traceparent": WELL}
        content = json.dumps(chat_body("demo")).encode()
        for _ in range(20):
            answer = rawclient.request(gateway.url, "POST", "/v1/chat/completions", headers, content)
            assert 200 == answer.status
        assert 401 == gateway.chat("demo", key="sk-nobody").status
        gateway.process.end()
        lines = [line for line in gateway.process.stderr.lines if "/v1/chat/completions" in line]
        assert 21 == len(lines)
        assert [20, 1] == [sum(word in line for line in lines) for word in (TRACE_ID, "invalid_api_key")]
        assert [0, 0] == [sum(word in line for line in lines) for word in (PROMPT_CANARY, gateway.key)]
        if form == "json":
            entries = [json.loads(line) for line in gateway.process.stderr.lines]
            ended = [entry for entry in entries if entry.get("path") == "/v1/chat/completions"]
            assert ({"INFO"}, {200, 401}) == ({each["level"] for each in ended}, {each["status"] for each in ended})


def test_an_upstream_gets_the_clients_trace_where_it_is_to(tmp_path: Path) -> None:
    settings = {**SCALED, "pass_traceparent": "1", "log_requests": "1", "log_format": "json"}
    with Upstream() as upstream, running(Home(tmp_path / "data", settings)) as gateway:
        model = gateway.add_channel(upstream.url)
        headers = {**gateway.headers(None), "traceparent": WELL}
        content = json.dumps(chat_body(model)).encode()
        assert 200 == rawclient.request(gateway.url, "POST", "/v1/chat/completions", headers, content).status
        told = [request.header("traceparent") for request in upstream.requests if request.method == "POST"]
        gateway.process.end()
        (line,) = [json.loads(line) for line in gateway.process.stderr.lines if TRACE_ID in line]
        assert [f"00-{TRACE_ID}-{line['span_id']}-01"] == told
