"""One line for each request: enough to find it again, and nothing that somebody said."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.money import nano_usd
from aihub_lite.errors import Unauthenticated
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.server.logs import REQUESTS, Dropping, JsonLine, OneLine, requests_beside
from aihub_lite.telemetry.request_watch import MOST_KEPT, RequestWatch, told_path
from aihub_lite.upstream.transport import Transport
from tests.support.asgi import get, post
from tests.support.clock import ManualClock
from tests.support.inprocess import CHAT, House, chat_request, streamed
from tests.telemetry.test_trace import SPAN_ID, TRACE_ID, WELL
from tests.telemetry.watched import watched

TEXT = st.text() | st.text(alphabet='"\\= \n\r\t\x1b\u2028\u202eab')
Lines = list[dict[str, Any]]


def lines_of(caplog: pytest.LogCaptureFixture) -> Lines:
    """What was logged of requests."""
    return [record.__dict__["fields"] for record in caplog.records if record.name == REQUESTS]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log from INFO on."""
    with caplog.at_level(logging.INFO):
        yield caplog


def test_a_line_says_what_its_record_says(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        channel = await house.add_channel()
        token, key = await house.add_token()
        for stream in (False, True):
            body = chat_request(stream=stream)
            await post(CHAT, key, body, [("traceparent", WELL)]).start(house.app).served()
        lines = lines_of(logged)
        for line, record in zip(lines, await house.records(), strict=True):
            assert {"POST", CHAT, 200, "ok", 1} == {
                line[name] for name in ("method", "path", "status", "outcome", "attempts")
            }
            assert (record["request_id"], record["duration_ms"]) == (line["request_id"], line["ms"])
            assert (token.id, "model", channel.name) == (line["token"], line["model"], line["channel"])
            assert record["cost_nano"] == nano_usd(line["cost_usd"]) > 0
            assert (TRACE_ID, True) == (line["trace_id"], line["span_id"] != SPAN_ID)
            assert (10, 5) == (line["prompt_tokens"], line["completion_tokens"])
        assert 2 == len({line["span_id"] for line in lines})

    play(tmp_path, story)


def test_a_refused_call_has_its_line_with_its_code(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        token, key = await house.add_token()
        await house.ask("sk-nobody").served()
        await house.ask(key, model="no-such-model").served()
        await get("/v1/models", key).start(house.app).served()
        await get("/console/enter/a-secret-of-somebody").start(house.app).served()
        first, second, listed, link = lines_of(logged)
        assert (401, "invalid_api_key", False) == (first["status"], first["error"], "token" in first)
        assert (503, "model_not_found", token.id) == (second["status"], second["error"], second["token"])
        assert ("/v1/models", 200, "GET") == (listed["path"], listed["status"], listed["method"])
        assert "/console/enter" == link["path"]

    play(tmp_path, story)


def test_a_client_that_left_has_its_line(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        _, key = await house.add_token()
        house.upstream.queue = [(200, [*streamed("some", "words", usage=None)[:3], asyncio.Event()])]
        call = house.ask(key, stream=True)
        await call.until(lambda: call.pieces)
        call.leave()
        await call.served()
        (line,) = lines_of(logged)
        assert ("client_gone", 200) == (line["outcome"], line["status"])

    play(tmp_path, story)


def test_neither_keys_nor_texts_are_in_a_line(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    secret = "a-SECRET-that-nobody-else-knows-01"

    async def story(house: House) -> None:
        await house.add_channel(keys=[secret])
        _, key = await house.add_token()
        body = chat_request(user=secret, metadata={secret: secret}, messages=[{"role": "user", "content": secret}])
        headers = [("user-agent", secret), ("referer", secret), ("traceparent", secret), ("x-aihub-tags", secret)]
        await post(CHAT, key, body, headers).start(house.app).served()
        await get(f"/v1/models/{key}", key, headers, query=f"key={secret}").start(house.app).served()
        await get(f"/v1/{secret}/x").start(house.app).served()
        await get(f"/console/invitation/{secret}").start(house.app).served()
        call = get("/v1/models", key)
        call.method = secret
        await call.start(house.app).served()
        lines = lines_of(logged)
        assert 5 == len(lines)
        for line in lines:
            assert [] == [word for word in (secret, key, key.removeprefix("sk-")) if word in str(line)], line

    play(tmp_path, story)


def test_what_balancers_and_monitoring_ask_has_no_line(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        for path in ("/healthz", "/readyz", "/metrics"):
            await house.get(path)
        assert [] == lines_of(logged)

    play(tmp_path, story)


def test_an_upstream_is_told_of_a_trace_only_where_that_is_wanted(tmp_path: Path) -> None:
    seen: list[dict[bytes, bytes]] = []
    send = Transport.send

    async def noting(self: Transport, method: str, url: str, headers: Any, *rest: Any) -> Any:
        seen.append(dict(headers))
        return await send(self, method, url, headers, *rest)

    async def story(house: House) -> None:
        await house.add_channel()
        _, key = await house.add_token()
        house.upstream.queue = [(500, [b"{}"])]
        await post(CHAT, key, chat_request(), [("traceparent", WELL)]).start(house.app).served()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "send", noting)
        play(tmp_path / "a", story, pass_traceparent=True)
        play(tmp_path / "b", story, pass_traceparent=False)
    told = [headers.get(b"traceparent") for headers in seen]
    assert [True, True, False, False] == [value is not None for value in told]
    assert told[0] == told[1]
    assert re.fullmatch(rf"00-{TRACE_ID}-[0-9a-f]{{16}}-01", (told[0] or b"").decode())


def test_what_is_known_of_requests_that_never_end_does_not_grow() -> None:
    watch = RequestWatch(ManualClock(), pass_on=False)
    for number in range(MOST_KEPT + 5):
        exchange = Exchange({"headers": []}, None, None, str(number), 0.0, "")  # type: ignore[arg-type]
        watch.refused(exchange, Unauthenticated())
    assert MOST_KEPT == len(watch._refused)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/console/invitation/abc", "/console/invitation"),
        ("/api/admin/tokens/tok_1/rotate", "/api/admin/tokens"),
        ("/openapi.json", "/openapi.json"),
        ("/docs/models/x", "/docs/models"),
        ("/console", "/console"),
    ],
)
def test_a_path_is_told_without_what_may_be_secret(path: str, told: str) -> None:
    assert told == told_path(path)


def entry(message: str, fields: dict[str, Any]) -> logging.LogRecord:
    """A line of the log to be."""
    record = logging.LogRecord(REQUESTS, logging.INFO, __file__, 1, "%s", (message,), None)
    record.__dict__["fields"] = fields
    return record


@given(TEXT, st.dictionaries(st.sampled_from(["model", "path", "token"]), TEXT | st.integers()))
def test_whatever_is_in_it_a_json_entry_is_one_line_that_says_it(message: str, fields: dict[str, Any]) -> None:
    line = JsonLine().format(entry(message, fields))
    assert ([line], True, True) == (line.splitlines(), line.isprintable(), line.isascii())
    assert {"message": message, **fields} == {name: json.loads(line)[name] for name in ("message", *fields)}


@given(st.dictionaries(st.sampled_from(["model", "path", "token"]), TEXT))
def test_whatever_is_in_it_a_text_entry_is_one_line_with_the_same_fields(fields: dict[str, Any]) -> None:
    """No value ends its own quotes and begins another field."""
    line = OneLine().format(entry("request", fields))
    assert ([line], True) == (line.splitlines(), line.isprintable())
    told = re.findall(r' (\w+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)', line.partition(": request")[2])
    assert fields == {name: json.loads(value) if value.startswith('"') else value for name, value in told}
    assert line.endswith("".join(f" {name}={value}" for name, value in told))


def test_a_traceback_is_part_of_its_json_entry() -> None:
    try:
        int("x")
    except ValueError as error:
        record = logging.LogRecord(
            "a", logging.ERROR, __file__, 1, "failed", (), (ValueError, error, error.__traceback__)
        )
    line = JsonLine().format(record)
    assert (1, True) == (len(line.splitlines()), "ValueError" in json.loads(line)["traceback"])


def test_a_plain_line_can_be_taken_apart_like_a_command() -> None:
    line = OneLine().format(entry("request", {"status": 200, "channel": "my channel", "model": "gpt-4.1"}))
    assert ["request", "status=200", "channel=my channel", "model=gpt-4.1"] == shlex.split(line)[-4:]


def test_a_log_that_takes_nothing_delays_nobody_and_says_how_much_it_missed() -> None:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(2)
    handler = Dropping(waiting)
    for number in range(5):
        handler.handle(entry("request", {"number": number}))
    taken = [waiting.get_nowait() for _ in range(2)]
    handler.handle(entry("request", {"number": 5}))
    assert [{"number": 0}, {"number": 1}] == [record.__dict__["fields"] for record in taken]
    assert {"number": 5, "lost_lines": 3} == waiting.get_nowait().__dict__["fields"]


def test_all_lines_are_written_at_the_end_and_nothing_stays_behind(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger(REQUESTS)
    stream: list[str] = []
    root = logging.Handler()
    root.emit = lambda record: stream.append(str(record.__dict__["fields"]["number"]))  # type: ignore[method-assign]
    logging.getLogger().addHandler(root)
    try:
        with requests_beside(wanted=True):
            for number in range(100):
                logger.info("request", extra={"fields": {"number": number}})
    finally:
        logging.getLogger().removeHandler(root)
    assert [str(number) for number in range(100)] == stream
    assert ([], True) == (logger.handlers, logger.propagate)


def play(directory: Path, story: Any, **settings: Any) -> None:
    """Play a story in a gateway that logs its requests."""
    directory.mkdir(mode=0o700, exist_ok=True)

    async def all_of_it() -> None:
        async with watched(directory, **{"log_requests": True, **settings}) as scene:
            await story(scene.house)

    asyncio.run(all_of_it())
