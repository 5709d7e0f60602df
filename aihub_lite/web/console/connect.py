"""How each client is told about this gateway: what to type where, for one token.

Where a client wants `/v1` and where it adds that by itself is from the clients' own sources.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.models import models_for
from aihub_lite.web.console.pages import AnyRequest
from aihub_lite.web.sign_in import scheme_of

ROOT, BASE, KEY, MODEL = "{root}", "{root}/v1", "{key}", "{model}"


@attrs.frozen(kw_only=True)
class Client:
    """One client. In values and code `{root}`, `{key}` and `{model}` stand for what is this reader's."""

    name: str
    kind: Literal["app", "coding", "code"]
    fields: tuple[tuple[str, str], ...] = ()
    """Where, as a key of the catalogues under `connect`, and what to type there."""
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
models:
  - name: {model}
    provider: openai
    model: {model}
    apiBase: {root}/v1
    apiKey: {key}"""

LIBRECHAT = """\
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

CLAUDE_CODE = """\
export ANTHROPIC_BASE_URL={root}
export ANTHROPIC_AUTH_TOKEN={key}
export ANTHROPIC_MODEL={model}
export ANTHROPIC_DEFAULT_HAIKU_MODEL={model}
claude"""

CODEX = """\
model = "{model}"
model_provider = "aihub-lite"

[model_providers.aihub-lite]
name = "aihub-lite"
base_url = "{root}/v1"
env_key = "AIHUB_KEY"    # export AIHUB_KEY={key}
wire_api = "responses\""""

ADDRESS_AND_KEY = (("base_url", BASE), ("key", KEY))

CLIENTS = (
    Client(
        name="ChatBox",
        kind="app",
        fields=(("api_host", BASE), ("key", KEY), ("model", MODEL)),
        note="chatbox",
        deep_link="chatbox",
    ),
    Client(name="LobeChat", kind="app", fields=(("proxy_url", BASE), ("key", KEY)), note="lobechat"),
    Client(
        name="Cherry Studio",
        kind="app",
        fields=(("api_host", ROOT), ("key", KEY)),
        note="cherry",
        deep_link="cherry",
    ),
    Client(name="Open WebUI", kind="app", fields=ADDRESS_AND_KEY, note="open_webui"),
    Client(name="LibreChat", kind="app", file="librechat.yaml", code=LIBRECHAT),
    Client(
        name="Cursor", kind="coding", fields=(("override_url", BASE), ("key", KEY), ("model", MODEL)), note="cursor"
    ),
    Client(name="Continue", kind="coding", file="~/.continue/config.yaml", code=CONTINUE),
    Client(name="Aider", kind="coding", code=AIDER),
    Client(name="Claude Code", kind="coding", code=CLAUDE_CODE),
    Client(name="Codex", kind="coding", file="~/.codex/config.toml", code=CODEX),
    Client(name="curl", kind="code", code=CURL),
    Client(name="Python", kind="code", code=PYTHON),
    Client(name="Node", kind="code", code=NODE),
    Client(name="Go", kind="code", code=GO),
)


def pieces(text: str, root: str) -> list[str]:
    """Text in which every other piece is a name, `key` or `model`, that the page fills in and keeps filled in."""
    marked = text.replace("{root}", root).replace("{key}", "\0key\0").replace("{model}", "\0model\0")
    return marked.split("\0")


def root_of(request: AnyRequest, gateway: Gateway) -> str:
    """This gateway's address as its operator has set it, else as the reader's browser knows it."""
    host = request.headers.get("host", "")
    return gateway.settings.public_url or f"{scheme_of(request)}://{host}"


def connect(request: AnyRequest, gateway: Gateway, token: Token | None = None) -> dict[str, Any]:
    """What the Connect part of a page needs."""
    models = [model.id for model in models_for(gateway, token)]
    return {
        "root": root_of(request, gateway),
        "clients": CLIENTS,
        "pieces": pieces,
        "models": models,
        "model": models[0] if models else "MODEL",
    }
