"""`aihub-lite doctor`: with a server, without one, and through what stands in front of it."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway


@contextmanager
def proxy(target: str, *, keeps: bool) -> Iterator[str]:
    """Something in front of a gateway that passes answers on as they come, or once they are whole."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with urllib.request.urlopen(target + self.path) as answer:
                self.send_response(answer.status)
                self.end_headers()
                pieces = iter(lambda: answer.read1(1024), b"")
                if keeps:
                    pieces = iter([b"".join(pieces)])
                for piece in pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def found(gateway: Gateway, url: str) -> list[str]:
    """What is found of a gateway with this public address, but for what its machine is like."""
    gateway.admin("PATCH", "/settings", {"public_url": url})
    report = gateway.home.cli("doctor", "--json").json()
    of_machine = ("disk_low", "disk_full", "descriptors_few", "backups_off")
    return [finding["code"] for finding in report["findings"] if finding["code"] not in of_machine]


def test_a_gateway_that_reaches_itself_directly_or_through_a_proxy_that_passes_on_is_well(gateway: Gateway) -> None:
    assert [] == found(gateway, gateway.url)
    with proxy(gateway.url, keeps=False) as url:
        assert [] == found(gateway, url)


def test_a_proxy_that_keeps_answers_back_is_found(gateway: Gateway) -> None:
    with proxy(gateway.url, keeps=True) as url:
        assert ["proxy_buffers"] == found(gateway, url)


def test_an_address_where_nobody_or_somebody_else_is_is_found(gateway: Gateway) -> None:
    assert ["public_url_unreached"] == found(gateway, "http://127.0.0.1:9")
    assert ["public_url_elsewhere"] == found(gateway, f"{gateway.url}/elsewhere")


def test_dots_are_given_for_no_ticket_but_the_doctors(gateway: Gateway) -> None:
    assert 404 == gateway.get("/console/doctor/stream/x").status


def test_without_a_server_the_checks_that_can_be_made_are_made(terminal: Terminal) -> None:
    terminal.ok("alias", "set", "fast", "nowhere")
    terminal.directory.chmod(0o755)
    finished = terminal.run("doctor")
    assert (1, "") == (finished.code, finished.stderr)
    assert "[directory_open]" in finished.stdout
    assert "The alias fast leads to nowhere, which no channel offers. [alias_nowhere]" in finished.stdout
    assert finished.stdout.endswith("Not all is well.\n")


def test_it_exits_0_where_there_is_nothing_but_advice(terminal: Terminal) -> None:
    terminal.ok("token", "create", "a")
    terminal.directory.chmod(0o700)
    finished = terminal.run("doctor", "--json", environ={"AIHUB_MAX_IN_FLIGHT": "16"})
    findings = [finding for finding in finished.json["findings"] if not finding["code"].startswith("disk")]
    assert ["backups_off"] == [finding["code"] for finding in findings]
    assert finished.code == (0 if finished.json["well"] else 1)
    assert {"code", "severity", "what", "do", "facts"} == set(findings[0])


def test_a_database_that_cannot_be_opened_is_a_finding(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("token", "create", "a")
    (terminal.directory / "aihub.db").write_text("shopping list\n" * 100)
    finished = terminal.run("doctor", "--json")
    assert (1, "unusable", False) == (finished.code, finished.json["findings"][0]["code"], finished.json["well"])
