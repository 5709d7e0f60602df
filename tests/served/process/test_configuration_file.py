"""`serve --config FILE`: applied before anybody is let in, and again on SIGHUP."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aihub_lite.domain.token import digest_of
from aihub_lite.server.serve import EX_CONFIG
from tests.support import rawclient
from tests.support.gateway import Gateway, eventually, serving
from tests.support.process import SCALED, Home, NotStarted
from tests.support.upstream.answers import chat_answer
from tests.support.upstream.scripted import Upstream

KEY = "sk-of-somebody-who-is-there-already"
TOKEN = f'[tokens.first]\ndigest = "{digest_of(KEY)}"\nhint = "eady"\nbudget = "5/day"\n'
TOGETHER = 4


def channel(url: str) -> str:
    """A channel of one model, with its price."""
    return (
        f'[channels.one]\nbase_url = "{url}"\nkeys = ["env:K"]\nmodels = ["m"]\n'
        '[prices.m]\ninput = "10"\noutput = "20"\n'
    )


@contextmanager
def told(directory: Path, text: str) -> Iterator[tuple[Gateway, Path]]:
    """A gateway that was started with a file of this text."""
    file = directory / "gateway.toml"
    file.write_text(text)
    with serving(Home(directory / "data", SCALED, {"K": "sk-upstream"}), "--config", str(file)) as gateway:
        gateway.key = KEY
        yield gateway, file


def hang_up(gateway: Gateway, said: str) -> str:
    """Tell the gateway that the file has changed; the line that its log has of it."""
    before = len(gateway.process.stderr.lines)

    def lines() -> list[str]:
        return [line for line in gateway.process.stderr.lines[before:] if said in line]

    gateway.process.signal(signal.SIGHUP)
    eventually(lambda: bool(lines()), lambda: gateway.process.output, 60)
    return lines()[0]


@contextmanager
def traffic(gateway: Gateway) -> Iterator[list[int]]:
    """Requests all the time; the statuses of their answers."""
    statuses: list[int] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            statuses.append(gateway.chat("demo").status)

    threads = [threading.Thread(target=ask) for _ in range(TOGETHER)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_file_is_applied_before_anybody_is_let_in(tmp_path: Path) -> None:
    with told(tmp_path, TOKEN) as (gateway, _):
        assert 200 == gateway.chat("demo").status
        entries = gateway.admin("GET", "/audit").json()["audit"]
        assert [("apply_configuration", "gateway.toml", "token", "first")] == [
            (entry["action"], entry["by"], entry["kind"], entry["object"]) for entry in entries
        ]


def test_a_hangup_applies_the_file_anew_and_no_request_fails(tmp_path: Path) -> None:
    with Upstream([*chat_answer()]) as upstream, told(tmp_path, TOKEN + channel(upstream.url)) as (gateway, file):
        assert 200 == gateway.chat("m").status
        before = gateway.admin("GET", "/tokens/first").json()
        assert before["spent_usd"] > 0
        with traffic(gateway) as statuses:
            eventually(lambda: len(statuses) > TOGETHER, lambda: str(statuses))
            file.write_text(TOKEN.replace("5/day", "6/day") + channel(upstream.url) + '[aliases]\nfast = "m"\n')
            hang_up(gateway, ": 2 changes")
            count = len(statuses)
            eventually(lambda: len(statuses) > count + TOGETHER, lambda: str(statuses))
        assert {200} == set(statuses)
        after = gateway.admin("GET", "/tokens/first").json()
        assert ("5.00/day", "6.00/day") == (before["budget"], after["budget"])
        assert [before[name] for name in ("spent_usd", "spent_now_usd")] == [
            after[name] for name in ("spent_usd", "spent_now_usd")
        ]
        assert 200 == gateway.chat("fast").status


def test_a_wrong_file_at_a_hangup_changes_nothing_and_is_one_line_of_the_log(tmp_path: Path) -> None:
    with told(tmp_path, TOKEN) as (gateway, file):
        file.write_text(TOKEN.replace("5/day", "6/day") + "[tokens.second]\nrmp = 5\n")
        line = hang_up(gateway, "nothing is changed")
        assert line.endswith(f"{file}: tokens.second.rmp: is not known: did you mean rpm?")
        assert "5.00/day" == gateway.admin("GET", "/tokens/first").json()["budget"]
        file.unlink()
        hang_up(gateway, "No such file")
        file.write_text(TOKEN.replace("5/day", "6/day"))
        hang_up(gateway, ": 1 changes")
        assert "6.00/day" == gateway.admin("GET", "/tokens/first").json()["budget"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[tokens.ci]\nrmp = 5\n", "tokens.ci.rmp: is not known: did you mean rpm?"), (None, "No such file or directory")],
)
def test_a_wrong_file_at_a_start_is_said_before_anybody_is_let_in(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "gateway.toml"
    if text is not None:
        file.write_text(text)
    home = Home(tmp_path / "data", SCALED)
    with pytest.raises(NotStarted):
        home.serve("--config", str(file))
    with home.process("serve", "--port", "0", "--config", str(file)) as process:
        assert EX_CONFIG == process.wait(60)
    assert f"aihub-lite: {file}: {said}" in process.stderr.lines
    assert "Traceback" not in process.stderr.text


def test_a_kill_while_a_file_is_applied_leaves_all_of_it_or_nothing(tmp_path: Path) -> None:
    document = "".join(f"[tokens.numbered-{number}]\nbudgets = ['1/hour']\n" for number in range(60))
    with serving(Home(tmp_path / "data", SCALED)) as gateway:
        for wait in (0.05, 0.2, 0.5):
            asking = threading.Thread(target=lambda: _lost(gateway, document))
            asking.start()
            asking.join(wait)
            gateway.process.kill()
            asking.join()
            gateway.restart()
            tokens = gateway.admin("GET", "/tokens?limit=100&q=numbered").json()["tokens"]
            assert len(tokens) in (0, 60)
            assert all(len(token["budgets"]) == 1 for token in tokens)


def _lost(gateway: Gateway, document: str) -> None:
    """Apply a file; whether that is answered is for chance to say."""
    try:
        gateway.admin("POST", "/apply", {"document": document})
    except (OSError, rawclient.CutOff):
        return
