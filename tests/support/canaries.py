"""Words that must never be seen outside the conversation they were planted in."""

from __future__ import annotations

PROMPT_CANARY = "canary-prompt-7d1c"
ANSWER_CANARY = "canary-answer-b83e"
KEY_CANARY = "sk-canary-upstream-5f20"
"""What every upstream key of a test begins with."""
