"""Every command without a running server: what it changes, prints and exits with."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from aihub_lite import __version__
from aihub_lite.cli.base.output import amount_text, exact_text
from aihub_lite.cli.usage import FIGURES, write_csv
from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES
from aihub_lite.storage.sqlite.lock import DataLock
from tests.cli.terminal import Terminal
from tests.support.upstream.answers import error_answer, models_list
from tests.support.upstream.scripted import Upstream

CHANNEL = ("channel", "add", "one", "--type", "openai", "--base-url", "https://x.example/v1", "--models")


def test_a_token_takes_every_option(terminal: Terminal) -> None:
    terminal.ok(*CHANNEL, "m", "--key", "sk-x", "--group", "team")
    terminal.ok(
        *("token", "create", "bob", "--quota", "1.50", "--budget", "5/week", "--models", "gpt-*, demo"),
        *("--expires", "2127-01-31", "--rpm", "0", "--tpm", "1000", "--concurrency", "2"),
        *("--allow-ip", "10.0.0.0/8,::1", "--group", "team"),
    )
    shown = terminal.ok("token", "show", "bob", "--json").json

    expected = {
        "name": "bob",
        "quota": 1.5,
        "budget": "5.00/week",
        "models": ["gpt-*", "demo"],
        "expires": "2127-01-31T00:00:00Z",
        "rpm": 0,
        "tpm": 1000,
        "concurrency": 2,
        "allow_ips": ["10.0.0.0/8", "::1/128"],
        "group": "team",
    }
    assert expected == {field: shown[field] for field in expected}


def test_a_token_of_a_group_without_channels_is_told_of(terminal: Terminal) -> None:
    """`--group reserch` made a token that answered every model with 503, and nothing said why."""
    made = terminal.run("token", "create", "bob", "--group", "reserch")
    told = "aihub-lite: warning: no channel serves the group reserch yet: channel add … --group reserch\n"
    assert (0, told, True) == (made.code, made.stderr, "sk-" in made.stdout)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("AIHUB_PROT", "warning: AIHUB_PROT is not a setting; AIHUB_PORT is"),
        ("AIHUB_WHATEVER_ELSE", "warning: AIHUB_WHATEVER_ELSE is not a setting"),
    ],
)
def test_a_variable_that_is_no_setting_is_told_of(terminal: Terminal, variable: str, told: str) -> None:
    """A limit that was spelt wrong was no limit, and nobody was told."""
    listed = terminal.run("token", "list", environ={variable: "1"})
    assert (0, f"aihub-lite: {told}\n") == (listed.code, listed.stderr)


@pytest.mark.parametrize("variable", ["AIHUB_KEY", "AIHUB_ADMIN_KEY", "AIHUB_RPM"])
def test_a_variable_that_something_reads_is_not_complained_of(terminal: Terminal, variable: str) -> None:
    assert "warning" not in terminal.run("token", "list", environ={variable: "1234"}).stderr


def test_help_has_a_short_name(terminal: Terminal) -> None:
    assert terminal.ok("token", "create", "--help").stdout == terminal.ok("token", "create", "-h").stdout
    assert "--install-completion" in terminal.ok("-h").stdout


def test_the_version_is_told(terminal: Terminal) -> None:
    assert f"aihub-lite {__version__}\n" == terminal.ok("--version").stdout


def test_a_key_is_printed_by_create_and_rotate_only(terminal: Terminal) -> None:
    first = terminal.ok("token", "create", "bob", "--json").json
    second = terminal.ok("token", "rotate", "bob").stdout.split()[-1]
    later = terminal.ok("token", "show", "bob").stdout + terminal.ok("token", "list", "--json").stdout

    assert {"id", "name", "key"} <= first.keys()
    assert second.startswith("sk-")
    assert not [key for key in (first["key"], second) if key in later]


def test_every_amount_of_a_token_is_shown_in_dollars(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob", "--quota", "3", "--budget", "1/day")
    lines = terminal.ok("token", "show", "bob").stdout.splitlines()
    shown = {name.strip(): value.strip() for name, value in (line.rsplit("  ", 1) for line in lines)}

    assert ["$3.00", "$0.00", "$0.00", "$0.00", "$1.00"] == [
        shown.get(name) for name in ("quota", "spent now", "spent", "held", "left")
    ]


def test_an_amount_may_be_typed_with_its_dollar_sign(terminal: Terminal) -> None:
    """`--quota $20` was refused, in words that asked for an amount in USD."""
    terminal.ok("token", "create", "bob", "--quota", "$20", "--budget", "$2.50/day")
    terminal.ok("price", "set", "demo", "--input", "$0.15", "--output", "$ 0.6")

    assert (20, "2.50/day") == tuple(
        terminal.ok("token", "show", "bob", "--json").json[of] for of in ("quota", "budget")
    )
    assert "$2.50/day" in terminal.ok("token", "show", "bob").stdout
    assert "$0.15" in terminal.ok("price", "list", "demo").stdout


def test_an_amount_on_the_screen_is_as_the_console_shows_it() -> None:
    """The table said $65.466600 where the console said $65.47, and $0E-9 of what cost nothing."""
    assert ["$65.47", "$1,234.50", "$0.00013", "$0.00", "-"] == [
        amount_text(usd) for usd in (65.4666, 1234.5, 0.000132, 0.0, None)
    ]
    assert ["$0.075", "$2.50", "$15.00", "$0.000000001", "-"] == [
        exact_text(usd) for usd in (0.075, 2.5, 15.0, 1e-9, None)
    ]


@pytest.mark.parametrize(
    "command", ["token list", "token show bob", "price list", "model list", "usage", "route explain demo"]
)
def test_money_in_json_is_a_number_of_dollars(terminal: Terminal, command: str) -> None:
    """Some amounts were texts and some numbers: a script that added them up had to know which."""
    terminal.ok("token", "create", "bob", "--quota", "20")
    terminal.ok("price", "set", "demo", "--input", "1", "--output", "0.000000001")
    amounts = list(amounts_in(terminal.ok(*command.split(), "--json").json))

    assert all(amount is None or isinstance(amount, float) for amount in amounts)
    assert amounts or command == "usage"


def amounts_in(value: Any) -> Iterator[Any]:
    """Every amount and rate in a JSON document."""
    if isinstance(value, list):
        for item in value:
            yield from amounts_in(item)
    if isinstance(value, dict):
        for name, item in value.items():
            if name.endswith("_usd") or name in ("quota", "input", "output", *MODAL_RATES, *UNIT_RATES):
                yield item
            else:
                yield from amounts_in(item)


def test_a_token_is_switched_off_and_on_and_deleted(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob")
    states = []
    for verb in ("disable", "enable"):
        terminal.ok("token", verb, "bob")
        states.append(terminal.ok("token", "show", "bob", "--json").json["enabled"])
    terminal.ok("token", "delete", "bob")

    assert ([False, True], []) == (states, terminal.ok("token", "list", "--json").json)


def test_a_channel_asks_its_upstream_for_models(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(models_list("a", "b"))
    added = terminal.ok(
        *("channel", "add", "one", "--type", "openai", "--base-url", upstream.url, "--key", "sk-1", "--key", "env:TWO"),
        *("--priority", "3", "--weight", "2", "--group", "team", "--json"),
        environ={"TWO": "sk-two"},
    ).json

    assert (["a", "b"], 3, 2, "team") == (added["models"], added["priority"], added["weight"], added["group"])
    assert ["…", "env:TWO"] == [key["hint"] for key in added["keys"]]


def test_a_channel_whose_upstream_does_not_say_its_models_is_not_added(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(500, "oops"))
    refused = terminal.run("channel", "add", "one", "--type", "openai", "--base-url", upstream.url)

    assert (1, 1) == (refused.code, refused.stderr.count("\n"))
    assert "status 500" in refused.stderr
    assert ["demo"] == [channel["name"] for channel in terminal.ok("channel", "list", "--json").json]


def test_a_channels_key_is_nowhere_in_what_is_printed(terminal: Terminal) -> None:
    key = "sk-canary-0123456789"
    printed = [
        terminal.ok(*CHANNEL, "a,b=c", "--key", key),
        terminal.ok("channel", "show", "one"),
        terminal.ok("channel", "show", "one", "--json"),
        terminal.ok("channel", "list"),
        terminal.ok("channel", "disable", "one"),
        terminal.ok("channel", "enable", "one"),
    ]

    assert key not in "".join(command.stdout for command in printed)


def test_a_list_of_channels_says_why_keys_are_out_and_until_when(terminal: Terminal) -> None:
    """`no usable key` was all that it said."""
    until = 1_800_000_000
    terminal.run(*CHANNEL, "a", "--key", "sk-0123456789ab", "--key", "env:NOT_SET")
    spent = {"id": "k1", "ref": {"value": "sk-0123456789ab"}, "disabled": "the account is spent", "rests_until": until}
    unset = {"id": "k2", "ref": {"value": "env:NOT_SET"}}
    with closing(sqlite3.connect(terminal.directory / "aihub.db")) as database, database:
        database.execute("UPDATE channels SET keys = ? WHERE name = 'one'", (json.dumps([spent, unset]),))

    listed = terminal.ok("channel", "list").stdout
    again = "the account is spent, tried again from 2027-01-15T08:00:00Z"
    assert f"keys rest: {again}; NOT_SET is not set" in listed
    assert f"…89ab ({again})" in terminal.ok("channel", "show", "one").stdout


def test_a_channels_test_exits_1_when_no_key_works(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(401, "Incorrect API key provided"))
    terminal.ok("channel", "add", "one", "--type", "openai", "--base-url", upstream.url, "--models", "a")
    failed, passed = terminal.run("channel", "test", "one"), terminal.run("channel", "test", "one", "--json")

    assert (1, 0, True) == (failed.code, passed.code, passed.json["ok"])


def test_a_channel_is_deleted(terminal: Terminal) -> None:
    terminal.ok(*CHANNEL, "a")
    terminal.ok("channel", "delete", "one")

    assert 1 == terminal.run("channel", "show", "one").code


def test_a_preset_brings_its_address_and_variable(terminal: Terminal) -> None:
    added = terminal.ok(
        "channel", "add", "g", "--type", "groq", "--models", "m", "--json", environ={"GROQ_API_KEY": "gsk-1"}
    )

    assert "https://api.groq.com/openai/v1" == added.json["base_url"]
    assert ["env:GROQ_API_KEY"] == [key["hint"] for key in added.json["keys"]]


def test_aliases_are_set_listed_and_deleted(terminal: Terminal) -> None:
    terminal.ok("alias", "set", "my/fast", "demo")
    before = terminal.ok("alias", "list", "--json").json
    terminal.ok("alias", "delete", "my/fast")

    assert [{"alias": "my/fast", "model": "demo", "leads_to": "demo"}] == before
    assert [] == terminal.ok("alias", "list", "--json").json


def test_a_price_is_set_and_shown_for_its_model(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "0.15", "--output", "0.6", "--cache-read", "0.075")
    (shown,) = terminal.ok("price", "list", "demo", "--json").json

    assert (0.15, 0.6, 0.075, None, "operator") == tuple(
        shown[field] for field in ("input", "output", "cache_read", "cache_write", "source")
    )


def test_a_tier_of_service_is_priced_beside_its_model(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4")
    said = terminal.ok("price", "set", "demo", "--tier", "flex", "--input", "1", "--output", "2").stdout
    listed = terminal.ok("price", "list", "demo").stdout
    assert "demo at tier flex: $1" in said
    assert 1 == listed.count("demo (flex)")


def test_tools_of_a_provider_are_priced_beside_whatever_price_there_is(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4", "--file-search", "2.5")
    said = terminal.ok("price", "set", "demo", "--web-search", "10", "--request-low", "5").stdout
    (shown,) = terminal.ok("price", "list", "demo", "--json").json
    listed = terminal.ok("price", "list", "demo").stdout

    assert (
        "demo: $10.00 per 1,000 web searches, $2.50 per 1,000 file searches, $5.00 per 1,000 requests with a low"
        in said
    )
    assert (2, 4, 10, 2.5, None, 5) == tuple(
        shown[kind] for kind in ("input", "output", "web_search", "file_search", "code_session", "request_low")
    )
    assert "WEB SEARCH" in listed


def test_a_price_that_is_set_anew_leaves_that_of_tools_at_the_provider(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4", "--web-search", "10")
    terminal.ok("price", "set", "demo", "--input", "3", "--output", "4", "--file-search", "2")
    (shown,) = terminal.ok("price", "list", "demo", "--json").json

    assert (3, 10, 2) == (shown["input"], shown["web_search"], shown["file_search"])


def test_tools_of_a_provider_have_no_price_without_the_model_s(terminal: Terminal) -> None:
    for model in ("demo", "nobody"):
        refused = terminal.run("price", "set", model, "--web-search", "10")
        assert "set the price of the model itself first" in refused.stderr


def test_a_price_is_deleted_with_that_of_tools_at_the_provider(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4", "--web-search", "10")
    said = terminal.ok("price", "delete", "demo").stdout
    (shown,) = terminal.ok("price", "list", "demo", "--json").json

    assert "Price of demo deleted.\n" == said
    assert (True, None) == (shown["unpriced"], shown["web_search"])


def test_a_price_by_the_image_needs_none_by_the_token(terminal: Terminal) -> None:
    line = terminal.ok("price", "set", "demo", "--image", "0.04", "--minute", "0.006").stdout
    (shown,) = terminal.ok("price", "list", "demo", "--json").json

    assert "demo: $0.04 per image, $0.006 per minute of audio.\n" == line
    assert (0, 0.04, 0.006, None) == tuple(shown[name] for name in ("input", "image", "minute", "characters"))


def test_a_price_of_audio_tokens_is_set_and_listed(terminal: Terminal) -> None:
    kinds = [f"{kind}-{part}" for kind in ("audio", "image", "video") for part in ("input", "cache-read", "output")]
    options = [word for place, kind in enumerate(kinds, 3) for word in (f"--{kind}", str(place))]
    line = terminal.ok("price", "set", "demo", "--input", "1", "--output", "2", *options).stdout
    (shown,) = terminal.ok("price", "list", "demo", "--json").json
    table = terminal.ok("price", "list", "demo").stdout

    assert line.startswith("demo: $1.00 in, $2.00 out per million tokens, $3.00 for audio input, $4.00 for audio cache")
    assert [float(place) for place in range(3, 12)] == [shown[kind.replace("-", "_")] for kind in kinds]
    assert "AUDIO CACHE READ" in table


def test_usage_of_nothing_is_an_empty_list_in_every_form(terminal: Terminal) -> None:
    as_json = terminal.ok("usage", "--by", "token", "--since", "30d", "--json").json
    as_csv = terminal.ok("usage", "--by", "day", "--csv").stdout

    assert [] == as_json
    assert "day,requests,errors,interrupted,prompt_tokens,completion_tokens,cost_usd\n" == as_csv


def test_usage_by_two_dimensions_and_days_has_a_column_for_each(terminal: Terminal) -> None:
    as_csv = terminal.ok("usage", "--by", "user,model", "--tag", "night", "--days", "--csv").stdout
    assert "day,user,model,requests,errors,interrupted,prompt_tokens,completion_tokens,cost_usd\n" == as_csv
    assert "No requests.\n" == terminal.ok("usage", "--by", "person,team").stdout


@pytest.mark.parametrize("name", ["=1+1", "+a", "-a", "@a"])
def test_a_name_in_a_csv_file_is_no_formula(name: str) -> None:
    """A model called `=cmd|…` computed in whatever spreadsheet the bill was opened in; the console guarded its file."""
    file = io.StringIO()
    write_csv(file, ["model"], [{"model": name, **dict.fromkeys(FIGURES, 0)}])

    assert f"'{name},0,0,0,0,0,0.00" == file.getvalue().splitlines()[1]


@pytest.mark.parametrize("noun", ["token", "channel", "model", "alias", "price"])
def test_a_table_holds_no_json(terminal: Terminal, noun: str) -> None:
    assert "{" not in terminal.ok(noun, "list").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "show", "nobody"),
        ("token", "delete", "nobody"),
        ("channel", "test", "nobody"),
        ("channel", "delete", "demo"),
        ("alias", "delete", "nobody"),
        ("alias", "set", "demo", "other"),
        ("price", "list", "nobody"),
        ("token", "list", "--url", "http://127.0.0.1:9", "--admin-key", "x" * 20),
    ],
)
def test_what_is_refused_or_fails_exits_1_with_one_line(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    refused = terminal.run(*arguments)

    assert (1, "", 1) == (refused.code, refused.stdout, refused.stderr.count("\n"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "create"),
        ("token", "create", "bob", "--quota", "lots"),
        ("token", "create", "bob", "--budget", "5/year"),
        ("token", "create", "bob", "--rpm", "many"),
        ("token", "create", "bob", "--nonsense"),
        ("token", "create", "a/b"),
        ("channel", "add", "x", "--type", "nobody"),
        ("channel", "add", "x", "--type", "openai", "--base-url", "ftp://x", "--models", "a"),
        ("price", "set", "m", "--input", "1"),
        ("usage", "--by", "colour"),
        ("usage", "--by", "model,token,tag"),
        ("usage", "--since", "yesterday"),
        ("usage", "--csv", "--json"),
        ("token", "list", "--url", "http://127.0.0.1:9"),
        ("serve", "--certfile", "only.pem"),
        ("nonsense",),
    ],
)
def test_what_was_typed_wrong_exits_2(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    refused = terminal.run(*arguments)

    assert (2, "", False) == (refused.code, refused.stdout, "Traceback" in refused.stderr)


def test_a_setting_that_is_not_valid_exits_2_and_is_named(terminal: Terminal) -> None:
    refused = terminal.run("token", "list", environ={"AIHUB_MAX_ATTEMPTS": "none"})

    assert 2 == refused.code
    assert "AIHUB_MAX_ATTEMPTS" in refused.stderr


def test_a_data_directory_that_stays_locked_fails_the_command(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aihub_lite.cli.base.client.PATIENCE", 0.1)
    with DataLock.take(terminal.directory):
        refused = terminal.run("token", "list")

    assert (1, True) == (refused.code, "another aihub-lite" in refused.stderr)


def test_a_server_file_that_a_killed_server_left_is_not_believed(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob")
    (terminal.directory / "server.json").write_text('{"url": "http://127.0.0.1:9", "pid": 1}')

    assert ["bob"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]


def test_what_is_kept_is_readable_by_its_owner_only(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in terminal.directory.iterdir()}
    assert {0o600} == set(modes.values())
    assert 0o700 == stat.S_IMODE(terminal.directory.stat().st_mode)


def test_what_an_upstream_says_cannot_steer_the_terminal(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(400, "\x1b[2Jgone"))
    terminal.ok("channel", "add", "one", "--type", "openai", "--base-url", upstream.url, "--models", "a")

    assert "\x1b" not in terminal.run("channel", "test", "one").stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--port", "65536"), "port"),
        (("--port", "-1"), "port"),
        (("--certfile", "gone.pem"), "--keyfile"),
        (("--certfile", "gone.pem", "--keyfile", "gone.pem"), "gone.pem"),
    ],
)
def test_serve_names_the_option_it_cannot_use(terminal: Terminal, options: tuple[str, ...], named: str) -> None:
    done = terminal.run("serve", *options)

    assert (2, True, False) == (done.code, named in done.stderr, "Traceback" in done.stderr)
