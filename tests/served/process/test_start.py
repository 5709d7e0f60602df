"""What `serve` says and does when it starts, and what stops it from starting (T-57, T-58, T-66)."""

from __future__ import annotations

import re
import socket
import ssl
import stat
import sys
from pathlib import Path

import msgspec
import pytest

from tests.support import rawclient
from tests.support.gateway import running
from tests.support.process import COMMAND, SCALED, Home, Process
from tests.support.tls import make_certificate

KEY = re.compile(r"sk-[A-Za-z0-9]{20,}")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data directory that does not exist yet."""
    return Home(tmp_path / "new" / "data", SCALED, command=COMMAND)


def ended(process: Process) -> tuple[int, str]:
    """Exit code and stderr of a command that has to end by itself."""
    with process:
        code = process.wait(60)
    return code, process.stderr.text


def test_the_first_start_tells_how_to_make_a_call(home: Home) -> None:
    process, url = home.serve()
    with process:
        output = process.stdout.text
        key = KEY.findall(output)[0]
        body = b'{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        answer = rawclient.request(url, "POST", "/v1/chat/completions", headers, body)
        assert 200 == answer.status
        assert [True] * 3 == [part in output for part in (f"{url}/v1", f"curl {url}/v1/chat/completions", "/console")]


def test_a_later_start_shows_no_key(home: Home) -> None:
    home.serve()[0].end()
    process, _ = home.serve()
    with process:
        assert [] == KEY.findall(process.output)
        assert "Welcome" not in process.stdout.text


def test_the_address_that_is_printed_answers(home: Home) -> None:
    process, url = home.serve()
    with process:
        assert 200 == rawclient.request(url, "GET", "/healthz", {}).status


def test_health_tells_strangers_that_it_answers_and_no_more(home: Home) -> None:
    process, url = home.serve()
    with process:
        assert {"status": "ok"} == rawclient.request(url, "GET", "/healthz", {}).json()


@pytest.mark.attack("T-66")
def test_a_second_server_on_a_data_directory_refuses_with_the_firsts_pid(home: Home) -> None:
    first, _ = home.serve()
    with first:
        code, output = ended(home.process("serve", "--port", "0"))
        assert (1, True) == (code, str(first.pid) in output)


def test_a_taken_port_is_told_in_one_line(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, output = ended(home.process("serve", "--port", str(taken.getsockname()[1])))
        assert (1, 1) == (code, len(output.splitlines()))


@pytest.mark.attack("T-57")
@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_database_is_left_alone_and_told_of_in_one_line(home: Home, content: bytes) -> None:
    home.directory.mkdir(parents=True)
    (home.directory / "aihub.db").write_bytes(content)
    code, output = ended(home.process("serve", "--port", "0"))
    assert (78, 1, content) == (code, len(output.splitlines()), (home.directory / "aihub.db").read_bytes())


@pytest.mark.attack("T-58")
def test_nobody_else_on_the_machine_can_read_the_keys(home: Home) -> None:
    process, _ = home.serve()
    with process:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.directory.iterdir()}
        assert {0o600} == set(modes.values())
        assert 0o700 == stat.S_IMODE(home.directory.stat().st_mode)


def test_serving_the_network_in_the_clear_is_warned_of(home: Home) -> None:
    process, _ = home.serve("--host", "0.0.0.0")
    with process:
        assert "not encrypted" in process.stderr.text


def test_an_address_to_paste_leads_to_the_server(home: Home) -> None:
    process, url = home.serve("--host", "0.0.0.0")
    with process:
        port = url.rpartition(":")[2]
        assert (True, False) == (
            f"curl http://127.0.0.1:{port}/v1" in process.stdout.text,
            "http://0.0.0.0" in process.stdout.text.partition("Listening on")[0],
        )


def test_every_start_says_where_everything_is(home: Home) -> None:
    """The second start printed one line: whoever came back looked for the console's address in the manual."""
    for _ in range(2):
        process, url = home.serve()
        with process:
            assert f"  Base URL  {url}/v1\n  Console   {url}/console " in process.stdout.text
            assert f"\n  Data      {home.directory}\n" in process.stdout.text


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
def test_a_certificate_brings_tls_for_both_protocols(home: Home, tmp_path: Path, protocol: str) -> None:
    made = make_certificate(tmp_path)
    process, url = home.serve("--certfile", str(made.chain), "--keyfile", str(made.key))
    context = ssl.create_default_context(cafile=str(made.chain))
    context.set_alpn_protocols([protocol])
    port = int(url.rpartition(":")[2])
    with (
        process,
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert (True, protocol) == (url.startswith("https://"), secure.selected_alpn_protocol())


def test_a_websocket_is_refused_in_the_public_shape(home: Home) -> None:
    process, url = home.serve()
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with process:
        answer = rawclient.request(url, "GET", "/v1/responses", headers)
        assert (404, "not_found") == (answer.status, answer.error["code"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_monitor_can_ask_with_head(home: Home, path: str) -> None:
    process, url = home.serve()
    with process:
        assert (200, b"") == ((answer := rawclient.request(url, "HEAD", path)).status, answer.body)


def test_a_priced_model_answers_and_is_booked_after_a_restart(home: Home) -> None:
    """A price read back from the database had no hash: every priced model answered 500 after any restart."""
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 9})
    with running(home) as gateway:
        gateway.set_price("demo")
        key = gateway.key
        before = gateway.post(body)
    with running(home) as gateway:
        after = gateway.post(body, key=key)
        prices = [record.price for record in gateway.books.records()]
    assert (200, 200) == (before.status, after.status)
    assert (2, 1) == (len(prices), len(set(prices)))


def without(*modules: str) -> tuple[str, ...]:
    """The command where these modules are not to be had, as on a system that has none of them."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({modules!r})); "
    return (sys.executable, "-c", f"{blocked}from aihub_lite.cli import main; main()")


def test_it_starts_where_only_python_s_own_loop_is(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", command=without("uvloop", "resource"))
    with running(home) as gateway:
        assert 200 == gateway.chat("demo").status


def test_without_locks_it_says_why_it_does_not_start(tmp_path: Path) -> None:
    """Windows: it was a traceback of an import."""
    code, text = ended(Home(tmp_path / "data", command=without("fcntl")).process("serve"))
    assert (78, True) == (code, "on Windows, run it in WSL" in text)
