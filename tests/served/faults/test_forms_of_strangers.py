"""Forms that anybody may post: they neither stop the gateway nor fill its memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import rawclient
from tests.support.gateway import Gateway
from tests.support.rawclient import RawConnection, request_bytes

FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
HUGE = 30_000_000
SIGN_IN = "/console/sign-in"


@pytest.fixture
def own_site(gateway: Gateway) -> dict[str, str]:
    """Header fields of a form that the gateway's own page would post."""
    return {**FORM, "host": gateway.url.removeprefix("http://"), "origin": gateway.url}


@contextmanager
def asking_all_the_time(gateway: Gateway) -> Iterator[list[float]]:
    """Asks for `/healthz` again and again; the seconds that each answer took."""
    seconds: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            seconds.append(rawclient.request(gateway.url, "GET", "/healthz").seconds)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seconds
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("body", [b"a=1&" * (HUGE // 4), b"key=" + b"x" * HUGE], ids=["many fields", "one field"])
def test_a_huge_form_is_refused_at_once_while_others_are_answered(
    gateway: Gateway, own_site: dict[str, str], body: bytes
) -> None:
    """30 MB of `a=1&a=1…` held the loop for 16 to 40 s."""
    with asking_all_the_time(gateway) as seconds:
        answer = rawclient.request(gateway.url, "POST", SIGN_IN, own_site, body)
    assert 413 == answer.status
    assert answer.seconds < 5
    assert max(seconds) < 5


def test_many_huge_forms_leave_no_memory_taken(gateway: Gateway, own_site: dict[str, str]) -> None:
    """30 forms of 31 MB were kept in a cache: 1.8 GB for good."""
    rawclient.request(gateway.url, "POST", SIGN_IN, own_site, b"key=x")
    before = gateway.resting_kb()
    for number in range(15):
        rawclient.request(gateway.url, "POST", SIGN_IN, own_site, b"%04d=" % number + b"x" * HUGE)
    assert gateway.process.rss_kb() - before < 40_000


def test_a_form_that_never_ends_is_a_408(gateway: Gateway, own_site: dict[str, str]) -> None:
    """No deadline stood on these bodies."""
    with RawConnection(gateway.url) as connection:
        connection.send(request_bytes("POST", SIGN_IN, {**own_site, "content-length": "100"}))
        started = time.monotonic()
        assert 408 == connection.read_head().status
        assert time.monotonic() - started < 10


def test_a_client_that_leaves_within_its_form_is_no_fault_of_ours(gateway: Gateway, own_site: dict[str, str]) -> None:
    """The sentinel finds a traceback in the log; there was one for each."""
    for _ in range(5):
        with RawConnection(gateway.url) as connection:
            connection.send(request_bytes("POST", SIGN_IN, {**own_site, "content-length": "100"}) + b"key=")
    assert 200 == rawclient.request(gateway.url, "GET", "/healthz").status


def test_what_strangers_ask_for_leaves_little_memory_taken(gateway: Gateway) -> None:
    """Paths, queries and cookies of 60 kB each were remembered a thousand times over."""
    rawclient.request(gateway.url, "GET", "/console/sign-in")
    before = gateway.resting_kb()
    for number in range(600):
        long = f"{number:06}" + "x" * 50_000
        rawclient.request(gateway.url, "GET", f"/console/sign-in?then={long}")
        rawclient.request(gateway.url, "GET", "/console/sign-in", {"cookie": f"a={long}"})
        rawclient.request(gateway.url, "GET", f"/v1/models/{long}")
    assert gateway.process.rss_kb() - before < 25_000
