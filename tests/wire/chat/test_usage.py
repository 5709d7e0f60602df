"""Usage as upstreams report it, sane or not (T-48)."""

from __future__ import annotations

import msgspec
import pytest

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import MODAL, Modal
from aihub_lite.domain.usage import OtherUsage, Usage
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.chat.usage import usage_json, usage_of

pytestmark = pytest.mark.attack("T-48")
HOSTED = Hosted(web_search=3, file_search=2, code_session=1)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(3, 4), id="plain"),
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 8,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(9, 8, 4, 2, 5),
            id="OpenAI, OpenRouter",
        ),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3},
            Usage(9, 1, 6),
            id="DeepSeek",
        ),
        pytest.param({"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 6}, Usage(9, 1, 6), id="Moonshot"),
        pytest.param({"input_tokens": 9, "output_tokens": 1}, Usage(9, 1), id="names of Responses"),
        pytest.param({"prompt_tokens": 9, "total_tokens": 12}, Usage(9, 3), id="no completion"),
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "prompt_tokens_details": None,
                "completion_tokens_details": [],
            },
            Usage(9, 1),
            id="null details",
        ),
        pytest.param({"prompt_tokens": 5.0, "completion_tokens": 2.9}, Usage(5, 2), id="floats"),
        pytest.param({"prompt_tokens": 10**30, "completion_tokens": 1}, Usage(0, 1), id="huge"),
        pytest.param(
            {"prompt_tokens": 1e20, "completion_tokens": 2, "total_tokens": 9}, Usage(7, 2), id="huge beside a total"
        ),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1e20}},
            Usage(5, 1),
            id="nonsense is no discount",
        ),
        pytest.param({"prompt_tokens": 1e20, "completion_tokens": 10**30}, None, id="nothing but nonsense"),
        pytest.param({"prompt_tokens": 5, "completion_tokens": -3}, Usage(5, 0), id="one negative"),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 50}},
            Usage(5, 1, 5),
            id="more cached than read",
        ),
        pytest.param(
            {
                "prompt_tokens": 81,
                "completion_tokens": 72,
                "prompt_tokens_details": {"audio_tokens": 69, "cached_tokens": 0, "image_tokens": 0, "text_tokens": 12},
                "completion_tokens_details": {"audio_tokens": 60, "text_tokens": 12},
            },
            Usage(81, 72, modal=Modal(audio_input=69, audio_output=60)),
            id="sound, from Azure",
        ),
        pytest.param(
            {
                "prompt_tokens": 90,
                "completion_tokens": 1300,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 20, "video_tokens": 60},
                "completion_tokens_details": {"reasoning_tokens": 5, "image_tokens": 1290},
            },
            Usage(90, 1300, 0, 0, 5, modal=Modal(audio_input=20, video_input=60, image_output=1290)),
            id="film and picture, from OpenRouter",
        ),
        pytest.param(
            {"input_tokens": 60, "output_tokens": 9, "input_token_details": {"audio_tokens": 50, "text_tokens": 10}},
            Usage(60, 9, modal=Modal(audio_input=50)),
            id="a transcription",
        ),
        pytest.param(
            {
                "input_tokens": 310,
                "output_tokens": 4170,
                "input_tokens_details": {"image_tokens": 300, "text_tokens": 10},
                "output_tokens_details": {"image_tokens": 4160, "text_tokens": 10},
            },
            Usage(310, 4170, modal=Modal(image_input=300, image_output=4160)),
            id="an image",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 9,
                "input_token_details": {
                    "cached_tokens": 64,
                    "audio_tokens": 90,
                    "cached_tokens_details": {"audio_tokens": 60, "text_tokens": 4},
                },
            },
            Usage(100, 9, 64, modal=Modal(audio_input=90, audio_cache_read=60)),
            id="cached sound",
        ),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"audio_tokens": 50}},
            Usage(5, 1, modal=Modal(audio_input=5)),
            id="more sound than prompt",
        ),
        pytest.param(
            {
                "prompt_tokens": 5,
                "completion_tokens": 1,
                "prompt_tokens_details": {"audio_tokens": "4", "image_tokens": -3, "cached_tokens_details": [7]},
                "completion_tokens_details": {"audio_tokens": True},
            },
            Usage(5, 1),
            id="nonsense instead of sound",
        ),
    ],
)
def test_every_shape_of_usage_is_understood(usage: object, expected: Usage) -> None:
    assert expected == usage_of(usage)


