"""`aihub-lite price …`."""

from __future__ import annotations

from tests.cli.terminal import Terminal


def test_a_price_for_longer_prompts_is_set_listed_and_deleted(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4")
    said = terminal.ok("price", "set", "demo", "--above", "200000", "--input", "3", "--output", "6").stdout
    listed = terminal.ok("price", "list", "demo").stdout
    deleted = terminal.ok("price", "delete", "demo", "--above", "200000").stdout

    expected = (
        "demo: $2.00 in, $4.00 out per million tokens; above 200,000 tokens $3.00 in, $6.00 out per million tokens."
    )
    assert [expected, "Price of demo (above 200,000 tokens) deleted."] == [said.strip(), deleted.strip()]
    assert ("demo (above 200,000 tokens)", "$3.00") == tuple(
        word for word in ("demo (above 200,000 tokens)", "$3.00") if word in listed.splitlines()[2]
    )
    assert "above" not in terminal.ok("price", "list", "demo").stdout


def test_a_price_and_that_of_a_tier_of_service_are_deleted(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4")
    terminal.ok("price", "set", "demo", "--tier", "flex", "--input", "1", "--output", "2")
    tier = terminal.ok("price", "delete", "demo", "--tier", "flex").stdout
    left = terminal.ok("price", "list", "demo").stdout
    whole = terminal.ok("price", "delete", "demo").stdout

    assert ("Price of demo (flex) deleted.\n", "Price of demo deleted.\n") == (tier, whole)
    assert (False, True) == ("flex" in left, "$2.00" in left)
    assert terminal.ok("price", "list", "demo", "--json").json[0]["unpriced"]


def test_a_price_of_some_hours_is_set_listed_and_deleted(terminal: Terminal) -> None:
    terminal.ok("price", "set", "demo", "--input", "2", "--output", "4")
    night = ("--hours", "16:30-00:30", "--weekdays")
    said = terminal.ok("price", "set", "demo", *night, "--input", "1", "--output", "2").stdout
    listed = terminal.ok("price", "list", "demo").stdout
    deleted = terminal.ok("price", "delete", "demo", "--hours", "16:30-00:30").stdout

    assert "; 16:30-00:30 UTC, Monday to Friday $1.00 in, $2.00 out per million tokens." in said
    assert "demo (16:30-00:30 UTC, Monday to Friday)" in listed
    assert ("Price of demo (16:30-00:30 UTC) deleted.\n", 2) == (
        deleted,
        len(terminal.ok("price", "list", "demo").stdout.splitlines()),
    )


def test_whoever_sets_one_price_for_any_length_is_warned(terminal: Terminal) -> None:
    channel = ("channel", "add", "google", "--type", "gemini", "--base-url", "http://127.0.0.1:9", "--key", "k")
    terminal.ok(*channel, "--models", "gemini-2.5-pro")
    finished = terminal.run("price", "set", "gemini-2.5-pro", "--input", "1", "--output", "2")
    assert 0 == finished.code
    assert "gemini-2.5-pro: prompts of more than 200000 tokens had other rates" in finished.stderr
