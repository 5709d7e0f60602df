"""Tokens that are no text: those of sound, pictures and film, for which some models have rates of their own."""

from __future__ import annotations

from typing import Literal, get_args

import attrs

Modality = Literal["audio", "image", "video"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)


@attrs.frozen(kw_only=True)
class Modal:
    """How many of a request's tokens are no text: parts of its prompt, of its cached tokens and of its completion.

    What was read from a cache is part of the input here too: `audio_cache_read` of `audio_input`.
    """

    audio_input: int = 0
    audio_cache_read: int = 0
    audio_output: int = 0
    image_input: int = 0
    image_cache_read: int = 0
    image_output: int = 0
    video_input: int = 0
    video_cache_read: int = 0
    video_output: int = 0

    def counts(self) -> dict[str, int]:
        """Those that are not 0, by name."""
        return {name: count for name in MODAL if (count := getattr(self, name))}

    def within(self, fresh: int, read: int, written: int) -> Modal | None:
        """The counts that fit into the tokens new to the upstream, read from its cache, and written; None: not any."""
        counts: dict[str, int] = {}
        for kind in MODALITIES:
            prompt = getattr(self, f"{kind}_input")
            cached = min(getattr(self, f"{kind}_cache_read"), prompt, read)
            new = min(prompt - cached, fresh)
            output = min(getattr(self, f"{kind}_output"), written)
            fresh -= new
            read -= cached
            written -= output
            counts |= {f"{kind}_input": new + cached, f"{kind}_cache_read": cached, f"{kind}_output": output}
        if not any(counts.values()):
            return None
        return Modal(**counts)


MODAL = tuple(field.name for field in attrs.fields(Modal))