def chat_usage(prompt: int, completion: int, total: int, reasoning: int | None = None, **more: object) -> object:
    usage: dict[str, object] = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    if reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return usage | more


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(chat_usage(100, 10, 410, 300), Usage(100, 310, 0, 0, 300), id="beside it, in the total: xAI"),
        pytest.param(chat_usage(100, 85, 225, 40), Usage(100, 125, 0, 0, 40), id="the same, with less thought"),
        pytest.param(chat_usage(61, 10, 71, 96), Usage(61, 106, 0, 0, 96), id="beside it, not in the total: Vercel"),
        pytest.param(chat_usage(33, 7163, 7196, reasoning_tokens=73997), Usage(33, 81160, 0, 0, 73997), id="on top"),
        pytest.param(chat_usage(10, 5, 115), Usage(10, 105), id="unnamed, in the total: Google"),
        pytest.param(chat_usage(10, 5, 115, 0), Usage(10, 105), id="named as 0, in the total"),
        pytest.param(chat_usage(10, 5, 115, 3), Usage(10, 105, 0, 0, 3), id="more in the total than is named"),
        pytest.param(chat_usage(10, 8, 18, 5), Usage(10, 8, 0, 0, 5), id="part of it: OpenAI"),
        pytest.param(chat_usage(43, 10, 53, 11), Usage(43, 10, 0, 0, 10), id="part of it, miscounted: OpenRouter"),
        pytest.param(chat_usage(10, 5, 115, cached_tokens=100), Usage(110, 5, 100), id="a prompt without cached ones"),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 10,
                "total_tokens": 410,
                "output_tokens_details": {"reasoning_tokens": 300},
            },
            Usage(100, 310, 0, 0, 300),
            id="names of Responses",
        ),
        pytest.param(
            chat_usage(9, 5, 14, cache_creation_input_tokens=6, cache_creation={"ephemeral_1h_input_tokens": 4}),
            Usage(9, 5, 0, 6, cache_write_1h_tokens=4),
            id="a cache of an hour, from a reseller of Claude",
        ),
        pytest.param({"completion_tokens": 5, "total_tokens": 15}, Usage(10, 5), id="no prompt"),
        pytest.param(chat_usage(10, 5, 7), Usage(10, 5), id="a total that is too small"),
        pytest.param(chat_usage(10, 5, 10**30), Usage(10, 5), id="a total that cannot be"),
        pytest.param(chat_usage(10, 5, -3), Usage(10, 5), id="a negative total"),
    ],
)
def test_reasoning_is_billed_wherever_an_upstream_counts_it(usage: object, expected: Usage) -> None:
    """A Grok answer with 300 tokens of thought was booked as the 10 tokens of its text, a sixth of what xAI charged."""
    assert expected == usage_of(usage)


NO_COSTS: list[object] = [None, "0.1", True, -1, 1e300, [], {}]
OWN_KEYS = {"is_byok": True, "cost": 0.00002, "cost_details": {"upstream_inference_cost": 0.0003253}}


