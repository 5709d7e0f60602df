"""How to set up each client with this gateway: what to type where, for one token.

Where a client wants `/v1` and where it adds that by itself is from the clients' own sources.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.models import BY_ID, offered_to
from aihub_lite.web.admin.paging import LIMIT, Asked
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.sign_in import scheme_of

ROOT = "{root}"
BASE = "{root}/v1"
KEY = "{key}"
MODEL = "{model}"
WINDOWS = {"claude_window": "export CLAUDE_CODE_MAX_CONTEXT_TOKENS=", "codex_window": "model_context_window = "}
"""How a line begins that says how many tokens a model can read, where that is known; it stands in a code by its name.

Claude Code (code.claude.com/docs, env-vars) and Codex (its config reference) guess it of models whose names they do not
know, and then compact a long conversation too late, or too early.
"""


@attrs.frozen(kw_only=True)
class ClientApp:
    """One client. In values and code `{root}`, `{key}`, `{model}` and the names of WINDOWS stand for what is this
    reader's."""

    name: str
    kind: Literal["app", "coding", "code"]
    fields: tuple[tuple[str, str], ...] = ()
    """A field's name, as a key of the catalogues under `connect`, and what to type there."""
    file: str = ""
    """Where the code belongs, if it is a file."""
    code: str = ""
    note: str = ""
    """A key of the catalogues under `connect`."""
    deep_link: Literal["", "chatbox", "cherry"] = ""
    """The form of the link that sets the app up by itself."""

    @property
    def slug(self) -> str:
        """Its name as part of an id."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name.lower())


PYTHON = """\
from openai import OpenAI

client = OpenAI(
    base_url="{root}/v1",
    api_key="{key}",
)
answer = client.chat.completions.create(
    model="{model}",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)"""

NODE = """\
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "{root}/v1",
  apiKey: "{key}",
});
const answer = await client.chat.completions.create({
  model: "{model}",
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);"""

GO = """\
config := openai.DefaultConfig("{key}") // github.com/sashabaranov/go-openai
config.BaseURL = "{root}/v1"
client := openai.NewClientWithConfig(config)
answer, err := client.CreateChatCompletion(ctx, openai.ChatCompletionRequest{
	Model:    "{model}",
	Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "Hello!"}},
})"""

CURL = """\
curl {root}/v1/chat/completions \\
  -H 'Authorization: Bearer {key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "{model}", "messages": [{"role": "user", "content": "Hello!"}]}'"""

CONTINUE = """\
name: aihub-lite
version: 1.0.0
schema: v1
models:
  - name: "{model}"
    provider: openai
    model: "{model}"
    apiBase: {root}/v1
    apiKey: "{key}\""""

LIBRECHAT = """\
version: 1.3.5
endpoints:
  custom:
    - name: aihub-lite
      apiKey: "{key}"
      baseURL: "{root}/v1"
      models:
        default: ["{model}"]
        fetch: true"""

AIDER = """\
export OPENAI_API_BASE={root}/v1
export OPENAI_API_KEY={key}
aider --model openai/{model}"""

QWEN_CODE = """\
export OPENAI_BASE_URL={root}/v1
export OPENAI_API_KEY={key}
export OPENAI_MODEL={model}
qwen"""

OPENCODE = """\
{
  "$schema": "https://opencode.ai/config.json",
  "provider": {
    "aihub-lite": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "aihub-lite",
      "options": {"baseURL": "{root}/v1", "apiKey": "{key}"},
      "models": {"{model}": {}}
    }
  }
}"""

CLAUDE_CODE = """\
export ANTHROPIC_BASE_URL={root}
export ANTHROPIC_AUTH_TOKEN={key}
export ANTHROPIC_MODEL={model}
export ANTHROPIC_DEFAULT_HAIKU_MODEL={model}
{claude_window}claude"""

CODEX = """\
model = "{model}"
{codex_window}model_provider = "aihub-lite"

[model_providers.aihub-lite]
name = "aihub-lite"
base_url = "{root}/v1"
env_key = "AIHUB_KEY"    # export AIHUB_KEY={key}
wire_api = "responses"
request_max_retries = 1    # the gateway has tried all channels by then"""

LLM = """\
llm openai endpoint {root}/v1 --key {key} -m {model} 'Hello!'"""

