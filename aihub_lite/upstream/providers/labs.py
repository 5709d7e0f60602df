"""Who makes models, and serves them under its own name."""

from __future__ import annotations

import attrs

from aihub_lite.upstream.providers.provider import ANTHROPIC_VERSION, EVERY_KIND, Provider
from aihub_lite.upstream.providers.shared_quirks import DEEPSEEK_AND_KIMI, OPENAI, PLAIN, PLAIN_WITH_TOP_K
from aihub_lite.wire.chat.quirks import ALL_REASONING, ANTHROPIC_HINTS, CACHE_HINTS, Quirks

LABS = (
    Provider(
        name="openai",
        title="OpenAI, or any compatible server by its base URL",
        base_url="https://api.openai.com/v1",
        source="https://platform.openai.com/docs/api-reference",
        checked="2026-11",
        env="OPENAI_API_KEY",
        price_id="openai",
        # It also stands for any compatible server by its base URL, so no spelling is forced on all its models, and
        # those that are not OpenAI's own get back what they thought.
        quirks=OPENAI,
        quirks_elsewhere=attrs.evolve(OPENAI, drop_inside=ANTHROPIC_HINTS, thought_calls=DEEPSEEK_AND_KIMI),
        responses=EVERY_KIND,
        sums_up=True,
        responses_elsewhere=False,
    ),
    Provider(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com/v1",
        source="https://docs.anthropic.com/en/api",
        checked="2026-11",
        env="ANTHROPIC_API_KEY",
        price_id="anthropic",
        wire="anthropic",
        auth="x-api-key",
        # It pages by 20 unless asked for more.
        models_path="/models?limit=1000",
        models_auth="x-api-key",
        models_headers=(ANTHROPIC_VERSION,),
        describes=True,
    ),
    Provider(
        name="gemini",
        title="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        source="https://ai.google.dev/api",
        checked="2026-11",
        env="GEMINI_API_KEY",
        price_id="google",
        wire="gemini",
        auth="x-goog-api-key",
        models_path="/openai/models",
        id_prefix="models/",
    ),
    Provider(
        name="vertex",
        title="Google Vertex AI",
        # With an API key (express mode) no project and no region stand in the path; `vertex.base_url_of` makes others.
        base_url="https://aiplatform.googleapis.com/v1",
        source="https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode/vertex-ai-express-mode-api-reference",
        checked="2026-11",
        # The table has Google's models and, at Vertex' prices, Anthropic's.
        price_id="google",
        wire="gemini",
        cloud="vertex",
        access="google",
    ),
    Provider(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com",
        source="https://api-docs.deepseek.com",
        checked="2026-11",
        env="DEEPSEEK_API_KEY",
        price_id="deepseek",
        quirks=attrs.evolve(PLAIN, thought_calls=DEEPSEEK_AND_KIMI),
        responses=frozenset({"custom", "custom_tool_call", "custom_tool_call_output", "web_search", "web_search_call"}),
    ),
    Provider(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        source="https://docs.mistral.ai/api",
        checked="2026-11",
        env="MISTRAL_API_KEY",
        price_id="mistral",
        quirks=Quirks(
            # Unknown fields, at any depth, are a 422 there.
            drop=frozenset({"store", "user", "logit_bias", "logprobs", "top_logprobs", "service_tier", "verbosity"})
            | {"prompt_cache_retention", "safety_identifier", "modalities"},
            drop_inside=ANTHROPIC_HINTS | ALL_REASONING | {"refusal", "annotations", "audio"},
            no_tools=False,
            max_tokens_name="max_tokens",
            developer_role=False,
            thinking_parts=True,
            # docs.mistral.ai, "Reasoning", and recorded traffic of pydantic-ai, which hands over OpenAI's thoughts too.
            thinking_models=("magistral", "mistral-small", "mistral-medium"),
            stream_options=False,
        ),
    ),
    Provider(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        source="https://docs.x.ai/docs",
        checked="2026-11",
        env="XAI_API_KEY",
        price_id="x-ai",
        quirks=Quirks(
            drop=frozenset({"prompt_cache_retention", "safety_identifier"}), developer_role=False, cache_key=True
        ),
        # It answers others (Codex has `custom` and `namespace`) with 422 and this list.
        responses=frozenset(
            {"web_search", "web_search_call", "x_search", "x_search_call", "file_search", "file_search_call"}
            | {"code_interpreter", "code_interpreter_call", "code_execution", "collections_search"}
            | {"image_generation", "image_generation_call", "mcp", "mcp_call", "mcp_list_tools", "compaction"}
        ),
        sums_up=True,  # docs.x.ai, "Context Compaction", November 2026
    ),
    Provider(
        name="moonshot",
        title="Moonshot AI",
        base_url="https://api.moonshot.ai/v1",
        source="https://platform.moonshot.ai/docs",
        checked="2026-11",
        env="MOONSHOT_API_KEY",
        price_id="moonshotai",
        quirks=attrs.evolve(PLAIN, thought_calls=DEEPSEEK_AND_KIMI),
    ),
    Provider(
        name="zai",
        title="Z.ai",
        base_url="https://api.z.ai/api/paas/v4",
        source="https://docs.z.ai",
        checked="2026-10",
        env="ZAI_API_KEY",
        price_id="zai",
        quirks=PLAIN,
    ),
    Provider(
        name="dashscope",
        title="Alibaba DashScope (international)",
        # Newer documentation names a domain per workspace; this one needs no workspace id.
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        source="https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        checked="2026-10",
        env="DASHSCOPE_API_KEY",
        quirks=attrs.evolve(PLAIN_WITH_TOP_K, cache_marks=True),
    ),
    Provider(
        name="minimax",
        title="MiniMax",
        # In China platform.minimaxi.com, with https://api.minimaxi.com/v1.
        base_url="https://api.minimax.io/v1",
        source="https://platform.minimax.io/docs/api-reference/text-openai-api",
        checked="2026-11",
        env="MINIMAX_API_KEY",
        price_id="minimax",
        # What it thinks stands in `<think>` within the content, and is to come back so; a client that asks for
        # `reasoning_split` gets it apart.
        quirks=PLAIN,
    ),
    Provider(
        name="stepfun",
        title="StepFun",
        # Outside of China platform.stepfun.ai, with https://api.stepfun.ai/v1.
        base_url="https://api.stepfun.com/v1",
        source="https://platform.stepfun.com/docs/zh/overview/quickstart",
        checked="2026-11",
        env="STEP_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="volcengine",
        title="Volcengine Ark",
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        source="https://www.volcengine.com/docs/82379/1263482",
        checked="2026-11",
        env="ARK_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="qianfan",
        title="Baidu Qianfan",
        base_url="https://qianfan.baidubce.com/v2",
        source="https://cloud.baidu.com/doc/qianfan/s/Hmh4suq26",
        checked="2026-11",
        env="QIANFAN_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="hunyuan",
        title="Tencent Hunyuan",
        base_url="https://api.hunyuan.cloud.tencent.com/v1",
        source="https://cloud.tencent.com/document/product/1729/111007",
        checked="2026-11",
        env="HUNYUAN_API_KEY",
        quirks=PLAIN,
    ),
    Provider(
        name="cohere",
        title="Cohere",
        base_url="https://api.cohere.ai/compatibility/v1",
        source="https://docs.cohere.com/docs/compatibility-api",
        checked="2026-11",
        env="COHERE_API_KEY",
        price_id="cohere",
        # Its list of what it does not support; a system message may be a developer's.
        quirks=Quirks(
            drop=CACHE_HINTS
            | {"store", "metadata", "logit_bias", "top_logprobs", "n", "modalities", "prediction", "audio"}
            | {"service_tier", "parallel_tool_calls", "verbosity"},
            drop_inside=ANTHROPIC_HINTS | ALL_REASONING,
            max_tokens_name="max_tokens",
            effort_none=True,
            efforts=frozenset({"none", "high"}),
        ),
        # Its models are listed beside that API, in Cohere's own: docs.cohere.com/reference/list-models.
        models_path="/../../v1/models?page_size=1000",
        models_id="name",
        endpoints=frozenset({"chat", "embeddings", "transcriptions"}),
    ),
    Provider(
        name="perplexity",
        title="Perplexity",
        # Its chat endpoint ended in September 2026 (docs.perplexity.ai, "Migrate from Sonar"); accounts that have its
        # router give https://api.perplexity.ai/router/v1, which chats too.
        base_url="https://api.perplexity.ai/v1",
        source="https://docs.perplexity.ai/docs/grounded-llm/openai-compatibility",
        checked="2026-11",
        env="PERPLEXITY_API_KEY",
        price_id="perplexity",
        quirks=PLAIN,
        endpoints=frozenset(),
        responses=frozenset({"web_search", "web_search_call"}),
    ),
)
