"""Whatever is set up and asked, in whatever order, a restart or a kill changes no answer, list, balance or price.

A price that had come back from the database could not be hashed, and every priced model answered 500 after a restart;
thousands of tests had never restarted anything. So this one does nothing else: hypothesis makes up a day of an
operator's and asks everything twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.gateway import Gateway, serving
from tests.support.process import Home
from tests.support.upstream.answers import error_answer, healthy, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step

pytestmark = pytest.mark.slow

OPEN: Mapping[str, object] = {"admin_failures_per_minute": 0, "auth_failures_per_minute": 0, "fault_cooldown": 0.1}
"""Fixed by the environment; what the operator may set while it runs is left to the operator."""
REFUSED_KEY = "refused-upstream-key"
LISTS = (
    "/tokens",
    "/channels",
    "/aliases",
    "/prices",
    "/models",
    "/settings",
    "/strategies",
    "/usage?by=token",
    "/usage?by=model",
    "/usage?by=channel",
    "/usage?by=day",
    "/records",
)
SURFACES: Mapping[str, Mapping[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 20},
    "/v1/messages": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 20},
    "/v1/responses": {"input": "Hi", "max_output_tokens": 20},
    "/v1/embeddings": {"input": "Hi"},
    "/v1/rerank": {"query": "Hi", "documents": ["a", "b"]},
}
NEW_IN_EVERY_ANSWER = frozenset({"id", "request_id", "created", "created_at", "completed_at"})
OF_THE_MOMENT = frozenset({"state", "list_error"})
"""How a channel does is learned anew after a start: that is health, and no configuration."""
AMOUNTS = st.sampled_from(["0", "0.10", "2.5", "15"])
NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta", "openai/epsilon"])


def answer(request: Request) -> list[Step]:
    """An upstream that knows every endpoint, and one key that it refuses."""
    if request.header("authorization") == f"Bearer {REFUSED_KEY}":
        return error_answer(401, "Incorrect API key provided.", "invalid_api_key")
    if request.path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}]
        usage = {"prompt_tokens": 7, "total_tokens": 7}
        return json_answer(200, {"object": "list", "data": data, "model": "upstream-model", "usage": usage})
    if request.path.endswith("/rerank"):
        results = [{"index": 0, "relevance_score": 0.5}]
        return json_answer(
            200, {"model": "upstream-model", "results": results, "meta": {"billed_units": {"search_units": 1}}}
        )
    return healthy(request)


class Day(RuleBasedStateMachine):
    """An operator's day on one data directory, over the admin API and every surface."""

    tokens: Bundle[str] = Bundle("tokens")
    """Names."""
    channels: Bundle[str] = Bundle("channels")

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.process = ExitStack()
        self.keys: dict[str, str] = {}
        self.numbers = iter(range(1, 10_000))

    @initialize()
    def begin(self) -> None:
        directory = self.open.enter_context(tempfile.TemporaryDirectory())
        self.upstream = self.open.enter_context(Upstream(answer))
        self.home = Home(Path(directory) / "data", OPEN)
        self.start()
        self.admin("PUT", "/strategies", {"strategy": "priority"})

    def teardown(self) -> None:
        self.process.close()
        self.open.close()

    def start(self) -> None:
        self.gateway: Gateway = self.process.enter_context(serving(self.home))

    def admin(self, method: str, path: str, body: object = None) -> Any:
        reply = self.gateway.admin(method, path, body)
        assert reply.status < 500, (method, path, body, reply.body)
        return reply.json()

    # What an operator does

    @rule(
        target=tokens,
        quota=st.sampled_from([None, "0", "1000"]),
        budget=st.sampled_from([None, "500/day", "0/week", "100.5/month"]),
        models=st.sampled_from([None, ["alpha", "b*"], ["*"]]),
        rpm=st.sampled_from([None, 0, 10_000]),
        more=st.sampled_from([{}, {"tpm": 10_000_000}, {"concurrency": 3}, {"expires": "30d"}, {"group": "other"}]),
    )
    def create_token(
        self, quota: str | None, budget: str | None, models: list[str] | None, rpm: int | None, more: dict[str, Any]
    ) -> str:
        name = f"token-{next(self.numbers)}"
        body = {"name": name, "quota": quota, "budget": budget, "models": models, "rpm": rpm, **more}
        self.keys[name] = self.admin("POST", "/tokens", body)["key"]
        return name

    @rule(
        token=tokens,
        change=st.sampled_from(
            [{"quota": "2000"}, {"quota": None}, {"budget": "1/day"}, {"models": ["gamma"]}, {"rpm": 0}]
        ),
    )
    def change_token(self, token: str, change: dict[str, Any]) -> None:
        self.admin("PATCH", f"/tokens/{token}", change)

    @rule(token=tokens, verb=st.sampled_from(["enable", "disable"]))
    def switch_token(self, token: str, verb: str) -> None:
        self.admin("POST", f"/tokens/{token}/{verb}")

    @rule(token=tokens)
    def rotate_token(self, token: str) -> None:
        self.keys[token] = self.admin("POST", f"/tokens/{token}/rotate")["key"]

    @rule(token=consumes(tokens))
    def delete_token(self, token: str) -> None:
        self.admin("DELETE", f"/tokens/{token}")
        del self.keys[token]

    @rule(
        target=channels,
        model=NAMES,
        provider=st.sampled_from(["openai", "deepseek", "vllm"]),
        keys=st.sampled_from([["good-upstream-key"], [REFUSED_KEY], [REFUSED_KEY, "good-upstream-key"]]),
        more=st.sampled_from(
            [
                {},
                {"priority": 5},
                {"weight": 7},
                {"group": "other"},
                {"cost": "upstream"},
                {"clocks": {"first_byte": 3.5}},
            ]
        ),
    )
    def create_channel(self, model: str, provider: str, keys: list[str], more: dict[str, Any]) -> str:
        name = f"channel-{next(self.numbers)}"
        models = [f"{model}=upstream-model"]
        body = {
            "name": name,
            "provider": provider,
            "base_url": self.upstream.url,
            "keys": keys,
            "models": models,
            **more,
        }
        self.admin("POST", "/channels", body)
        return name

    @rule(
        channel=channels,
        change=st.sampled_from([{"priority": 9}, {"weight": 0}, {"models": ["beta", "gamma=upstream-model"]}]),
    )
    def change_channel(self, channel: str, change: dict[str, Any]) -> None:
        self.admin("PATCH", f"/channels/{channel}", change)

    @rule(channel=channels, verb=st.sampled_from(["enable", "disable"]))
    def switch_channel(self, channel: str, verb: str) -> None:
        self.admin("POST", f"/channels/{channel}/{verb}")

    @rule(channel=consumes(channels))
    def delete_channel(self, channel: str) -> None:
        self.admin("DELETE", f"/channels/{channel}")

    @rule(alias=st.sampled_from(["fast", "smart", "beta"]), model=NAMES)
    def set_alias(self, alias: str, model: str) -> None:
        self.gateway.admin("POST", "/aliases", {"alias": alias, "model": model})

    @rule(alias=st.sampled_from(["fast", "smart", "beta"]))
    def delete_alias(self, alias: str) -> None:
        self.admin("DELETE", f"/aliases/{alias}")

    @rule(
        model=NAMES,
        rates=st.fixed_dictionaries(
            {"input": AMOUNTS, "output": AMOUNTS},
            optional={
                **dict.fromkeys(("cache_read", "cache_write", "reasoning"), AMOUNTS),
                **dict.fromkeys(("search", "image", "minute", "characters", "audio_input", "image_output"), AMOUNTS),
            },
        ),
    )
    def set_price(self, model: str, rates: dict[str, str]) -> None:
        self.admin("POST", "/prices", {"model": model, **rates})

    @rule(model=NAMES)
    def adopt_price(self, model: str) -> None:
        self.admin("POST", f"/prices/adopt/{model}")

    @rule(
        model=NAMES,
        part=st.sampled_from(
            [{"above": 2}, {"above": 9}, {"at": "01:00-23:00"}, {"at": "23:30-00:30", "weekdays": True}]
        ),
        rate=AMOUNTS,
    )
    def set_part_of_a_price(self, model: str, part: dict[str, Any], rate: str) -> None:
        self.admin("POST", "/prices", {"model": model, "input": rate, "output": rate, **part})

    @rule(model=NAMES, part=st.sampled_from(["above=2", "above=9", "at=01:00-23:00", "at=23:30-00:30"]))
    def delete_part_of_a_price(self, model: str, part: str) -> None:
        self.admin("DELETE", f"/prices/{model}?{part}")

    @rule(model=NAMES)
    def delete_price(self, model: str) -> None:
        self.admin("DELETE", f"/prices/{model}")

    @rule(model=st.sampled_from([None, "alpha", "beta"]), strategy=st.sampled_from(["cheapest", "priority", "sticky"]))
    def set_strategy(self, model: str | None, strategy: str) -> None:
        self.admin("PUT", "/strategies", {"strategy": strategy, **({"model": model} if model else {})})

    @rule(
        change=st.sampled_from(
            [
                {"rpm": 5000},
                {"rpm": None},
                {"max_attempts": 2},
                {"retention_days": 400},
                {"public_url": "https://ai.test"},
                {"public_url": None},
                {"max_in_flight": 50},
            ]
        )
    )
    def change_settings(self, change: dict[str, Any]) -> None:
        self.admin("PATCH", "/settings", change)

    # What clients do

    @rule(
        token=tokens, model=NAMES | st.sampled_from(["fast", "smart", "demo"]), path=st.sampled_from(sorted(SURFACES))
    )
    def ask(self, token: str, model: str, path: str) -> None:
        self.post(token, model, path)

    @rule(token=tokens, model=NAMES | st.just("demo"))
    def ask_for_a_stream(self, token: str, model: str) -> None:
        body = {**SURFACES["/v1/chat/completions"], "model": model, "stream": True}
        assert self.gateway.post(body, key=self.keys[token]).status < 500 or model != "demo"

    def post(self, token: str, model: str, path: str) -> tuple[int, object]:
        """Status, and the body without what is new in every answer."""
        reply = self.gateway.post({**SURFACES[path], "model": model}, path, key=self.keys[token])
        assert reply.status != 500, (path, model, reply.body)
        return reply.status, _without(NEW_IN_EVERY_ANSWER, reply.json())

    # What must not change

    def seen(self) -> dict[str, Any]:
        """All that an operator and every client can see, but for what happens to be the case at the moment."""
        lists = {path: _without(OF_THE_MOMENT, self.admin("GET", path)) for path in LISTS}
        for token, key in self.keys.items():
            for path in ("/v1/models", "/v1/key", "/v1/dashboard/billing/usage", "/v1/dashboard/billing/subscription"):
                lists[f"{token} {path}"] = _without(OF_THE_MOMENT, self.gateway.get(path, key=key).json())
        return lists

    def answers(self) -> dict[tuple[str, str, str], tuple[int, object]]:
        """Every token's answer for every model it might ask, on every surface in turn."""
        names = [*(model["id"] for model in self.admin("GET", "/models")["models"]), "fast", "nobody-offers-this"]
        paths = sorted(SURFACES)
        wanted = [
            (token, model, paths[(place + step) % len(paths)])
            for step, token in enumerate(self.keys)
            for place, model in enumerate(names)
        ]
        return {each: self.post(*each) for each in wanted}

    @precondition(lambda self: self.keys)
    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        self.answers()  # every key that an upstream refuses is out afterwards
        answers, before, day = self.answers(), self.seen(), today()
        if killed:
            self.gateway.process.kill()
        self.process.close()
        self.start()
        after = self.seen()
        if day == today():  # budgets refill at midnight
            assert before == after
            assert answers == self.answers()


def today() -> date:
    """The UTC day."""
    return datetime.now(UTC).date()


def _without(names: frozenset[str], value: Any) -> Any:
    """Decoded JSON without some of its fields."""
    if isinstance(value, dict):
        return {key: _without(names, inner) for key, inner in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(names, inner) for inner in value]
    return value


def test_a_restart_changes_no_answer_list_balance_or_price() -> None:
    """Without shrinking, which starts hundreds of gateways: the steps that failed are printed as they were."""
    run_state_machine_as_test(
        Day,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            print_blob=True,
        ),
    )
