"""A gateway that runs takes in what one-api and new-api had, and their clients go on with the keys that they have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from openai import OpenAI

from aihub_lite.config import DATABASE
from tests.moving.peers import PEERS, expected, requires_peers
from tests.support.gateway import Gateway, eventually, serving
from tests.support.process import Home
from tests.support.upstream.scripted import Upstream

pytestmark = requires_peers
VERIFIED: dict[str, dict[str, int]] = {
    "one-api": expected("one-api").get("verified", {}),
    "new-api": expected("new-api").get("verified_status_of_one_call_gpt-4o", {}),
}
"""What each program itself answered to one call with each key, by `user/token`."""
NAMES = [(program, name) for program, names in VERIFIED.items() for name in names]


@attrs.frozen
class Moved:
    """A gateway that has moved in, with all its channels of OpenAI's leading to an upstream on loopback."""

    gateway: Gateway
    upstream: Upstream
    program: str
    printed: str

    def key(self, name: str) -> str:
        """The key of a token, as it was handed out there."""
        user, _, token = name.partition("/")
        facts = expected(self.program)["tokens"]
        return str(next(fact["key"] for fact in facts if (fact["user"], fact["name"]) == (user, token)))

    def chat(self, key: str, model: str = "gpt-4o", **fields: Any) -> int:
        """The status of one call."""
        return self.gateway.chat(model, key=key, **fields).status


@pytest.fixture(scope="module", params=["beside a server", "without one"])
def beside(request: pytest.FixtureRequest) -> bool:
    """Whether the gateway ran when all of it arrived."""
    return bool(request.param == "beside a server")


@pytest.fixture(scope="module")
def both(beside: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Moved]]:
    """One gateway for each program's database."""
    with Upstream() as upstream, ExitStack() as gateways:
        moved: dict[str, Moved] = {}
        for program in VERIFIED:
            home = Home(tmp_path_factory.mktemp(program) / "data")
            command = ("import", program, str(PEERS / program / f"{program}.db"))
            printed = ""
            if not beside:
                printed = home.cli(*command).stdout
            gateway = gateways.enter_context(serving(home))
            printed = printed or home.cli(*command).stdout
            repoint(gateway, upstream)
            moved[program] = Moved(gateway, upstream, program, printed)
        yield moved


def repoint(gateway: Gateway, upstream: Upstream) -> None:
    """Let every channel that speaks as OpenAI does lead to the upstream."""
    for channel in gateway.admin("GET", "/channels?limit=100").json()["channels"]:
        if channel["type"] in ("openai", "deepseek", "openrouter"):
            body = {"base_url": upstream.url, "type": "openai", "proxy": "direct"}
            answer = gateway.admin("PATCH", f"/channels/{channel['id']}", body)
            assert 200 == answer.status, answer.body


@pytest.mark.parametrize(("program", "name"), NAMES)
def test_every_token_is_answered_with_its_old_key_as_it_was_there(
    both: dict[str, Moved], program: str, name: str
) -> None:
    """A user who was disabled or deleted was refused with 403 there; here with the 401 of a key that opens nothing."""
    there = VERIFIED[program][name]
    moved = both[program]
    here = moved.chat(moved.key(name))
    refused_for_its_user = there == 403 and not name.endswith("/lan-only")
    assert here == (401 if refused_for_its_user else there)


