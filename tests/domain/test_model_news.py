"""What is news of a list of models."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.channel import MOST_NEW_NAMES, UNCHANGED, ListChange, Offer, relisted, shortened

IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


def offers(*models: str) -> tuple[Offer, ...]:
    return tuple(Offer(model, model) for model in models)


def test_a_first_list_is_no_news() -> None:
    assert (offers("a"), UNCHANGED) == relisted((), offers("a"), lambda _: False, 5)


def test_a_model_that_stays_is_marked_once_and_no_news_a_second_time() -> None:
    first, change = relisted(offers("a", "b", "c"), offers("c", "d"), lambda offer: offer.model == "a", 5)
    second, nothing = relisted(first, offers("c", "d"), lambda offer: offer.model == "a", 9)

    assert ListChange(new=("d",), vanished=("b",), kept=("a",)) == change
    assert ([("c", 0), ("d", 0), ("a", 5)], first, UNCHANGED) == (
        [(offer.model, offer.gone_since) for offer in first],
        second,
        nothing,
    )


def test_a_model_that_comes_back_is_listed_as_before() -> None:
    gone, _ = relisted(offers("a", "b"), offers("b"), lambda _: True, 5)
    assert (offers("b", "a"), UNCHANGED) == relisted(gone, offers("b", "a"), lambda _: True, 9)


def test_a_kept_model_goes_quietly_when_nothing_points_at_it_any_more() -> None:
    gone, _ = relisted(offers("a", "b"), offers("b"), lambda _: True, 5)
    assert (offers("b"), UNCHANGED) == relisted(gone, offers("b"), lambda _: False, 9)


@given(IDS, IDS, IDS)
def test_nothing_that_stays_is_ever_lost_and_nothing_listed_is_missing(
    before: list[str], listed: list[str], pointed: list[str]
) -> None:
    after, change = relisted(offers(*before), offers(*listed), lambda offer: offer.model in pointed, 5)
    models = [offer.model for offer in after]

    assert len(models) == len({*models})
    assert {*listed} | ({*before} & {*pointed}) == {*models}
    assert not {*change.vanished} & {*models}


def test_news_name_so_many_models_at_most() -> None:
    many = tuple(str(number) for number in range(MOST_NEW_NAMES + 1))
    assert MOST_NEW_NAMES == len(shortened(ListChange(new=many)).new)
