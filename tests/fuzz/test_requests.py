"""What clients post: on every surface, to every kind of upstream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.fuzz.documents import REQUESTS
from tests.fuzz.house import PROVIDERS, House, open_house
from tests.fuzz.mutations import Mutations
from tests.fuzz.timed import fuzz

MUTATIONS = Mutations(*(document for documents in REQUESTS.values() for document in documents))
POSTS = st.sampled_from([*REQUESTS]).flatmap(lambda path: st.tuples(st.just(path), MUTATIONS.of(*REQUESTS[path])))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def test_no_request_is_a_fault_of_ours(house: House) -> None:
    """A list where a part's `type` belongs was a 500; so were a string for a function, and an object for an effort."""

    def check(given: tuple[tuple[str, Any], str, bool]) -> None:
        (path, document), provider, streamed = given
        if isinstance(document, dict):
            document = {**document, "stream": streamed}
            if document.get("model") == "MODEL":
                document["model"] = provider
        house.ask("POST", path, json.dumps(document).encode(), house.key)

    fuzz(st.tuples(POSTS, st.sampled_from(PROVIDERS), st.booleans()), check)


def test_no_bytes_are_a_fault_of_ours(house: House) -> None:
    """Bodies that are no JSON, or JSON cut in two."""
    good = json.dumps(REQUESTS["/v1/chat/completions"][0]).encode()
    cut = st.integers(0, len(good)).map(lambda size: good[:size])

    def check(given: tuple[str, bytes]) -> None:
        path, body = given
        assert 400 <= house.ask("POST", path, body, house.key).status < 500

    bodies = (st.binary(max_size=30) | cut).filter(lambda body: body != good and body.strip() != b"{}")
    fuzz(st.tuples(st.sampled_from([*REQUESTS]), bodies), check)