@pytest.mark.parametrize("program", VERIFIED)
def test_openais_client_calls_with_the_old_key_streamed_and_whole(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    messages: list[Any] = [{"role": "user", "content": "hello"}]
    with OpenAI(base_url=f"{moved.gateway.url}/v1", api_key=moved.key("alice/limited"), max_retries=0) as client:
        whole = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
        chunks = client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert whole.choices[0].message.content == text != ""


@pytest.mark.parametrize("program", VERIFIED)
def test_a_key_may_have_a_channels_id_after_it_or_no_sk_before_it(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    key = moved.key("root/unlimited")
    forms = [f"{key}-1", f"{key}-1-2", key.removeprefix("sk-"), f"{key.removeprefix('sk-')}-7"]
    assert [200] * 4 == [moved.chat(form) for form in forms]


@pytest.mark.parametrize("program", VERIFIED)
def test_part_of_a_key_opens_nothing(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    key = moved.key("root/unlimited")
    forms = [key[:-1], f"{key}x", f"sk-{key}", f"x-{key}", "sk-", "sk--1"]
    assert [401] * 6 == [moved.chat(form) for form in forms]


@pytest.mark.parametrize("program", VERIFIED)
def test_a_token_may_use_its_models_and_its_groups_channels_alone(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    assert [403, 200] == [moved.chat(moved.key("bob/models-only"), model) for model in ("deepseek-chat", "gpt-4o")]
    served = moved.chat(moved.key("alice/limited"), "house-model")
    hidden = moved.chat(moved.key("bob/models-only"), "house-model")
    assert (200, 403) == (served, hidden)


@pytest.mark.parametrize("program", VERIFIED)
def test_a_call_costs_what_it_cost_there_and_takes_it_from_what_was_left(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    before = _spent(moved, "limited")
    assert 200 == moved.chat(moved.key("alice/limited"), "house-model")
    record = moved.gateway.admin("GET", "/requests?model=house-model&limit=1").json()["requests"][0]
    fact = expected(program)["prices"].get("house-model") or expected(program)["prices"]["Qwen/Qwen2.5-72B-Instruct"]
    rates = fact["usd_per_million"]["default"]
    cost = (record["prompt_tokens"] * rates["input"] + record["completion_tokens"] * rates["output"]) / 1_000_000
    assert record["cost_usd"] == pytest.approx(cost, abs=1e-9) and cost > 0
    assert _spent(moved, "limited") == pytest.approx(before + cost, abs=1e-9)


def _spent(moved: Moved, token: str) -> float:
    answer = moved.gateway.admin("GET", f"/tokens/{token}").json()
    return float(answer["spent_usd"])


@pytest.mark.parametrize("program", VERIFIED)
def test_statistics_show_what_was_before_the_move_and_where_it_is_from(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    answer = moved.gateway.home.cli("usage", "--tag", f"from-{program}", "--since", "3650d", "--json")
    consumed = expected(program)["logs"]["consume"]
    rows = answer.json()
    assert consumed["usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
    assert consumed["rows"] == sum(row["requests"] - row["errors"] for row in rows)


@pytest.mark.parametrize("program", VERIFIED)
def test_a_second_import_beside_the_running_server_changes_nothing(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    paths = ("/channels?limit=100", "/tokens?limit=100", "/people", "/pots", "/prices?limit=100")
    before = [moved.gateway.admin("GET", path).json() for path in paths]
    again = moved.gateway.home.cli("import", program, str(PEERS / program / f"{program}.db"))
    assert (0, "") == (again.code, again.stderr)
    assert before == [moved.gateway.admin("GET", path).json() for path in paths]
    assert "→ token" not in again.stdout
    assert "moved before" in again.stdout


@pytest.mark.parametrize("program", VERIFIED)
def test_no_secret_is_printed_or_logged(both: dict[str, Moved], program: str) -> None:
    moved = both[program]
    facts = expected(program)
    secrets = [token["key_stored"] for token in facts["tokens"]] + ["proxy-pass"]
    for channel in facts["channels"]:
        secrets += [key if isinstance(key, str) else key["key"] for key in channel["keys"]]
    audit = moved.gateway.home.cli("audit", "list", "--json").stdout
    seen = moved.printed + moved.gateway.process.output + audit
    assert "import_everything" in audit
    assert [] == [secret for secret in secrets if secret in seen]


def test_a_dry_run_says_all_and_changes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    database = str(PEERS / "new-api" / "new-api.db")
    with serving(home) as gateway:
        before = gateway.admin("GET", "/tokens").json()
        dry = home.cli("import", "new-api", database, "--dry-run")
        assert before == gateway.admin("GET", "/tokens").json()
        wet = home.cli("import", "new-api", database)
    assert dry.stdout.splitlines()[:-1] == wet.stdout.splitlines()[:-1]
    assert ("would come along", "are here") == tuple(
        " ".join(text.stdout.splitlines()[-1].split(",")[0].split()[4:]) for text in (dry, wet)
    )


ENDLESS = """
CREATE TRIGGER endless BEFORE INSERT ON usage_records BEGIN
    SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n);
END
"""
"""People, tokens, channels and prices are written by then, within the same transaction."""


def test_a_gateway_that_is_killed_in_the_middle_of_an_import_has_nothing_of_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    database = str(PEERS / "one-api" / "one-api.db")
    with serving(home) as gateway, _other(home) as other:
        other.execute(ENDLESS)
        with home.process("import", "one-api", database) as command:
            eventually(lambda: _is_being_written(other), lambda: "the import does not write")
            gateway.process.kill()
            assert 0 != command.wait(60)
    with _other(home) as other:
        other.execute("DROP TRIGGER endless")
    with serving(home) as gateway:
        assert [] == gateway.admin("GET", "/people").json()["people"]
        assert 0 == home.cli("import", "one-api", database).code
        assert 4 == len(gateway.admin("GET", "/people").json()["people"])


def _other(home: Home) -> closing[sqlite3.Connection]:
    """The database beside the gateway, without patience."""
    return closing(sqlite3.connect(home.directory / DATABASE, isolation_level=None, timeout=0))


def _is_being_written(other: sqlite3.Connection) -> bool:
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    other.execute("ROLLBACK")
    return False
