"""Which labels of a request are kept."""

from __future__ import annotations

import pytest

from aihub_lite.domain.reports.tags import MOST_TAGS, kept_end_user, kept_tags

HASH = "0123456789ab" + "c" * 52
UUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize("tag", ["night", "team/a", "project=alpha", "v1.2", "env=prod:eu", "a" * 32, "x=" + "y" * 32])
def test_a_name_or_a_name_with_its_value_is_a_tag(tag: str) -> None:
    assert (tag,) == kept_tags([tag])


@pytest.mark.parametrize(
    "tag",
    [
        *("", "two words", "a" * 33, "=b", "a=", "a=b=c", "-a", "naïve", "写一首诗", "a\nb", "a\n"),
        *("sk-abc", "key=sk-abc", f"request={UUID}"),
    ],
)
def test_text_keys_and_ids_of_requests_are_no_tags(tag: str) -> None:
    assert () == kept_tags([tag])


def test_a_record_has_each_tag_once_and_no_more_than_eight() -> None:
    assert ("b", "a") == kept_tags(["b", "a", "b", "no tag"])
    assert MOST_TAGS == len(kept_tags(f"t{number}" for number in range(100)))


@pytest.mark.parametrize("user", ["u-17", "ada@example.org", UUID, "a" * 64])
def test_a_short_name_of_an_end_user_is_kept(user: str) -> None:
    assert user == kept_end_user(user)


@pytest.mark.parametrize("user", ["", "Ada Lovelace", "a" * 65, "sk-secret", "用户", "user_" + "g" * 64 + "_account_x"])
def test_what_is_no_short_name_of_an_end_user_is_left_out(user: str) -> None:
    assert "" == kept_end_user(user)


@pytest.mark.parametrize("session", [UUID, UUID[::-1]])
@pytest.mark.parametrize(
    "form", ["user_{hash}_account_{account}_session_{session}", '{{"device_id":"{hash}","session_id":"{session}"}}']
)
def test_claude_codes_user_is_the_same_in_all_of_its_sessions(form: str, session: str) -> None:
    user = form.format(hash=HASH, account=UUID, session=session)
    assert "claude-code:0123456789ab" == kept_end_user(user)


def test_an_endless_id_is_not_searched() -> None:
    assert "" == kept_end_user(f"user_{HASH}_account_" + "x" * 10_000)
