"""What a collector of OpenTelemetry gets, read by its own protocol's messages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.asgi import post
from tests.support.inprocess import CHAT, House, chat_request
from tests.telemetry.test_trace import SPAN_ID, TRACE_ID, WELL
from tests.telemetry.watched import watched

SERVER, CLIENT, ERROR = 2, 3, 2


@attrs.define
class Collector:
    """Takes what is sent; one that hangs answers nothing until it is let go on."""

    url: str = ""
    traces: list[bytes] = attrs.field(factory=list)
    metrics: list[bytes] = attrs.field(factory=list)
    asked: threading.Event = attrs.field(factory=threading.Event)
    goes_on: threading.Event = attrs.field(factory=threading.Event)

    @property
    def spans(self) -> list[Any]:
        """All spans that came."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.traces]
        return [
            span
            for each in requests
            for part in each.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]

    @property
    def points(self) -> dict[str, list[Any]]:
        """The points of each metric, as it was told last."""
        request = ExportMetricsServiceRequest.FromString(self.metrics[-1])
        found = [
            metric for part in request.resource_metrics for scope in part.scope_metrics for metric in scope.metrics
        ]
        return {metric.name: [*(metric.sum.data_points or metric.histogram.data_points)] for metric in found}


def attributes(thing: Any) -> dict[str, Any]:
    """Attributes, decoded."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in thing.attributes}


@contextmanager
def collecting(*, hangs: bool = False) -> Iterator[Collector]:
    """A collector on a port of its own."""
    collector = Collector()
    if not hangs:
        collector.goes_on.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.asked.set()
            collector.goes_on.wait(60)
            {"/v1/traces": collector.traces, "/v1/metrics": collector.metrics}[self.path].append(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        collector.goes_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


def play(directory: Path, collector: Collector, story: Any, **settings: Any) -> None:
    """Play a story in a gateway that exports; all has been sent when it returns."""

    async def all_of_it() -> None:
        async with watched(directory, otlp_endpoint=collector.url, **settings) as scene:
            await story(scene.house)

    asyncio.run(all_of_it())


async def calls(house: House) -> None:
    """Two answers, one of them by the second try, and a refusal."""
    await house.add_channel()
    await house.add_channel()
    _, key = await house.add_token()
    house.upstream.queue = [(500, [b"{}"])]
    await post(CHAT, key, chat_request(), [("traceparent", WELL)]).start(house.app).served()
    await house.ask(key, stream=True).served()
    await house.ask("sk-nobody").served()


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """What still tries to send when a gateway has ended would be in the way of other tests: it draws random numbers."""
    before = {*threading.enumerate()}
    yield
    for thread in {*threading.enumerate()} - before:
        thread.join(120)
        assert not thread.is_alive(), thread


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, what is left is sent."""
    from aihub_lite.telemetry import otlp

    monkeypatch.setattr(otlp, "LAST_WORDS", 60.0)


@pytest.mark.usefixtures("no_waiting")
def test_a_collector_gets_a_span_for_each_request_and_each_try(tmp_path: Path) -> None:
    with collecting() as collector:
        records: list[dict[str, Any]] = []

        async def story(house: House) -> None:
            await calls(house)
            records.extend(await house.records())

        play(tmp_path, collector, story)
        served = [span for span in collector.spans if span.kind == SERVER]
        tries = [span for span in collector.spans if span.kind == CLIENT]
        assert (3, 3) == (len(served), len(tries))
        first, second, refused = served
        assert (bytes.fromhex(TRACE_ID), bytes.fromhex(SPAN_ID)) == (first.trace_id, first.parent_span_id)
        assert [first.span_id, first.span_id, second.span_id] == [each.parent_span_id for each in tries]
        assert [ERROR, 0, 0] == [each.status.code for each in tries]
        for span, record in zip((first, second), records, strict=True):
            told = attributes(span)
            assert "chat model" == span.name
            assert ("chat", "model") == (told["gen_ai.operation.name"], told["gen_ai.request.model"])
            assert record["request_id"] == told["aihub.request_id"]
            assert record["cost_nano"] == told["aihub.cost_nano_usd"]
            assert (10, 5) == (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"])
            assert "lmstudio" == told["gen_ai.provider.name"]
        assert (ERROR, "invalid_api_key", b"") == (
            refused.status.code,
            attributes(refused)["error.type"],
            refused.parent_span_id,
        )


@pytest.mark.usefixtures("no_waiting")
def test_its_metrics_are_those_of_the_ledger(tmp_path: Path) -> None:
    with collecting() as collector:
        records: list[dict[str, Any]] = []

        async def story(house: House) -> None:
            await calls(house)
            records.extend(await house.records())

        play(tmp_path, collector, story)
        points = collector.points
        assert sum(each["cost_nano"] for each in records) == sum(point.as_int for point in points["aihub.cost"]) > 0
        assert 2 == sum(point.count for point in points["gen_ai.client.operation.duration"])
        tokens = {attributes(point)["gen_ai.token.type"]: 0.0 for point in points["gen_ai.client.token.usage"]}
        for point in points["gen_ai.client.token.usage"]:
            tokens[attributes(point)["gen_ai.token.type"]] += point.sum
        assert {"input": 20, "output": 10} == tokens


@pytest.mark.usefixtures("no_waiting")
def test_nothing_that_was_said_and_no_key_reaches_a_collector(tmp_path: Path) -> None:
    secret = "a-SECRET-that-nobody-knows-01"
    with collecting() as collector:
        keys: list[str] = []

        async def story(house: House) -> None:
            await house.add_channel(keys=[secret])
            token, key = await house.add_token()
            keys.extend((key, token.name))
            body = chat_request(user=secret, metadata={"a": secret}, messages=[{"role": "user", "content": secret}])
            await post(CHAT, key, body, [("user-agent", secret), ("tracestate", secret)]).start(house.app).served()

        play(tmp_path, collector, story)
        sent = b"".join((*collector.traces, *collector.metrics))
        assert [] == [word for word in (secret, *keys) if word.encode() in sent]
        assert collector.traces


@pytest.mark.usefixtures("no_waiting")
def test_a_trace_that_its_client_does_not_record_is_not_sent(tmp_path: Path) -> None:
    with collecting() as collector:

        async def story(house: House) -> None:
            await house.add_channel()
            _, key = await house.add_token()
            await post(CHAT, key, chat_request(), [("traceparent", f"{WELL[:-2]}00")]).start(house.app).served()

        play(tmp_path, collector, story)
        assert ([], True) == (collector.spans, bool(collector.metrics))


def test_a_collector_that_hangs_delays_neither_a_request_nor_the_end(tmp_path: Path) -> None:
    """It is let go on only when all is over."""
    with collecting(hangs=True) as collector:
        play(tmp_path, collector, calls)
        assert ([], []) == (collector.traces, collector.metrics)


def test_a_collector_that_is_not_there_delays_neither(tmp_path: Path) -> None:
    with collecting() as collector:
        pass
    play(tmp_path, collector, calls)
    assert [] == collector.traces