@pytest.mark.parametrize(
    ("said", "nano"),
    [
        pytest.param({"cost": {"request_cost": 0.005, "total_cost": 0.00502}}, 5_020_000, id="Perplexity (K5)"),
        pytest.param({"cost": 0.003576, "is_byok": False, "market_cost": 0.004}, 3_576_000, id="OpenRouter, Vercel"),
        pytest.param({"cost": 0.00129}, 1_290_000, id="Eden AI"),
        pytest.param({"cost_in_usd_ticks": 1_750_000}, 175_000, id="xAI"),
        pytest.param({"cost": 1, "cost_in_usd_ticks": 1_750_000}, 175_000, id="both"),
        pytest.param(OWN_KEYS, 345_300, id="the fee of keys of one's own, and what their provider charges"),
        pytest.param(OWN_KEYS | {"cost": 0}, 325_300, id="such keys without a fee"),
        pytest.param(OWN_KEYS | {"cost_details": {"upstream_inference_cost": None}}, None, id="the fee alone"),
        pytest.param({"cost": 0, "is_byok": False}, 0, id="free, and known to be"),
        pytest.param({"cost": 0}, None, id="0 of who knows no prices"),
        pytest.param({"cost_in_usd_ticks": 0}, None, id="0 ticks"),
        pytest.param({"cost": {"total_cost": 0.0}}, None, id="0 in an object"),
        *[pytest.param({"cost": cost}, None, id=f"{cost}") for cost in NO_COSTS],
    ],
)
def test_what_an_upstream_says_that_an_answer_cost_is_read(said: dict[str, object], nano: int | None) -> None:
    counted = usage_of({"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20, **said})
    alone = usage_of(said)

    assert Usage(10, 10, upstream_cost_nano=nano) == counted
    assert nano == (alone and alone.upstream_cost_nano)


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (chat_usage(43, 10, 53, 11), "11 reasoning of 10 completion tokens"),
        (chat_usage(5, 1, 6, cached_tokens=50), "50 cached and 0 newly cached of 5 prompt tokens"),
        ({"prompt_tokens": 10**30, "completion_tokens": 1}, "1e+30 tokens"),
    ],
)
def test_what_is_cut_from_a_reported_usage_is_logged(
    usage: object, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    usage_of(usage)

    assert [said] == [said for record in caplog.records if said in record.getMessage()]


@pytest.mark.parametrize(
    "usage",
    [
        *(None, {}, [], "12", 5, {"prompt_tokens": "5", "completion_tokens": "6"}, {"total_tokens": 5}),
        *({"prompt_tokens": -1, "completion_tokens": -1}, {"prompt_tokens": True}, {"prompt_tokens": None}),
    ],
)
def test_usage_that_says_nothing_is_left_to_the_estimate(usage: object) -> None:
    assert usage_of(usage) is None


def test_clients_get_three_counts_that_add_up() -> None:
    assert {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
    } == usage_json(Usage(9, 8, 4, 0, 5))


def test_clients_get_sound_and_pictures_told_apart() -> None:
    modal = Modal(audio_input=6, audio_cache_read=3, image_output=2)
    shown = usage_json(Usage(9, 8, 4, 0, 5, modal=modal))
    assert {
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 6, "cached_tokens_details": {"audio_tokens": 3}},
        "completion_tokens_details": {"reasoning_tokens": 5, "image_tokens": 2},
    } == {name: shown[name] for name in ("prompt_tokens_details", "completion_tokens_details")}


@pytest.mark.parametrize("modal", [None, Modal(**dict.fromkeys(MODAL, 1)), Modal(video_output=1)], ids=str)
def test_what_is_sent_is_read_back_the_same(modal: Modal | None) -> None:
    others = (OtherUsage("a", Usage(3, 2, 1)), OtherUsage("b", Usage(5, 0, modal=modal and modal.within(5, 0, 0))))
    usage = Usage(10, 8, 4, 2, 5, modal=modal, cache_write_1h_tokens=1, others=others, tier="flex", hosted=HOSTED)

    assert usage == usage_of(usage_json(usage))


@pytest.mark.parametrize("said", ["flex", "Priority", "fast+us"])
def test_the_tier_that_an_answer_names_is_that_of_its_usage(said: str) -> None:
    counts = {"prompt_tokens": 3, "completion_tokens": 4}
    beside = {"service_tier": said, "usage": counts}
    choice: dict[str, object] = {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}
    whole = answer_of(msgspec.json.encode({"choices": [choice], **beside}), "m", "r", 0)
    stream = ChatStream("m", "r", 0, include_usage=True)
    stream.push(msgspec.json.encode({"choices": [], **beside}))

    expected = Usage(3, 4, tier=said.lower())
    assert [expected] * 3 == [whole.usage, stream.usage, usage_of({**counts, "service_tier": said})]


@pytest.mark.parametrize(
    "said", ["default", "auto", "standard", "on_demand", "", None, 3, ["flex"], "no such thing", "x" * 25]
)
def test_what_names_no_other_tier_is_the_standard_one(said: object) -> None:
    assert Usage(3, 4) == usage_of({"prompt_tokens": 3, "completion_tokens": 4, "service_tier": said})


@pytest.mark.parametrize(
    ("google", "tier"),
    [
        ({"traffic_type": "ON_DEMAND"}, ""),
        ({"traffic_type": "ON_DEMAND_PRIORITY"}, "priority"),
        ({"traffic_type": "PROVISIONED_THROUGHPUT"}, "provisioned_throughput"),
        ({"traffic_type": 3}, ""),
        ({}, ""),
        (None, ""),
    ],
    ids=str,
)
def test_the_traffic_of_vertex_compatible_endpoint_is_a_tier_of_service(google: object, tier: str) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "extra_properties": {"google": google}}

    assert Usage(3, 4, tier=tier) == usage_of(usage)
