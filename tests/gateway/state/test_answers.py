"""What is kept of answers: who finds it, for how long, and how much of it there can be."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterable, Mapping, Sized

import attrs
import pytest

from aihub_lite.gateway.state.answers import KEPT_FOR, Bounds, KeptAnswers
from tests.storage.facts import TOKEN
from tests.support.clock import ManualClock

ALICE, BOB = "tok_alice", "tok_bob"
SAID, ANSWERED = b'{"role":"user"}', b'{"id":"msg_1"}'
SMALL = Bounds(all_bytes=40_000, token_bytes=10_000, all_answers=30, token_answers=10)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def answers(clock: ManualClock) -> KeptAnswers:
    return KeptAnswers(clock, bounds=SMALL)


def keep(
    answers: KeptAnswers,
    answer_id: str = "resp_1",
    token_id: str = ALICE,
    conversation: Iterable[bytes] | None = (SAID, ANSWERED),
    items: Mapping[str, bytes] | None = None,
) -> None:
    """As a request does that has just ended."""
    said = None
    if conversation is not None:
        said = [*conversation]
    by_id = {"msg_1": ANSWERED} if items is None else items
    answers.keep(token_id, answers.epoch(token_id), answer_id, said, by_id)


def found(answers: KeptAnswers, *answer_ids: str, token_id: str = ALICE) -> list[str]:
    """Which of these can be gone on from."""
    return [answer_id for answer_id in answer_ids if answers.conversation(token_id, answer_id) is not None]


def test_an_answer_is_found_with_what_led_to_it_and_its_items_by_their_ids(answers: KeptAnswers) -> None:
    keep(answers)
    assert ((SAID, ANSWERED), ANSWERED) == (answers.conversation(ALICE, "resp_1"), answers.item(ALICE, "msg_1"))


def test_another_token_finds_nothing(answers: KeptAnswers) -> None:
    keep(answers)
    assert (None, None, False) == (
        answers.conversation(BOB, "resp_1"),
        answers.item(BOB, "msg_1"),
        answers.delete(BOB, "resp_1"),
    )
    assert ["resp_1"] == found(answers, "resp_1")


def test_two_tokens_may_have_the_same_ids(answers: KeptAnswers) -> None:
    keep(answers)
    keep(answers, token_id=BOB, conversation=[b'"bob"'], items={"msg_1": b'"his"'})
    assert (ANSWERED, b'"his"') == (answers.item(ALICE, "msg_1"), answers.item(BOB, "msg_1"))


def test_what_nobody_uses_is_gone_after_ten_minutes(answers: KeptAnswers, clock: ManualClock) -> None:
    keep(answers)
    clock.advance(KEPT_FOR - 1)
    keep(answers, "resp_2", conversation=[b'"later"'], items={})
    clock.advance(1)
    answers.expire()
    assert (1, ["resp_2"], None) == (
        len(answers),
        found(answers, "resp_1", "resp_2"),
        answers.item(ALICE, "msg_1"),
    )


@pytest.mark.parametrize("use", ["conversation", "item"])
def test_every_use_gives_it_ten_minutes_more(answers: KeptAnswers, clock: ManualClock, use: str) -> None:
    keep(answers)
    for _ in range(3):
        clock.advance(KEPT_FOR - 1)
        if use == "item":
            assert ANSWERED == answers.item(ALICE, "msg_1")
        else:
            assert ["resp_1"] == found(answers, "resp_1")


def test_a_wall_clock_that_leaps_changes_nothing(answers: KeptAnswers, clock: ManualClock) -> None:
    keep(answers)
    clock.jump(86_400)
    assert ["resp_1"] == found(answers, "resp_1")


def test_what_is_too_old_goes_without_being_asked_for(answers: KeptAnswers, clock: ManualClock) -> None:
    """A prompt may not stay in memory for as long as nobody comes."""

    async def story(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("aihub_lite.gateway.state.answers.LOOKED_AT", 0.001)
        task = asyncio.create_task(answers.run())
        async with asyncio.timeout(5):
            while len(answers):
                await asyncio.sleep(0.001)
        task.cancel()

    keep(answers)
    clock.advance(KEPT_FOR)
    with pytest.MonkeyPatch.context() as monkeypatch:
        asyncio.run(story(monkeypatch))
    assert 0 == answers.size


def test_a_text_that_stands_in_many_conversations_is_kept_once(answers: KeptAnswers) -> None:
    """Most clients send all of a conversation again with every turn."""
    long = b'"%b"' % (b"x" * 4_000)
    ids = ["resp_0", "resp_1", "resp_2"]
    for number, answer_id in enumerate(ids):
        keep(answers, answer_id, conversation=[long, b"%d" % number], items={})
    assert ids == found(answers, *ids)


def test_of_one_token_what_was_used_longest_ago_goes_first(answers: KeptAnswers, clock: ManualClock) -> None:
    for number in range(3):
        keep(answers, f"resp_{number}", conversation=[b'"%d%b"' % (number, b"x" * 1_000)], items={})
        clock.advance(1)
    found(answers, "resp_0")
    keep(answers, "resp_3", conversation=[b'"%b"' % (b"y" * 3_500)], items={})
    assert ["resp_0", "resp_3"] == found(answers, "resp_0", "resp_1", "resp_2", "resp_3")


def test_a_token_has_no_more_answers_than_its_share(answers: KeptAnswers) -> None:
    """The tiniest ones too."""
    bounds = attrs.evolve(SMALL, token_bytes=1_000_000, all_bytes=1_000_000)
    answers.bounds = bounds
    for number in range(12):
        keep(answers, f"resp_{number}", conversation=[b"%d" % number], items={})
    assert (10, ["resp_2"]) == (len(answers), found(answers, "resp_0", "resp_1", "resp_2"))


def test_one_token_does_not_push_out_another(answers: KeptAnswers) -> None:
    keep(answers)
    for number in range(100):
        keep(answers, f"resp_{number}", BOB, [b'"%d%b"' % (number, b"x" * 3_000)], {})
    assert ["resp_1"] == found(answers, "resp_1")


def test_of_all_tokens_together_what_was_used_longest_ago_goes_first(answers: KeptAnswers) -> None:
    for number in range(12):
        keep(answers, "resp_1", f"tok_{number}", [b'"%b"' % (b"x" * 4_000)], {})
    kept = [number for number in range(12) if found(answers, "resp_1", token_id=f"tok_{number}")]
    assert [*range(5, 12)] == kept


def test_a_conversation_beyond_a_tokens_share_is_not_kept_but_its_items_are(answers: KeptAnswers) -> None:
    """Who sends large pictures with every turn points at what was answered all the same."""
    keep(answers, conversation=[b'"%b"' % (b"x" * 10_000), ANSWERED])
    assert ([], ANSWERED) == (found(answers, "resp_1"), answers.item(ALICE, "msg_1"))


def test_an_answer_beyond_a_tokens_share_is_not_kept_and_pushes_nothing_out(answers: KeptAnswers) -> None:
    keep(answers)
    large = b'"%b"' % (b"x" * 10_000)
    keep(answers, "resp_2", conversation=[large], items={"msg_2": large})
    assert (["resp_1"], None) == (found(answers, "resp_1", "resp_2"), answers.item(ALICE, "msg_2"))


def test_an_id_that_an_upstream_gave_counts_among_the_bytes(answers: KeptAnswers) -> None:
    """An upstream whose ids are long filled more memory than all that is kept may take."""
    for number in range(5):
        keep(answers, str(number).zfill(SMALL.token_bytes // 4))
    assert 2 == len(answers)
    keep(answers, "x" * SMALL.token_bytes)
    assert 2 == len(answers)


def test_what_is_deleted_is_gone_with_its_items(answers: KeptAnswers) -> None:
    keep(answers)
    keep(answers, "resp_2", items={"msg_2": b'"b"'})
    assert (True, False) == (answers.delete(ALICE, "resp_1"), answers.delete(ALICE, "resp_1"))
    assert (None, (SAID, ANSWERED)) == (answers.item(ALICE, "msg_1"), answers.conversation(ALICE, "resp_2"))


def test_nothing_is_left_of_what_was_dropped(answers: KeptAnswers) -> None:
    for number in range(5):
        keep(answers, f"resp_{number}", items={f"msg_{number}": ANSWERED})
    for number in range(5):
        answers.delete(ALICE, f"resp_{number}")
    assert (0, 0, {}) == (answers.size, len(answers), answers._shelves)


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (None, []),
        (attrs.evolve(TOKEN, digest="another"), []),
        (attrs.evolve(TOKEN, name="renamed"), ["resp_1"]),
    ],
    ids=["deleted", "rotated", "renamed"],
)
def test_what_was_said_with_a_key_is_gone_with_the_key(answers: KeptAnswers, after: object, left: list[str]) -> None:
    keep(answers, token_id=TOKEN.id)
    asyncio.run(answers.follow(TOKEN, after))  # type: ignore[arg-type]
    assert left == found(answers, "resp_1", token_id=TOKEN.id)


def test_a_request_that_began_before_its_key_was_rotated_leaves_nothing(answers: KeptAnswers) -> None:
    epoch = answers.epoch(ALICE)
    answers.forget(ALICE)
    answers.keep(ALICE, epoch, "resp_1", [SAID], {})
    assert [] == found(answers, "resp_1")
    keep(answers)
    assert ["resp_1"] == found(answers, "resp_1")


def test_of_tokens_that_are_gone_nothing_is_remembered(answers: KeptAnswers) -> None:
    """A number stayed for each one that was ever rotated or deleted."""
    for token_id in ("first", "second", "third"):
        keep(answers, token_id=token_id)
        answers.forget(token_id)
    fields = (getattr(answers, field.name) for field in attrs.fields(KeptAnswers))
    assert [] == [value for value in fields if isinstance(value, Sized) and len(value)]


def test_switched_off_it_forgets_all_and_keeps_nothing(answers: KeptAnswers) -> None:
    keep(answers)
    answers.switch(on=False)
    keep(answers, "resp_2", BOB)
    answers.switch(on=True)
    assert (0, 0) == (len(answers), answers.size)


@pytest.mark.parametrize("size", [1, 100, 100_000], ids=["tiny", "small", "large"])
def test_an_attack_on_its_memory_comes_to_no_more_than_its_bound(clock: ManualClock, size: int) -> None:
    """Many tokens, as many items as they like: what Python needs around a text is counted with it."""
    bounds = Bounds(all_bytes=8_000_000, token_bytes=2_000_000, all_answers=5_000, token_answers=500)
    answers = KeptAnswers(clock, bounds=bounds)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(3_000 if size < 1_000 else 300):
        texts = [b'"%d-%d-%b"' % (number, place, b"x" * size) for place in range(10)]
        items = {f"msg_{number}_{place}": text for place, text in enumerate(texts)}
        keep(answers, f"resp_{number}", f"tok_{number % 20}", texts, items)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < bounds.all_bytes * 1.1
    assert answers.size <= bounds.all_bytes