AI_SDK = """\
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";

const aihub = createOpenAICompatible({
  name: "aihub-lite",
  baseURL: "{root}/v1",
  apiKey: "{key}",
  supportsStructuredOutputs: true,
});
const { text } = await generateText({ model: aihub("{model}"), prompt: "Hello!" });
console.log(text);"""

LANGCHAIN = """\
from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url="{root}/v1",
    api_key="{key}",
    model="{model}",
)
print(model.invoke("Hello!").content)"""

ADDRESS_AND_KEY = (("base_url", BASE), ("key", KEY))

CLIENTS = (
    ClientApp(
        name="ChatBox",
        kind="app",
        fields=(("api_host", BASE), ("key", KEY), ("model", MODEL)),
        note="chatbox",
        deep_link="chatbox",
    ),
    ClientApp(name="LobeChat", kind="app", fields=(("proxy_url", BASE), ("key", KEY)), note="lobechat"),
    ClientApp(
        name="Cherry Studio",
        kind="app",
        fields=(("api_host", ROOT), ("key", KEY)),
        note="cherry",
        deep_link="cherry",
    ),
    ClientApp(name="Open WebUI", kind="app", fields=ADDRESS_AND_KEY, note="open_webui"),
    ClientApp(name="LibreChat", kind="app", file="librechat.yaml", code=LIBRECHAT),
    ClientApp(
        name="Cursor", kind="coding", fields=(("override_url", BASE), ("key", KEY), ("model", MODEL)), note="cursor"
    ),
    ClientApp(name="Continue", kind="coding", file="~/.continue/config.yaml", code=CONTINUE),
    ClientApp(name="Aider", kind="coding", code=AIDER),
    ClientApp(
        name="Cline",
        kind="coding",
        fields=(("provider", "OpenAI Compatible"), ("base_url", BASE), ("key", KEY), ("model", MODEL)),
    ),
    ClientApp(name="opencode", kind="coding", file="opencode.json", code=OPENCODE),
    ClientApp(name="Qwen Code", kind="coding", code=QWEN_CODE),
    ClientApp(name="Claude Code", kind="coding", code=CLAUDE_CODE),
    ClientApp(name="Codex", kind="coding", file="~/.codex/config.toml", code=CODEX),
    ClientApp(name="curl", kind="code", code=CURL),
    ClientApp(name="Python", kind="code", code=PYTHON),
    ClientApp(name="Node", kind="code", code=NODE),
    ClientApp(name="Go", kind="code", code=GO),
    ClientApp(name="llm", kind="code", code=LLM),
    ClientApp(name="AI SDK", kind="code", code=AI_SDK),
    ClientApp(name="LangChain", kind="code", code=LANGCHAIN),
)


def pieces(text: str, root: str) -> list[str]:
    """Text split so that every other piece is a name, `key`, `model` or one of WINDOWS, that the page's script fills
    in."""
    marked = text.replace("{root}", root)
    for name in ("key", "model", *WINDOWS):
        # NUL is in none of these texts, so it can stand at the seams.
        marked = marked.replace(f"{{{name}}}", f"\0{name}\0")
    return marked.split("\0")


def root_of(request: AnyRequest, gateway: Gateway) -> str:
    """This gateway's address as its operator has set it, else as the reader's browser has it."""
    host = request.headers.get("host", "")
    return gateway.settings.public_url or f"{scheme_of(request)}://{host}"


def window_of(gateway: Gateway, model: Model) -> int | None:
    """How many tokens a model can read wherever a request for it goes; None where nobody says."""
    known = [gateway.prices.facts_of(candidate).context_length for candidate in model.candidates]
    return min((window for window in known if window), default=None)


def connect(request: AnyRequest, gateway: Gateway, token: Token | None = None) -> dict[str, Any]:
    """What the template's `connect_part` takes; without a token, with the models of all.

    There is a page of models to choose from; `more_models` says that others may be typed.
    """
    models = BY_ID.beyond(offered_to(gateway, token), Asked())
    windows = {model.id: window_of(gateway, model) for model in models[:LIMIT]}
    return {
        "more_models": len(models) > LIMIT,
        "root": root_of(request, gateway),
        "clients": CLIENTS,
        "pieces": pieces,
        "models": list(windows),
        "model": next(iter(windows), "MODEL"),
        "windows": windows,
        "window_lines": WINDOWS,
    }
