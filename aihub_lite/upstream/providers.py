"""The kinds of upstream that the gateway knows by name. Base URLs are those in common use in autumn 2026."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

Auth = Literal["bearer", "x-api-key", "x-goog-api-key"]
"""How a key is sent: `Authorization: Bearer KEY`, or in a header of its own name."""
Wire = Literal["chat", "anthropic", "gemini"]
"""The format it speaks."""
EVERY_KIND = frozenset({"*"})

ANTHROPIC_VERSION = (b"anthropic-version", b"2023-06-01")


@attrs.frozen(kw_only=True)
class Provider:
    """One kind of upstream, with what a channel of it takes unless an operator says otherwise."""

    name: str
    title: str
    base_url: str
    """Where `/chat/completions` is appended; no slash at the end."""
    env: str | None = None
    """The environment variable in which people keep its key."""
    price_id: str | None = None
    """Its id in the genai-prices data; None: not there, prices are looked up by model name alone."""
    local: bool = False
    """Runs on this machine: no key, no price, looked for at start."""
    wire: Wire = "chat"
    auth: Auth = "bearer"
    models_path: str = "/models"
    models_auth: Auth = "bearer"
    models_headers: tuple[tuple[bytes, bytes], ...] = ()
    describes: bool = False
    """Its list says what each model takes."""
    id_prefix: str = ""
    """What its list puts before the ids that its chat endpoint takes."""
    responses: frozenset[str] | None = None
    """The kinds of tools and items, beyond functions, that its own `/responses` takes; None where it has none, or
    where it can do no more than its chat endpoint can."""
    responses_elsewhere: bool = True
    """Whether another base URL of this kind is likely to have that endpoint too."""

    def answers(self, kinds: frozenset[str], base_url: str) -> bool:
        """Whether a Responses request with these kinds of tools and items can be passed on to it."""
        if self.responses is None or not (self.responses_elsewhere or base_url == self.base_url):
            return False
        return self.responses is EVERY_KIND or kinds <= self.responses

    def key_headers(self, key: str | None) -> list[tuple[bytes, bytes]]:
        """Headers that carry `key` to the chat endpoint; none without a key."""
        return _key_headers(self.auth, key)

    def list_headers(self, key: str | None) -> list[tuple[bytes, bytes]]:
        """Headers for the model list, which some providers serve from their native API."""
        return [*_key_headers(self.models_auth, key), *self.models_headers]


def _key_headers(auth: Auth, key: str | None) -> list[tuple[bytes, bytes]]:
    if not key:
        return []
    if auth == "bearer":
        return [(b"authorization", b"Bearer " + key.encode())]
    return [(auth.encode(), key.encode())]


_ALL = (
    Provider(
        name="openai",
        title="OpenAI, or any compatible server by its base URL",
        base_url="https://api.openai.com/v1",
        env="OPENAI_API_KEY",
        price_id="openai",
        responses=EVERY_KIND,
        responses_elsewhere=False,
    ),
    Provider(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com/v1",
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
        env="GEMINI_API_KEY",
        price_id="google",
        wire="gemini",
        auth="x-goog-api-key",
        models_path="/openai/models",
        id_prefix="models/",
    ),
    Provider(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com",
        env="DEEPSEEK_API_KEY",
        price_id="deepseek",
        responses=frozenset({"custom", "custom_tool_call", "custom_tool_call_output", "web_search", "web_search_call"}),
    ),
    Provider(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        env="MISTRAL_API_KEY",
        price_id="mistral",
    ),
    Provider(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        env="XAI_API_KEY",
        price_id="x-ai",
        # It answers others (Codex has `custom` and `namespace`) with 422 and this list.
        responses=frozenset(
            {"web_search", "web_search_call", "x_search", "x_search_call", "file_search", "file_search_call"}
            | {"code_interpreter", "code_interpreter_call", "code_execution", "collections_search"}
            | {"image_generation", "image_generation_call", "mcp", "mcp_call", "mcp_list_tools"}
        ),
    ),
    Provider(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        env="GROQ_API_KEY",
        price_id="groq",
    ),
    Provider(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        env="OPENROUTER_API_KEY",
        price_id="openrouter",
        responses=frozenset(),
    ),
    Provider(
        name="dashscope",
        title="Alibaba DashScope (international)",
        # Newer documentation names a domain per workspace; this one needs no workspace id.
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        env="DASHSCOPE_API_KEY",
    ),
    Provider(
        name="together",
        title="Together AI",
        base_url="https://api.together.ai/v1",
        env="TOGETHER_API_KEY",
        price_id="together",
    ),
    Provider(
        name="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        env="FIREWORKS_API_KEY",
        price_id="fireworks",
    ),
    Provider(
        name="cerebras",
        title="Cerebras",
        base_url="https://api.cerebras.ai/v1",
        env="CEREBRAS_API_KEY",
        price_id="cerebras",
    ),
    Provider(
        name="moonshot",
        title="Moonshot AI",
        base_url="https://api.moonshot.ai/v1",
        env="MOONSHOT_API_KEY",
        price_id="moonshotai",
    ),
    Provider(name="zai", title="Z.ai", base_url="https://api.z.ai/api/paas/v4", env="ZAI_API_KEY", price_id="zai"),
    Provider(
        name="siliconflow",
        title="SiliconFlow",
        base_url="https://api.siliconflow.com/v1",
        env="SILICONFLOW_API_KEY",
    ),
    Provider(name="ollama", title="Ollama", base_url="http://127.0.0.1:11434/v1", local=True),
    Provider(name="lmstudio", title="LM Studio", base_url="http://127.0.0.1:1234/v1", local=True),
    Provider(name="vllm", title="vLLM", base_url="http://127.0.0.1:8000/v1", local=True),
    Provider(name="demo", title="Built-in demo", base_url="demo://builtin/v1"),
)

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in _ALL}
