"""Models that channels offer by patterns, in the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from aihub_lite.domain.catalog import Catalog, build_catalog
from aihub_lite.domain.channel import Channel, ModelFacts, Offer
from aihub_lite.domain.money import OPERATOR, Price, Rates
from aihub_lite.domain.patterns import best_match, known_offers, offer_at, with_listed
from aihub_lite.domain.validation import checked_channel
from aihub_lite.errors import InvalidRequest


def pattern(text: str) -> Offer:
    model, _, upstream = text.partition("=")
    return Offer(model, upstream or model)


def channel(name: str, *models: str, known: tuple[Offer, ...] = (), **fields: Any) -> Channel:
    offers = tuple(Offer(model, model) for model in models if "*" not in model)
    patterns = tuple(pattern(model) for model in models if "*" in model)
    return Channel(
        id=name,
        name=name,
        provider="openai",
        base_url="https://x.example",
        created_at=0,
        offers=(*offers, *known),
        patterns=patterns,
        **fields,
    )


def catalog(*channels: Channel, aliases: Mapping[str, tuple[str, ...]] | None = None, **more: Any) -> Catalog:
    return build_catalog(channels, aliases or {}, more.pop("prices", {}), more.pop("defaults", {}))


def served(of: Catalog, name: str, group: str = "default") -> list[tuple[str, str]]:
    """Channel and upstream model of each candidate."""
    resolved = of.resolve(name)
    if resolved is None:
        return []
    return [(candidate.channel.name, candidate.upstream_model) for candidate in resolved[0].for_group(group)]


@pytest.mark.parametrize(
    ("patterns", "name", "upstream"),
    [
        ("gpt-*", "gpt-5", "gpt-5"),
        ("gpt-*", "gpt-", None),
        ("gpt-*", "claude-5", None),
        ("*=vendor/*", "gpt-5", "vendor/gpt-5"),
        ("*-mini=v/*:small", "gpt-5-mini", "v/gpt-5:small"),
        ("a*a", "a", None),
        ("a*a", "aa", None),
        ("*=v/* gpt-*=openai/gpt-*", "gpt-5", "openai/gpt-5"),
        ("gpt-*=openai/gpt-* *=v/*", "gpt-5", "openai/gpt-5"),
    ],
)
def test_the_pattern_with_most_of_a_name_says_what_it_is_upstream(
    patterns: str, name: str, upstream: str | None
) -> None:
    match = best_match([pattern(text) for text in patterns.split()], name)
    assert upstream == (match and match.offer.upstream_model)


def test_what_an_upstream_lists_is_known_by_the_names_that_patterns_give_it() -> None:
    facts = ModelFacts(context_length=9)
    listed = (Offer("vendor/a", "vendor/a", facts), Offer("openai/gpt-5", "openai/gpt-5"), Offer("other", "other"))
    patterns = (pattern("*=vendor/*"), pattern("gpt-*=openai/gpt-*"))
    assert (Offer("a", "vendor/a", facts, "*"), Offer("gpt-5", "openai/gpt-5", None, "gpt-*")) == known_offers(
        patterns, (), listed
    )


def test_a_name_that_another_pattern_sends_elsewhere_is_not_known_by_this_one() -> None:
    patterns = (pattern("*=vendor/*"), pattern("gpt-*=openai/gpt-*"))
    assert () == known_offers(patterns, (), [Offer("vendor/gpt-5", "vendor/gpt-5")])


def test_a_new_list_leaves_what_was_named_and_replaces_what_was_known() -> None:
    before = channel("a", "m", "gpt-*", known=(Offer("gpt-4", "gpt-4", pattern="gpt-*"),))
    after = with_listed(before, (Offer("m", "m"), Offer("gpt-5", "gpt-5")))
    assert (Offer("m", "m"), Offer("gpt-5", "gpt-5", pattern="gpt-*")) == after.offers
    chosen = channel("b", "m")
    assert chosen == with_listed(chosen, (Offer("other", "other"),))


def test_an_exact_name_beats_a_pattern_and_the_longer_literal_the_shorter() -> None:
    of = catalog(channel("all", "*"), channel("gpt", "gpt-*"), channel("exact", "gpt-5"))
    assert [("exact", "gpt-5")] == served(of, "gpt-5")
    assert [("gpt", "gpt-4")] == served(of, "gpt-4")
    assert [("all", "llama")] == served(of, "llama")


def test_channels_with_the_same_pattern_are_failovers_of_one_another() -> None:
    of = catalog(channel("one", "gpt-*"), channel("two", "gpt-*=v/gpt-*"))
    assert [("one", "gpt-5"), ("two", "v/gpt-5")] == served(of, "gpt-5")


def test_a_group_without_the_exact_name_has_its_pattern() -> None:
    of = catalog(channel("exact", "gpt-5"), channel("all", "*", group="team"), channel("some", "gpt-*", group="team"))
    assert ([("exact", "gpt-5")], [("some", "gpt-5")]) == (served(of, "gpt-5"), served(of, "gpt-5", "team"))


def test_a_disabled_channel_has_no_patterns() -> None:
    assert [] == served(catalog(channel("off", "gpt-*", enabled=False)), "gpt-5")


def test_only_what_is_known_to_match_is_a_model_of_the_catalog() -> None:
    of = catalog(channel("gpt", "gpt-*", known=(Offer("gpt-5", "gpt-5", pattern="gpt-*"),)))
    assert (["gpt-5"], [("gpt", "gpt-4")]) == ([*of.models], served(of, "gpt-4"))
    assert ["gpt-5"] == [*of.models]


def test_a_price_of_the_operators_is_that_of_the_concrete_name() -> None:
    price = Price(Rates(input=1, output=2), OPERATOR)
    default = Price(Rates(input=3, output=4), "table")
    of = catalog(channel("all", "*=v/*"), prices={"gpt-5": price}, defaults={("openai", "v/gpt-4"): default})
    prices = []
    for name in ("gpt-5", "gpt-4"):
        resolved = of.resolve(name)
        assert resolved is not None
        prices.append(resolved[0].candidates[0].price)
    assert [price, default] == prices


def test_an_alias_leads_to_a_name_that_only_a_pattern_fits() -> None:
    of = catalog(channel("gpt", "gpt-*"), channel("m", "m"), aliases={"fast": ("gpt-5-mini",), "old": ("gpt-1", "m")})
    assert [("gpt", "gpt-5-mini")] == served(of, "fast")
    assert [("m", "m")] == served(of, "old")
    resolved = of.resolve("fast")
    assert resolved is not None
    assert ("gpt-5-mini", frozenset({"fast", "gpt-5-mini"})) == (resolved[0].id, resolved[1])


def test_a_prefix_that_a_client_made_up_widens_nothing() -> None:
    """A token for `openai/*` may not use what a pattern offers as `gpt-*`."""
    resolved = catalog(channel("gpt", "gpt-*")).resolve("openai/gpt-5")
    assert resolved is not None
    assert frozenset({"gpt-5"}) == resolved[1]


def test_ids_with_a_slash_go_upstream_as_they_are() -> None:
    assert [("all", "openai/gpt-5")] == served(catalog(channel("all", "*")), "openai/gpt-5")


@pytest.mark.parametrize(("pattern", "model_id"), [("*", "gpt-5"), ("openai/*", "openai/gpt-5")])
def test_a_model_can_be_asked_for_by_its_id_again(pattern: str, model_id: str) -> None:
    of = catalog(channel("all", pattern))
    resolved = of.resolve("openai/gpt-5")
    assert resolved is not None
    assert (model_id, True) == (resolved[0].id, bool(served(of, model_id)))


@pytest.mark.parametrize("name", ["a" * 201, "a b", "gpt-ü", "gpt-\n", "gpt-*", ""])
def test_what_can_be_no_name_fits_no_pattern(name: str) -> None:
    assert [] == served(catalog(channel("all", "*")), name)


def test_names_that_clients_make_up_take_bounded_memory() -> None:
    of = catalog(channel("all", "*"))
    for number in range(3000):
        assert served(of, f"m{number}")
    assert of.patterns is not None
    assert len(of.patterns._made) <= 1024


def test_a_channel_offers_by_name_before_by_pattern() -> None:
    of = channel("a", "m", "*=v/*")
    assert ("m", "v/n") == tuple(offer.upstream_model for name in "mn" if (offer := offer_at(of, name)))


@pytest.mark.parametrize("text", ["**", "a*b*", "*=vendor", "gpt-*=a*b*"])
def test_a_pattern_has_one_star_on_either_side(text: str) -> None:
    with pytest.raises(InvalidRequest, match="models: "):
        checked_channel(attrs.evolve(channel("a"), patterns=(pattern(text),)))


def test_a_pattern_is_listed_once() -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        checked_channel(channel("a", "gpt-*", "gpt-*=v/*"))
