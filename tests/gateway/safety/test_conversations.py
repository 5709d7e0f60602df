"""Which requests are one conversation sent again, by digests alone."""

from __future__ import annotations

import json

from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.gateway.safety.conversations import Conversations
from aihub_lite.wire.chat.request import ChatRequest, parse_chat

PROMPT = "a secret prompt"


def asked(*texts: str, **fields: object) -> tuple[ChatRequest, int]:
    """A chat request, and its bytes."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    body = json.dumps({"model": "m", "messages": messages, **fields}).encode()
    return parse_chat(body), len(body)


def sent(conversations: Conversations, *texts: str, times: int = 1, **fields: object) -> Repeats | None:
    """What is known after a request was sent so often."""
    repeats = None
    for _ in range(times):
        repeats = conversations.sent("t", *asked(*texts, **fields))
        if repeats is not None:
            repeats.answered("t", 1000.0, 1001.0, 5)
    return repeats


def test_a_conversation_that_comes_again_whole_is_known_again() -> None:
    conversations = Conversations()
    assert sent(conversations, PROMPT, "yes", "go on") is None
    first = sent(conversations, PROMPT, "yes", "go on")
    assert first is not None
    assert first is sent(conversations, PROMPT, "yes", "go on")


def test_a_batch_of_texts_of_one_length_under_one_system_prompt_is_no_repetition() -> None:
    conversations = Conversations()
    for number in range(100):
        repeats = sent(conversations, f"{PROMPT}: classify order {number:03}")
        assert repeats is None or repeats.rounds == 1


def test_an_agent_that_says_more_each_turn_does_not_repeat() -> None:
    conversations = Conversations()
    texts = [PROMPT]
    for turn in range(50):
        texts += ["I call the tool.", f"error {turn:03}"]
        assert sent(conversations, *texts) is None


def test_samples_with_seeds_of_their_own_are_no_repetition() -> None:
    conversations = Conversations()
    for seed in range(100, 200):
        repeats = sent(conversations, PROMPT, seed=seed)
        assert repeats is None or repeats.rounds == 1


def test_who_only_asks_whether_the_gateway_is_there_does_not_repeat() -> None:
    conversations = Conversations()
    assert sent(conversations, "ping", times=50, max_tokens=1) is None
    assert len(conversations) == 0


def test_tokens_do_not_repeat_each_other() -> None:
    conversations = Conversations()
    request, size = asked(PROMPT)
    assert conversations.sent("one", request, size) is None
    assert conversations.sent("two", request, size) is None


def test_digests_differ_from_process_to_process_and_hold_no_text() -> None:
    request, _ = asked(PROMPT)
    one, other = Conversations(), Conversations()
    assert one.digest(request) == one.digest(request)
    assert one.digest(request) != other.digest(request)
    sent(one, PROMPT, times=3)
    assert PROMPT not in repr(one)


def test_a_number_of_any_size_is_part_of_a_conversation() -> None:
    conversations = Conversations()
    seeds = (2**70, 2**71)
    one, other = (conversations.digest(asked(PROMPT, seed=seed)[0]) for seed in seeds)
    assert one != other
    assert one == conversations.digest(asked(PROMPT, seed=seeds[0])[0])


def test_the_order_of_fields_makes_no_other_conversation() -> None:
    conversations = Conversations()
    one, other = (
        parse_chat(json.dumps({"model": "m", "messages": [message]}).encode())
        for message in ({"role": "user", "content": PROMPT}, {"content": PROMPT, "role": "user"})
    )
    assert conversations.digest(one) == conversations.digest(other)


def test_no_more_conversations_are_kept_than_there_is_room_for() -> None:
    conversations = Conversations(limit=10)
    for length in range(100):
        sent(conversations, PROMPT + "x" * length)
    assert len(conversations) == 10
    assert sent(conversations, PROMPT + "x" * 99) is not None
