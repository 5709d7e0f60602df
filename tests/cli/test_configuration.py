"""`aihub-lite export` and `apply`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal

FILE = """\
[channels.one]
base_url = "http://127.0.0.1:9/v1"
keys = ["env:K"]
models = ["gpt-5"]

[tokens.ci]
rpm = 5
"""


def written(terminal: Terminal, text: str) -> str:
    """The path of a file with this text."""
    path = terminal.directory.parent / "gateway.toml"
    path.write_text(text)
    return str(path)


def test_a_dry_run_says_what_would_change_and_changes_nothing(terminal: Terminal) -> None:
    file = written(terminal, FILE)
    printed = terminal.ok("apply", file, "--dry-run").stdout
    assert printed.startswith("+ token ci\n    key: …\n")
    assert "+ channel one\n" in printed
    assert "sk-" not in printed
    assert [] == terminal.ok("token", "list", "--json").json


def test_what_was_applied_is_printed_once_and_exported_after(terminal: Terminal) -> None:
    file = written(terminal, FILE)
    printed = terminal.ok("apply", file).stdout
    assert "The key of ci is shown this once:\n\nsk-" in printed
    assert "Nothing changed.\n" == terminal.ok("apply", file).stdout
    assert "~ token ci\n    rpm: 5 → 6\n" == terminal.ok("apply", written(terminal, FILE.replace("5\n", "6\n"))).stdout
    exported = terminal.ok("export").stdout
    assert "[tokens.ci]" in exported
    assert printed.rpartition("sk-")[2].strip() not in exported
    assert "Nothing changed.\n" == terminal.ok("apply", "-", stdin=exported).stdout


def test_the_schema_is_printed_without_a_gateway(terminal: Terminal) -> None:
    schema = terminal.ok("schema").json
    assert {"tokens", "channels", "settings"} <= set(schema["properties"])
    assert not terminal.directory.exists()


def test_a_wrong_file_is_one_line_and_a_usage_error(terminal: Terminal) -> None:
    finished = terminal.run("apply", written(terminal, FILE.replace("rpm", "rmp")))
    assert (2, "", "aihub-lite: tokens.ci.rmp: is not known: did you mean rpm?\n") == (
        finished.code,
        finished.stdout,
        finished.stderr,
    )
    finished = terminal.run("apply", str(Path("/nowhere/gateway.toml")))
    assert (1, True) == (finished.code, "/nowhere/gateway.toml" in finished.stderr)


def test_prune_deletes_only_what_somebody_has_said_yes_to(terminal: Terminal) -> None:
    terminal.ok("apply", written(terminal, FILE))
    shorter = written(terminal, FILE.partition("[tokens")[0])
    finished = terminal.run("apply", shorter, "--prune")
    assert (2, "") == (finished.code, finished.stdout)
    assert "- token ci\n" in finished.stderr and "--yes" in finished.stderr
    assert ["ci"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]
    finished = terminal.run("apply", shorter, "--prune", "--yes")
    assert (0, "- token ci\n") == (finished.code, finished.stdout)
    assert "kept: channel demo: appears by itself at every start; disable it instead" in finished.stderr


TYPED = 'keys = ["sk-typed-in-by-hand-7Qx4"]'
WORDS = {"WORDS": "correct horse battery staple"}


def test_secrets_go_along_sealed_and_are_opened_by_the_passphrase_of_a_variable(terminal: Terminal) -> None:
    terminal.ok("apply", written(terminal, FILE.replace('keys = ["env:K"]', TYPED)))
    sealed = terminal.ok("export", "--seal", "--passphrase", "env:WORDS", environ=WORDS).stdout
    assert "sk-typed" not in sealed
    terminal.ok("channel", "delete", "one")
    environ = {**WORDS, "AIHUB_CONFIG_PASSPHRASE": "env:WORDS"}
    assert "+ channel one\n" in terminal.ok("apply", written(terminal, sealed), environ=environ).stdout
    assert "Nothing changed.\n" == terminal.ok("apply", "-", stdin=sealed, environ=environ).stdout


def test_without_a_passphrase_a_sealed_file_is_one_line_and_a_usage_error(terminal: Terminal) -> None:
    terminal.ok("apply", written(terminal, FILE.replace('keys = ["env:K"]', TYPED)))
    sealed = terminal.ok("export", "--seal", "--passphrase", "env:WORDS", environ=WORDS).stdout
    for finished in (
        terminal.run("apply", written(terminal, sealed)),
        terminal.run("export", "--seal"),
        terminal.run("apply", written(terminal, sealed), "--passphrase", "env:NOTHING"),
        terminal.run("apply", written(terminal, sealed), "--passphrase", "env:WORDS", environ={"WORDS": "wrong"}),
    ):
        assert (2, "", 1) == (finished.code, finished.stdout, finished.stderr.count("\n"))
        assert "passphrase" in finished.stderr
