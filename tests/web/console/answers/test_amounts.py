"""Less than a cent is not shown as a row of zeros, which is read as a dollar; who points at it sees all digits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aihub_lite.web.console.formats import amount, evenly, percent, single
from tests.web.access.team import add_person, signed_in
from tests.web.console.answers.test_failures import words_of
from tests.web.console.answers.test_way_back import addresses
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console

ZEROS = re.compile(r"-?\$0\.00\d+")
OF_ONE_REQUEST = (
    "/console/requests",
    "/console/requests/{ref:str}",
    "/console/tokens/{ref:str}",
    "/console/me/requests",
    "/console/me/requests/{ref:str}",
)
"""Pages on which the costs of single requests stand, which are compared with each other."""
STATEMENTS = ("/console/pots/{who:str}", "/console/pots/{who:str}/statement", "/console/me/statement")
"""Those with figures that somebody adds up."""


@pytest.mark.parametrize(
    ("value", "shown", "html"),
    [
        (0, "$0.00", "$0.00"),
        (0.01, "$0.01", "$0.01"),
        (1234.5, "$1,234.50", "$1,234.50"),
        (0.009, "< $0.01", '<span class="nowrap" title="$0.009">&lt; $0.01</span>'),
        (0.000001, "< $0.01", '<span class="nowrap" title="$0.000001">&lt; $0.01</span>'),
        (-0.0002, "> -$0.01", '<span class="nowrap" title="-$0.0002">&gt; -$0.01</span>'),
    ],
)
def test_an_amount_below_a_cent_is_said_to_be_that(value: float, shown: str, html: str) -> None:
    made = amount(value)
    assert (shown, html) == (str(made), made.__html__() if hasattr(made, "__html__") else made)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "$0.0000"),
        (0.03, "$0.0300"),
        (0.0048, "$0.0048"),
        (0.00086, "$0.0009"),
        (1234.5, "$1,234.5000"),
        (0.00004, "< $0.0001"),
        (-0.0002, "-$0.0002"),
    ],
)
def test_costs_of_single_requests_have_as_many_places_in_every_row(value: float, shown: str) -> None:
    """Below $0.03 stood $0.0048, longer and so seemingly more."""
    assert shown == str(single(value))


@pytest.mark.parametrize(("part", "whole", "shown"), [(0, 0, "–"), (0, 9, "0 %"), (1, 250, "0.4 %"), (1, 2, "50 %")])
def test_nothing_has_no_share(part: int, whole: int, shown: str) -> None:
    """Where nothing was asked, one page said that 0 % failed, and its neighbour a dash."""
    assert shown == percent(part, whole)


def test_amounts_that_are_added_up_line_up() -> None:
    assert ["$0.0925", "$2.5000", "-$1.0000"] == evenly([0.0925, 2.5, -1])


def test_what_is_left_of_a_token_does_not_read_like_a_dollar(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "tiny", "quota": "0.000001"}, status=201)
        await book(visitor, "r1", token_id=token["id"], token="tiny", cost_nano=400)
        await visitor.sign_in()
        page = await visitor.page("/console/tokens/tiny")
        assert 'title="$0.0000004">&lt; $0.01</span>' in page

    at_console(tmp_path, story)


def test_no_page_shows_a_row_of_zeros_but_for_what_single_requests_cost(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await add_person(visitor.gateway, "Ada", "owner")
        pages = await addresses(visitor)
        await visitor.call("PATCH", "/tokens/ada", {"quota": "0.000001", "budget": "0.000002/day"})
        await visitor.call("PATCH", f"/pots/{person.id}", {"budgets": ["0.000003/day"]})
        await visitor.call("POST", f"/credits/{person.id}", {"usd": "0.000004", "note": "start"}, status=201)
        await visitor.call("PATCH", "/channels/d", {"budget": "0.000005/day"})
        (token,) = [each.id for each in visitor.gateway.registry.tokens.all if each.name == "ada"]
        whose = {"token_id": token, "token": "ada", "person_id": person.id, "model": "demo", "channel": "d"}
        await book(visitor, "r2", 0, **whose, cost_nano=600)
        owner = await signed_in(visitor.gateway, person)
        told = {}
        for route, address in pages.items():
            words = words_of((await visitor.get(address, **owner)).text)
            zeros = ZEROS.findall(words)
            if zeros and route not in OF_ONE_REQUEST + STATEMENTS:
                told[route] = zeros
        assert {} == told

    at_console(tmp_path, story)
