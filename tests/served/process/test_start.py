"""What `serve` says and does when it starts, and what stops it from starting (T-57, T-58, T-66)."""

from __future__ import annotations

import re
import socket
import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support import rawclient
from tests.support.process import SCALED, Home, Process

KEY = re.compile(r"sk-[A-Za-z0-9]{20,}")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data directory that does not exist yet."""
    return Home(tmp_path / "new" / "data", SCALED)


def ended(process: Process) -> tuple[int, str]:
    """Exit code and stderr of a command that has to end by itself."""
    with process:
        code = process.wait(10)
    return code, process.stderr.text


def test_the_first_start_does_not_tell_how_to_make_a_call(home: Home) -> None:
    process, url = home.serve()
    with process:
        said = process.stdout.text
        key = KEY.findall(said)[0]
        body = b'{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        answer = rawclient.request(url, "POST", "/v1/chat/completions", headers, body)
        assert 200 == answer.status
        assert [True] * 3 == [part in said for part in (f"{url}/v1", f"curl {url}/v1/chat/completions", "/console")]


def test_a_later_start_shows_a_key_again(home: Home) -> None:
    home.serve()[0].end()
    process, _ = home.serve()
    with process:
        assert [] == KEY.findall(process.output)
        assert 1 == len(process.stdout.lines)


def test_the_address_is_printed_before_it_answers(home: Home) -> None:
    process, url = home.serve()
    with process:
        assert 200 == rawclient.request(url, "GET", "/healthz", {}).status


def test_health_tells_strangers_more_than_that_it_answers(home: Home) -> None:
    process, url = home.serve()
    with process:
        assert {"status": "ok"} == rawclient.request(url, "GET", "/healthz", {}).json()


def test_two_servers_share_a_data_directory(home: Home) -> None:
    first, _ = home.serve()
    with first:
        code, said = ended(home.process("serve", "--port", "0"))
        assert (1, True) == (code, str(first.pid) in said)


def test_a_taken_port_gives_a_traceback(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = ended(home.process("serve", "--port", str(taken.getsockname()[1])))
        assert (1, 1) == (code, len(said.splitlines()))


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_database_is_overwritten(home: Home, content: bytes) -> None:
    home.directory.mkdir(parents=True)
    (home.directory / "aihub.db").write_bytes(content)
    code, said = ended(home.process("serve", "--port", "0"))
    assert (78, 1, content) == (code, len(said.splitlines()), (home.directory / "aihub.db").read_bytes())


def test_others_on_the_machine_can_read_the_keys(home: Home) -> None:
    process, _ = home.serve()
    with process:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.directory.iterdir()}
        assert {0o600} == set(modes.values())
        assert 0o700 == stat.S_IMODE(home.directory.stat().st_mode)


def test_serving_the_network_in_the_clear_goes_without_a_warning(home: Home) -> None:
    process, _ = home.serve("--host", "0.0.0.0")
    with process:
        assert "not encrypted" in process.stderr.text


def test_an_address_to_paste_leads_nowhere(home: Home) -> None:
    process, url = home.serve("--host", "0.0.0.0")
    with process:
        port = url.rpartition(":")[2]
        assert (True, False) == (
            f"curl http://127.0.0.1:{port}/v1" in process.stdout.text,
            "http://0.0.0.0" in process.stdout.text.partition("Listening on")[0],
        )


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
def test_a_certificate_does_not_bring_tls(home: Home, tmp_path: Path, protocol: str) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    process, url = home.serve("--certfile", str(certificate), "--keyfile", str(key))
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols([protocol])
    port = int(url.rpartition(":")[2])
    with (
        process,
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert (True, protocol) == (url.startswith("https://"), secure.selected_alpn_protocol())


def test_a_websocket_is_refused_in_another_shape(home: Home) -> None:
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
def test_a_monitor_cannot_ask_with_head(home: Home, path: str) -> None:
    process, url = home.serve()
    with process:
        assert (200, b"") == ((answer := rawclient.request(url, "HEAD", path)).status, answer.body)
