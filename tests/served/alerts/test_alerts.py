"""A running gateway tells of trouble by itself, and a restart repeats none of it."""

from __future__ import annotations

from tests.support.canaries import KEY_CANARY, PROMPT_CANARY
from tests.support.gateway import Gateway, unique
from tests.support.upstream.answers import error_answer, json_answer
from tests.support.upstream.scripted import Upstream


def test_a_refused_key_is_told_once_and_not_again_after_a_restart(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("channel")
    with Upstream(json_answer(200, {})) as receiver:
        body = {"name": unique("ops"), "url": f"http://127.0.0.1:{receiver.port}/hook", "events": ["key"]}
        answer = gateway.admin("POST", "/alerts", body)
        assert 201 == answer.status, answer.body
        secret = answer.json()["secret"]
        model = gateway.add_channel(upstream.url, name=name)
        upstream.enqueue(error_answer(401, f"Incorrect API key: {KEY_CANARY}, you said {PROMPT_CANARY}"))
        assert 502 == gateway.chat(model).status

        def told() -> list[str]:
            alerts = [alert for request in list(receiver.requests) for alert in request.json()["alerts"]]
            return [alert["title"] for alert in alerts if name in alert["title"]]

        receiver.wait_for(lambda: bool(told()), "the alert")
        gateway.restart()
        # The next round has been made once a second trouble is told.
        second = unique("channel")
        other = gateway.add_channel(upstream.url, name=second)
        upstream.enqueue(error_answer(401, "no"))
        assert 502 == gateway.chat(other).status
        receiver.wait_for(
            lambda: any(second.encode() in request.body for request in list(receiver.requests)), "the second alert"
        )
        assert [f"Key k1 of channel {name} is out of use"] == told()
        bodies = b"".join(request.body for request in receiver.requests).decode()
        assert (False, False) == (KEY_CANARY in bodies, PROMPT_CANARY in bodies)
        assert secret not in gateway.news()
        assert 200 == gateway.admin("DELETE", f"/alerts/{body['name']}").status
