"""Every command without a running server: what it changes, prints and exits with."""

from __future__ import annotations

import stat

import pytest

from aihub_lite.storage.lock import DataLock
from tests.cli.terminal import Terminal
from tests.support.answers import error_answer, models_list
from tests.support.scripted import Upstream

CHANNEL = ("channel", "add", "one", "--type", "openai", "--base-url", "https://x.example/v1", "--models")


def test_a_token_takes_every_option(terminal: Terminal) -> None:
    terminal.ok(
        *("token", "create", "bob", "--quota", "1.50", "--budget", "5/week", "--models", "gpt-*, demo"),
        *("--expires", "2127-01-31", "--rpm", "0", "--tpm", "1000", "--concurrency", "2"),
        *("--allow-ip", "10.0.0.0/8,::1", "--group", "team"),
    )
    shown = terminal.ok("token", "show", "bob", "--json").json

    expected = {
        "name": "bob",
        "quota": "1.50",
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

    assert key not in "".join(each.stdout for each in printed)


def test_testing_a_channel_tells_by_its_exit_code(terminal: Terminal, upstream: Upstream) -> None:
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

    assert ("0.15", "0.60", "0.075", None, "operator") == tuple(
        shown[field] for field in ("input", "output", "cache_read", "cache_write", "source")
    )


def test_a_price_by_the_image_needs_none_by_the_token(terminal: Terminal) -> None:
    said = terminal.ok("price", "set", "demo", "--image", "0.04", "--minute", "0.006").stdout
    (shown,) = terminal.ok("price", "list", "demo", "--json").json

    assert "demo: $0.04 per image, $0.006 per minute of audio.\n" == said
    assert ("0.00", "0.04", "0.006", None) == tuple(shown[name] for name in ("input", "image", "minute", "characters"))


def test_a_price_of_audio_tokens_is_set_and_listed(terminal: Terminal) -> None:
    kinds = [f"{kind}-{part}" for kind in ("audio", "image", "video") for part in ("input", "cache-read", "output")]
    options = [word for place, kind in enumerate(kinds, 3) for word in (f"--{kind}", str(place))]
    said = terminal.ok("price", "set", "demo", "--input", "1", "--output", "2", *options).stdout
    (shown,) = terminal.ok("price", "list", "demo", "--json").json
    table = terminal.ok("price", "list", "demo").stdout

    assert said.startswith("demo: $1.00 in, $2.00 out per million tokens, $3.00 for audio input, $4.00 for audio cache")
    assert [f"{place}.00" for place in range(3, 12)] == [shown[kind.replace("-", "_")] for kind in kinds]
    assert "AUDIO CACHE READ" in table


def test_usage_of_nothing_is_an_empty_list_in_every_form(terminal: Terminal) -> None:
    as_json = terminal.ok("usage", "--by", "token", "--since", "30d", "--json").json
    as_csv = terminal.ok("usage", "--by", "day", "--csv").stdout

    assert [] == as_json
    assert "day,requests,errors,interrupted,prompt_tokens,completion_tokens,cost_usd\n" == as_csv


@pytest.mark.parametrize("noun", ["token", "channel", "model", "alias", "price"])
def test_a_table_of_nothing_or_something_is_readable(terminal: Terminal, noun: str) -> None:
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


def test_a_data_directory_that_another_command_has_is_waited_for_in_vain(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aihub_lite.cli.client.PATIENCE", 0.1)
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
