"""Who runs models that others made."""

from __future__ import annotations

import attrs

from aihub_lite.upstream.providers.provider import EVERY_KIND, Provider
from aihub_lite.upstream.providers.shared_quirks import OPENAI, PLAIN, PLAIN_WITH_TOP_K
from aihub_lite.wire.chat.quirks import (
    ALL_REASONING,
    ANTHROPIC_HINTS,
    CACHE_HINTS,
    REASONING_HISTORY,
    Quirks,
)

HOSTS = (
    Provider(
        name="azure",
        title="Azure OpenAI",
        base_url="{AZURE_OPENAI_ENDPOINT}",
        source="https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle",
        checked="2026-11",
        env="AZURE_OPENAI_API_KEY",
        credential="entra:env:AZURE_TENANT_ID/env:AZURE_CLIENT_ID/env:AZURE_CLIENT_SECRET",
        access="entra",
        price_id="azure",
        azure=True,
        auth="api-key",
        quirks=OPENAI,
        # It answers 400 to arguments that are newer than the version.
        quirks_dated=attrs.evolve(OPENAI, drop=CACHE_HINTS, cache_key=False),
        # Its list of models is of those that could be deployed. That of deployments is no longer documented, and still
        # answered in the summer of 2026 (langflow-ai/langflow#14509).
        models_path="/openai/deployments?api-version=2023-03-15-preview",
        models_at_root=True,
        models_auth="api-key",
        endpoints=frozenset(
            {"chat", "completions", "embeddings", "images", "edits", "speech", "transcriptions", "translations"}
        ),
        responses=EVERY_KIND,
    ),
    Provider(
        name="bedrock",
        title="Amazon Bedrock",
        # "Endpoints supported by Amazon Bedrock" recommends this one; `https://bedrock-mantle.REGION.api.aws/v1` is the
        # other. Neither has chat for Claude.
        base_url="https://bedrock-runtime.{AWS_REGION}.amazonaws.com/openai/v1",
        source="https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html",
        checked="2026-11",
        env="AWS_BEARER_TOKEN_BEDROCK",
        price_id="aws",
        cloud="bedrock",
        access="aws",
        quirks=PLAIN,
    ),
    Provider(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        source="https://console.groq.com/docs/openai",
        checked="2026-11",
        env="GROQ_API_KEY",
        price_id="groq",
        # `reasoning` is for some of its models only: vercel/ai#8057.
        quirks=Quirks(drop=CACHE_HINTS | {"store", "logprobs", "top_logprobs"}, drop_inside=ALL_REASONING),
    ),
    Provider(
        name="together",
        title="Together AI",
        base_url="https://api.together.ai/v1",
        source="https://docs.together.ai/docs/openai-api-compatibility",
        checked="2026-11",
        env="TOGETHER_API_KEY",
        price_id="together",
        quirks=PLAIN_WITH_TOP_K,
    ),
    Provider(
        name="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        source="https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        checked="2026-11",
        env="FIREWORKS_API_KEY",
        price_id="fireworks",
        quirks=Quirks(drop=CACHE_HINTS, developer_role=False, top_k=True),
    ),
    Provider(
        name="cerebras",
        title="Cerebras",
        base_url="https://api.cerebras.ai/v1",
        source="https://inference-docs.cerebras.ai/resources/openai",
        checked="2026-10",
        env="CEREBRAS_API_KEY",
        price_id="cerebras",
        quirks=Quirks(
            drop=CACHE_HINTS | {"store", "frequency_penalty", "presence_penalty", "logit_bias"},
            drop_inside=ANTHROPIC_HINTS | REASONING_HISTORY,
            max_tokens_name="max_completion_tokens",
        ),
    ),
    Provider(
        name="siliconflow",
        title="SiliconFlow",
        base_url="https://api.siliconflow.com/v1",
        source="https://docs.siliconflow.com",
        checked="2026-10",
        env="SILICONFLOW_API_KEY",
        quirks=PLAIN_WITH_TOP_K,
    ),
    Provider(
        name="nvidia",
        title="NVIDIA NIM",
        base_url="https://integrate.api.nvidia.com/v1",
        source="https://docs.api.nvidia.com/nim/reference",
        checked="2026-11",
        env="NVIDIA_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="deepinfra",
        title="DeepInfra",
        base_url="https://api.deepinfra.com/v1/openai",
        source="https://docs.deepinfra.com/chat/overview",
        checked="2026-11",
        env="DEEPINFRA_API_KEY",
        quirks=attrs.evolve(PLAIN, effort_none=True),
    ),
    Provider(
        name="huggingface",
        title="Hugging Face Inference Providers",
        base_url="https://router.huggingface.co/v1",
        source="https://huggingface.co/docs/inference-providers/index",
        checked="2026-11",
        env="HF_TOKEN",
        quirks=PLAIN,
        endpoints=frozenset({"chat"}),
    ),
    Provider(
        name="sambanova",
        title="SambaNova",
        base_url="https://api.sambanova.ai/v1",
        source="https://docs.sambanova.ai/docs/en/features/openai-compatibility",
        checked="2026-11",
        env="SAMBANOVA_API_KEY",
        quirks=PLAIN_WITH_TOP_K,
    ),
    Provider(
        name="nebius",
        title="Nebius Token Factory",
        base_url="https://api.tokenfactory.nebius.com/v1",
        source="https://docs.tokenfactory.nebius.com/api-reference/introduction",
        checked="2026-11",
        env="NEBIUS_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="novita",
        title="Novita AI",
        base_url="https://api.novita.ai/openai/v1",
        source="https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
        checked="2026-11",
        env="NOVITA_API_KEY",
        price_id="novita",
        quirks=PLAIN_WITH_TOP_K,
        endpoints=frozenset({"chat", "completions", "embeddings", "rerank"}),
    ),
    Provider(
        name="hyperbolic",
        title="Hyperbolic",
        base_url="https://api.hyperbolic.xyz/v1",
        source="https://docs.hyperbolic.ai/inference/text-apis",
        checked="2026-11",
        env="HYPERBOLIC_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="cloudflare",
        title="Cloudflare Workers AI",
        base_url="https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
        source="https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
        checked="2026-11",
        env="CLOUDFLARE_API_TOKEN",
        price_id="cloudflare",
        quirks=PLAIN,
        # Of Cloudflare's own API: developers.cloudflare.com/api, "Model Search".
        models_path="/../models/search?per_page=1000",
        models_id="name",
        endpoints=frozenset({"chat", "embeddings"}),
    ),
)
