"""What a client's request says of itself in `user` and `metadata`, on every surface that has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aihub_lite.domain.reports.tags import NO_LABELS, Labels, kept_end_user, kept_tags, tag_of
from aihub_lite.wire.json_types import JsonView

LOOKED_AT = 32
"""Fields of `metadata`, or tags in its list: OpenAI takes 16."""
USER_ID = "user_id"


def labels_in(posted: JsonView, tags: Iterable[str] = ()) -> Labels:
    """The labels of a request: `tags`, which came in a header, and what its body says.

    `metadata` is an object of short texts (OpenAI's), which make tags like `project=alpha`, or has a list of `tags`
    (LiteLLM's). The end user is `user`, `safety_identifier` or, as Anthropic has it, `metadata.user_id`.
    """
    metadata = posted.get("metadata")
    user = posted.get("user") or posted.get("safety_identifier")
    if not metadata and not user and not tags:
        return NO_LABELS
    candidates = [*tags]
    if isinstance(metadata, dict):
        candidates += _tags_in(metadata)
        user = user or metadata.get(USER_ID)
    end_user = ""
    if isinstance(user, str):
        end_user = kept_end_user(user)
    return Labels(kept_tags(candidates), end_user)


def _tags_in(metadata: JsonView) -> Iterator[str]:
    named = metadata.get("tags")
    if isinstance(named, list):
        yield from (tag for tag in named[:LOOKED_AT] if isinstance(tag, str))
    for name, value in list(metadata.items())[:LOOKED_AT]:
        if isinstance(value, str) and name != USER_ID:
            yield tag_of(name, value)
