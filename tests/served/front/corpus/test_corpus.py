"""The same verdict as h11's and nginx's, or a judged one, of every request of the corpus."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.served.front.corpus.judged import JUDGED, Stance
from tests.served.front.corpus.kinds import CORPUS, unfinished
from tests.served.front.corpus.readers import CLOSED, REFUSED, WAITS, Verdict, asked, by_h11, nginx, ours
from tests.served.servers.running import ServerMissing, tool

Verdicts = Mapping[str, Verdict]
JUDGED_NGINX = "1.22"
"""Debian 12's, which the table is of."""


@pytest.fixture(scope="session")
def own() -> Verdicts:
    """What the front door makes of each."""
    with ours() as url:
        return read_at(url)


@pytest.fixture(scope="session")
def nginx_says(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What nginx does, of the release that was judged."""
    try:
        version = subprocess.run((tool("nginx"), "-v"), capture_output=True, text=True, check=True).stderr
    except ServerMissing as missing:
        pytest.skip(str(missing))
    if re.search(rf"nginx/{re.escape(JUDGED_NGINX)}\.", version) is None:
        pytest.skip(f"nginx {JUDGED_NGINX} was judged, and this is {version.strip()}")
    with nginx(tmp_path_factory.mktemp("nginx")) as url:
        return read_at(url)


@pytest.fixture(scope="session")
def h11_says() -> Verdicts:
    """What h11 does."""
    return {name: by_h11(data, unfinished(name)) for name, data in CORPUS.items()}


def read_at(url: str) -> Verdicts:
    """What a server does, each on a connection of its own."""
    return {name: asked(url, data, unfinished(name)) for name, data in CORPUS.items()}


def stance(own: Verdict, other: Verdict) -> Stance | None:
    """Where two verdicts part; None where they do not."""
    if own == other:
        return None
    shared = next(place for place, (one, two) in enumerate(zip(own, other, strict=False)) if one != two)
    if own[shared] == REFUSED:
        return Stance.STRICTER
    if other[shared] == REFUSED:
        return Stance.MILDER
    return Stance.OTHERWISE


def judged(name: str, reader: str) -> Stance | None:
    """What the table says of a request and a reader."""
    found = [each.stance for each in JUDGED if name in each.of(reader)]
    assert len(found) <= 1, "judged twice"
    return next(iter(found), None)


def taken(verdict: Verdict) -> Verdict:
    """The requests that were understood."""
    return tuple(each for each in verdict if each not in (REFUSED, CLOSED, WAITS))


def begins(verdict: Verdict, requests: Verdict) -> bool:
    """Whether a reader understood these first."""
    return verdict[: len(requests)] == requests


@pytest.mark.parametrize("name", CORPUS)
def test_it_is_read_as_h11_reads_it_or_the_difference_is_judged(own: Verdicts, h11_says: Verdicts, name: str) -> None:
    assert judged(name, "h11") == stance(own[name], h11_says[name]), f"ours {own[name]}, h11 {h11_says[name]}"


@pytest.mark.parametrize("name", CORPUS)
def test_it_is_read_as_nginx_reads_it_or_the_difference_is_judged(
    own: Verdicts, nginx_says: Verdicts, name: str
) -> None:
    assert judged(name, "nginx") == stance(own[name], nginx_says[name]), f"ours {own[name]}, nginx {nginx_says[name]}"


@pytest.mark.attack("T-38")
def test_nothing_is_taken_that_no_other_reader_takes_and_frames_so(
    own: Verdicts, h11_says: Verdicts, nginx_says: Verdicts
) -> None:
    alone = {
        name: (verdict, h11_says[name], nginx_says[name])
        for name, verdict in own.items()
        if not begins(h11_says[name], taken(verdict)) and not begins(nginx_says[name], taken(verdict))
    }
    assert {} == alone


@pytest.mark.attack("T-38")
def test_what_is_refused_is_followed_by_nothing_and_every_connection_ends(own: Verdicts) -> None:
    lasting = {name: verdict for name, verdict in own.items() if verdict[-1] != CLOSED or REFUSED in verdict[:-2]}
    assert {} == lasting


def test_what_comes_byte_by_byte_is_read_as_what_comes_at_once(own: Verdicts) -> None:
    short = {name: data for name, data in CORPUS.items() if len(data) < 1000}
    with ours() as url:
        slow = {name: asked(url, data, unfinished(name), size=1) for name, data in short.items()}
    assert {} == {name: (own[name], verdict) for name, verdict in slow.items() if own[name] != verdict}


def test_every_request_of_the_corpus_is_another_one() -> None:
    counted = Counter((data, unfinished(name)) for name, data in CORPUS.items())
    assert [] == [name for name, data in CORPUS.items() if counted[data, unfinished(name)] > 1]
    assert len(CORPUS) >= 300


def test_every_judgement_is_of_a_request_that_there_is() -> None:
    assert [] == [name for each in JUDGED for name in (*each.h11, *each.nginx) if name not in CORPUS]
