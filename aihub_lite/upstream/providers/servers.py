"""Gateways, and servers of one's own."""

from __future__ import annotations

import attrs

from aihub_lite.upstream.providers.provider import EVERY_KIND, Provider
from aihub_lite.upstream.providers.shared_quirks import LOCAL
from aihub_lite.wire.chat.quirks import Quirks

_TRANSLATING = Quirks(cache_marks=True, cache_key=True, top_k=True, late_system=True, effort_none=True)
"""A gateway that fits each request to the model behind it, as this one does."""

SERVERS = (
    Provider(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        source="https://openrouter.ai/docs",
        checked="2026-11",
        env="OPENROUTER_API_KEY",
        price_id="openrouter",
        quirks=Quirks(cache_marks=True, cache_key=True, top_k=True, effort_none=True),
        responses=frozenset({"compaction"}),  # openrouter.ai/docs, "Compaction", November 2026
    ),
    Provider(
        name="vercel",
        title="Vercel AI Gateway",
        # vercel.com/docs/ai-gateway, "OpenAI Chat Completions API", October 2026. Its models are those of the price
        # table by name, and what an answer cost stands in its `usage.cost`.
        base_url="https://ai-gateway.vercel.sh/v1",
        source="https://vercel.com/docs/ai-gateway",
        checked="2026-10",
        env="AI_GATEWAY_API_KEY",
        # Either spelling of max_tokens, cache marks and reasoning_details: recorded traffic of fantasy, March 2026.
        quirks=Quirks(cache_marks=True),
    ),
    Provider(
        name="aihub-lite",
        title="Another aihub-lite",
        base_url="",
        source="",
        checked="2026-11",
        quirks=_TRANSLATING,
        responses=EVERY_KIND,
        sums_up=True,
    ),
    Provider(
        name="new-api",
        title="new-api or one-api",
        base_url="",
        source="https://github.com/QuantumNous/new-api",
        checked="2026-11",
        quirks=Quirks(cache_marks=True, cache_key=True, top_k=True),
    ),
    Provider(
        name="ollama",
        title="Ollama",
        base_url="http://127.0.0.1:11434/v1",
        source="https://docs.ollama.com/openai",
        checked="2026-10",
        local=True,
        quirks=attrs.evolve(LOCAL, effort_to_thinkers=True),
    ),
    Provider(
        name="lmstudio",
        title="LM Studio",
        base_url="http://127.0.0.1:1234/v1",
        source="https://lmstudio.ai/docs/app/api/endpoints/openai",
        checked="2026-10",
        local=True,
        quirks=LOCAL,
    ),
    Provider(
        name="vllm",
        title="vLLM",
        base_url="http://127.0.0.1:8000/v1",
        source="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        checked="2026-10",
        local=True,
        quirks=Quirks(developer_role=False, top_k=True),
    ),
    Provider(
        name="llamacpp",
        title="llama.cpp",
        base_url="http://127.0.0.1:8080/v1",
        source="https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        checked="2026-11",
        local=True,
        quirks=LOCAL,
    ),
    Provider(
        name="jan",
        title="Jan",
        # Unless told otherwise it wants a key, which is then to be given.
        base_url="http://127.0.0.1:1337/v1",
        source="https://jan.ai/docs/desktop/api-preference",
        checked="2026-11",
        local=True,
        quirks=LOCAL,
    ),
    Provider(
        name="demo",
        title="Built-in demo",
        base_url="demo://builtin/v1",
        source="",
        checked="2026-10",
        demo=True,
    ),
)
