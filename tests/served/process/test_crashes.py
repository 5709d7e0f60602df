"""A gateway that is killed at any moment loses nothing that it delivered and keeps nothing on hold (T-54)."""

from __future__ import annotations

import random
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import attrs
import pytest

from tests.support.gateway import Gateway, running
from tests.support.process import SCALED, Home

LOOPS = 100
"""As T-54 asks: two minutes on two cores."""
CLIENTS = 4
START_WITHIN = 2.0
BODY = '{"model": "demo", "stream": %s, "messages": [{"role": "user", "content": "Hello!"}]}'


@attrs.define
class Load:
    """Clients that call until the gateway is gone, and the ids of the requests whose last byte they got."""

    gateway: Gateway
    delivered: list[str] = attrs.field(factory=list)
    first: threading.Event = attrs.field(factory=threading.Event)

    def start(self) -> list[threading.Thread]:
        """Half of the clients stream."""
        threads = [threading.Thread(target=self._call, args=(number % 2,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _call(self, stream: int) -> None:
        host = self.gateway.url.removeprefix("http://")
        connection = HTTPConnection(host, timeout=5)
        try:
            while True:
                connection.request(
                    "POST", "/v1/chat/completions", BODY % ("true" if stream else "false"), self.gateway.headers()
                )
                answer = connection.getresponse()
                complete = answer.read().endswith(b"data: [DONE]\n\n") or not stream
                if answer.status == 200 and complete:
                    self.delivered.append(str(answer.headers["x-request-id"]))
                    self.first.set()
        except (OSError, HTTPException):
            return
        finally:
            connection.close()


@pytest.mark.slow
def test_a_kill_loses_a_delivered_answer_or_leaves_money_on_hold(tmp_path: Path) -> None:
    rng = random.Random(54)
    home = Home(tmp_path / "data", SCALED)
    delivered: list[str] = []
    for _ in range(LOOPS):
        began = time.monotonic()
        with running(home) as gateway:
            assert time.monotonic() - began < START_WITHIN
            load = Load(gateway)
            threads = load.start()
            load.first.wait(5)
            # The moment of the kill is what is tried out: there is nothing to wait for.
            time.sleep(rng.uniform(0, 0.5))
            gateway.process.kill()
            for thread in threads:
                thread.join()
            delivered += load.delivered
    with running(home) as gateway:
        booked = {record.request_id for record in gateway.books.records()}
        assert [] == [request_id for request_id in delivered if request_id not in booked]
        assert [] == gateway.books.holds()
        assert [] == gateway.books.imbalances()
        assert "ok" == gateway.books.integrity()
        assert {"interrupted"} <= {record.outcome for record in gateway.books.records()}
