"""Large uploads: held once, however they come and however often they are sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.served.endpoints import TRANSCRIPTIONS
from tests.support.forms import content_type, field, form
from tests.support.gateway import Gateway
from tests.support.process import Process
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream

Serve = Callable[..., str]
LARGE = 20 * 2**20
MB = 1024


def peak_kb(process: Process) -> int:
    """The most memory the process has had since `forget_peak`."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    match = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert match is not None
    return int(match[1])


def forget_peak(process: Process) -> None:
    """From here on the peak is counted anew (`clear_refs`, Linux)."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """What is measured is one process's memory."""
    return False


@pytest.fixture
def quiet(gateway: Gateway) -> Iterator[Process]:
    """The gateway's process, whose memory nothing else raises meanwhile."""
    yield gateway.process


def test_a_large_file_is_held_once_however_often_it_is_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, quiet: Process
) -> None:
    """20 MB, sent to two upstreams one after the other, raise the peak by hardly more than 20 MB."""
    upstream.default = TRANSCRIPTIONS.answer
    with Upstream(error_answer(500, "broken")) as broken:
        model = serve(broken.url, upstream.url)
        body = form(field("model", model), field("file", bytes(LARGE), "a.wav", "audio/wav"))
        headers = {"content-type": content_type()}
        assert (
            200
            == gateway.post(
                form(field("model", model), TRANSCRIPTIONS.file or b""), TRANSCRIPTIONS.path, **headers
            ).status
        )
        before = quiet.rss_kb()
        forget_peak(quiet)
        assert 200 == gateway.post(body, TRANSCRIPTIONS.path, **headers).status
    assert LARGE // 1024 < peak_kb(quiet) - before < 1.4 * LARGE / 1024
