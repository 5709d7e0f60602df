"""Facts to the file to facts is the identity, of whatever gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aihub_lite.config import Settings
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.rehearsal.rehearsal import Rehearsal
from aihub_lite.web.configuration.applying import apply_all
from aihub_lite.web.configuration.reading import document_of
from aihub_lite.web.configuration.writing import export_text
from tests.support.examples import examples

NAMES = st.sampled_from(["a", "b-1", "C c", "d.e", "é", "x" * 64, '0"q', "h"])
MODELS = ["m", "m-2", "vendor/m.3", "org:x"]
AMOUNTS = st.decimals(0, 1000, places=9).map(lambda amount: f"{amount:f}")
COUNTS = st.integers(1, 10**9)
BUDGETS = st.lists(st.sampled_from(["5/day", "20/30d", "0.5/5h", "m*=1/week", "tag:ci=2/hour"]), unique=True)


def table(required: dict[str, Any] | None = None, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A table that has some of the fields."""
    return st.fixed_dictionaries(required or {}, optional=fields)


def tables(of: st.SearchStrategy[Any], names: st.SearchStrategy[str] = NAMES) -> st.SearchStrategy[Any]:
    """Some tables by name."""
    return st.dictionaries(names, of, max_size=3)


RATES = dict.fromkeys(("cache_read", "reasoning", "audio_input", "image"), AMOUNTS)
TWO = {"input": AMOUNTS, "output": AMOUNTS}
DOCUMENTS = st.fixed_dictionaries(
    {
        "settings": table(
            rpm=st.integers(0, 100), queue_timeout=st.floats(0, 600), docs=st.sampled_from(["off", "public"])
        ),
        "gateway": table(budgets=BUDGETS),
        "teams": tables(table(budgets=BUDGETS)),
        "people": tables(
            table(
                role=st.sampled_from(["owner", "admin", "member"]),
                enabled=st.booleans(),
                most_tokens=st.integers(0, 99),
                token_models=st.lists(st.sampled_from(["m*", "x"]), unique=True),
                budgets=BUDGETS,
            )
        ),
        "channels": tables(
            table(
                {
                    "type": st.just("vllm"),
                    "base_url": st.just("http://127.0.0.1:9/v1"),
                    "models": st.lists(st.sampled_from([*MODELS, "z=up-z", "p-*=up/*"]), min_size=1, unique=True),
                },
                keys=st.lists(st.sampled_from(["env:A", "env:B"]), unique=True),
                enabled=st.booleans(),
                priority=st.integers(-5, 5),
                weight=COUNTS,
                rpm=COUNTS,
                budget=st.just("3/week"),
                clocks=table(connect=st.floats(0.001, 86_400), idle=st.integers(1, 100)),
                headers=st.just(["x-a=env:A"]),
                set_params=st.just(['a.b={"c":[1,"d"]}']),
                system_prefix=st.sampled_from(["Be kind.", 'Two\nlines "x" \\ \t.', "é"]),
            )
        ),
        "strategies": st.dictionaries(st.sampled_from(["*", *MODELS]), st.sampled_from(["cheapest", "sticky"])),
        "models": tables(table({"context_length": COUNTS}, can=st.just(["tools"])), st.sampled_from(MODELS)),
        "prices": tables(
            table(
                TWO,
                **RATES,
                web_search=AMOUNTS,
                tiers=st.just([{"above": 1000, "input": "1", "output": "2"}]),
                hours=st.just([{"at": "22:00-06:00", "weekdays": True, "input": "0.1", "output": "0.2"}]),
                services=st.just({"flex": {"input": "0.5", "output": "1"}}),
            ),
            st.sampled_from(MODELS),
        ),
        "tokens": tables(
            table(
                group=st.sampled_from(["default", "cheap"]),
                enabled=st.booleans(),
                quota=AMOUNTS,
                budget=st.sampled_from(["5/day", "0.000000001/month"]),
                budgets=BUDGETS,
                models=st.lists(st.sampled_from(["m*", "x"]), unique=True),
                expires=st.sampled_from(["2099-01-31", "2020-01-01T00:00:00Z"]),
                rpm=st.integers(0, 10**9),
                concurrency=COUNTS,
                allow_ips=st.just(["10.0.0.0/8", "::1"]),
            )
        ),
    }
)


async def is_itself(gateway: Gateway, text: str) -> None:
    """Of a gateway that such a file makes: its file makes the same one, and changes nothing of it."""
    one = Rehearsal.of(gateway)
    await apply_all(one.gateway, document_of(text))
    written = export_text(one.gateway)
    two = Rehearsal.of(gateway)
    await apply_all(two.gateway, document_of(written))
    assert written == export_text(two.gateway)
    with one.compared() as differences:
        await apply_all(one.gateway, document_of(written))
    assert [] == differences
    assert written == export_text(one.gateway)


def test_a_gateway_made_of_its_own_file_is_the_same_gateway(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        opening = open_gateway(Settings(data_dir=tmp_path), {})
        gateway = runner.run(opening.__aenter__())
        try:

            @settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
            @given(DOCUMENTS)
            def same(document: dict[str, Any]) -> None:
                runner.run(is_itself(gateway, tomli_w.dumps(document)))

            same()
        finally:
            runner.run(opening.__aexit__(None, None, None))
