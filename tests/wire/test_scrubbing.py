"""A key that an upstream echoes, and texts that only look like one."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.wire.scrubbing import AND, MARK, PART, scrub, scrub_payload

HEX = "5f3c9a7e1b2d4c6f8091a2b3c4d5e6f75f3c9a7e1b2d4c6f8091a2b3c4d5e6f7"


@pytest.mark.parametrize("secret", [HEX, "2f0e9c1a-77b3-4d55-9a01-c4f2e8d7b611", "tangerine-lighthouse", "hunter2"])
def test_the_rest_of_the_text_stays(secret: str) -> None:
    assert f"Wrong key {MARK}, see the docs." == scrub(f"Wrong key {secret}, see the docs.", secret)


def test_seven_characters_of_a_key_stay() -> None:
    """OpenAI shows the last four, so that its operator knows which one it is."""
    text = f"Wrong key ****{HEX[-7:]}"
    assert text == scrub(text, HEX)


def test_two_parts_of_a_key_are_found_beside_each_other() -> None:
    assert f"{MARK}{MARK}." == scrub(f"{HEX[:9]}{HEX[3:14]}.", HEX)


@pytest.mark.parametrize("secret", ["", "x", "key"])
def test_a_placeholder_for_a_key_is_replaced_nowhere(secret: str) -> None:
    text = "An x, a key: nothing to hide."
    assert text == scrub(text, secret)


def test_a_short_key_is_replaced_as_a_word_only() -> None:
    assert f"{MARK} of nonesuch" == scrub("None of nonesuch", "none")


@given(st.text(string.printable, min_size=PART, max_size=80), st.text(max_size=30), st.data())
def test_no_part_of_any_key_is_left(secret: str, before: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(secret) - PART))
    end = data.draw(st.integers(start + PART, len(secret)))
    left = scrub(f"{before}{secret[start:end]}", secret)
    assert secret[start : start + PART] not in left


def test_an_answer_that_says_the_whole_key_is_mended() -> None:
    secret = f"{HEX[:20]}/{HEX[20:40]}"
    escaped = secret.replace("/", "\\/")
    assert b'"a [key]", "b [key]"' == scrub_payload(f'"a {secret}", "b {escaped}"'.encode(), secret)


@pytest.mark.parametrize("secret", ["", "lm-studio", "sk-no-key-required"])
def test_an_answer_may_speak_of_what_local_servers_take_for_a_key(secret: str) -> None:
    payload = b"Set the key to lm-studio, or to sk-no-key-required."
    assert payload == scrub_payload(payload, secret)


def test_several_secrets_are_each_taken_out() -> None:
    """A channel's key, and what its headers say."""
    other = "tangerine-lighthouse-of-the-north"
    secrets = f"{HEX[:32]}{AND}{other}"
    assert "a [key] b [key] c" == scrub(f"a {HEX[:32]} b {other} c", secrets)
    assert b"[key] [key]" == scrub_payload(f"{HEX[:32]} {other}".encode(), secrets)
