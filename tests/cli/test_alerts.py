"""`aihub-lite alert …`."""

from __future__ import annotations

from tests.cli.terminal import Terminal
from tests.gateway.alerts.watched import address, receiver
from tests.support.upstream.answers import json_answer


def test_destinations_are_added_listed_tried_and_ended(terminal: Terminal) -> None:
    with receiver() as upstream:
        url = address(upstream, "/hush-hush")
        options = ("--events", "disk,key", "--quiet", "22:00-07:00@Europe/Berlin", "--urgent")
        added = terminal.ok("alert", "add", "ops", url, *options)
        assert ("whsec_" in added.stdout, "hush" in added.stdout) == (True, False)
        heading, row = terminal.ok("alert", "list").stdout.splitlines()
        assert ["NAME", "TO", "EVENTS", "QUIET", "STATE", "LAST"] == heading.split()
        assert f"webhook http://127.0.0.1:{upstream.port}/…" in row
        assert "disk, key" in row
        assert "ops: it has arrived.\n" == terminal.ok("alert", "test", "ops").stdout
        assert "ops: it has arrived.\n" == terminal.ok("alert", "test").stdout
        changed = terminal.ok(
            "alert", "set", "ops", "--events", "none", "--quiet", "none", "--no-urgent", "--json"
        ).json
        assert (True, None, False) == (changed["all_events"], changed["quiet"], changed["urgent"])
        assert "Destination ops disabled.\n" == terminal.ok("alert", "disable", "ops").stdout
        assert "sent" in terminal.ok("alert", "list").stdout
        assert "Destination ops enabled.\n" == terminal.ok("alert", "enable", "ops").stdout
        upstream.enqueue(json_answer(403, {}))
        failed = terminal.run("alert", "test", "ops")
        assert (1, "aihub-lite: ops: webhook answered 403\n") == (failed.code, failed.stderr)
        assert 3 == len(upstream.requests)
        assert "Destination ops deleted.\n" == terminal.ok("alert", "delete", "ops").stdout
        assert "Nobody is told of anything.\n" == terminal.ok("alert", "list").stdout


def test_an_address_that_is_none_fails_without_being_repeated(terminal: Terminal) -> None:
    failed = terminal.run("alert", "add", "ops", "hush-hush")
    assert 2 == failed.code
    assert ("url: must be" in failed.stderr, "hush" in failed.stderr) == (True, False)
