"""Calls the gateway by clients that were generated from its own descriptions; prints what each call gave as JSON."""

import json
import os

from admin.api.tokens import list_tokens
from admin.client import AuthenticatedClient as Admin
from relay.api.default import chat_completions, models
from relay.client import AuthenticatedClient as Relay
from relay.models import ChatCompletionsBody, Error

URL = os.environ["URL"]
QUESTION = [{"role": "user", "content": "Hello!"}]


def main() -> None:
    relay = Relay(base_url=URL, token=os.environ["KEY"], raise_on_unexpected_status=True)
    stranger = Relay(base_url=URL, token="sk-unknown", raise_on_unexpected_status=True)
    admin = Admin(base_url=URL, token=os.environ["ADMIN_KEY"], raise_on_unexpected_status=True)
    body = ChatCompletionsBody(model=os.environ["MODEL"], messages=QUESTION, max_completion_tokens=10)
    answer = chat_completions.sync(client=relay, body=body)
    refusal = chat_completions.sync(client=stranger, body=body)
    told = {
        "answer": answer["choices"][0]["message"]["content"],
        "refusal": isinstance(refusal, Error) and refusal.error.code,
        "models": [model["id"] for model in models.sync(client=relay)["data"]],
        "tokens": [token["name"] for token in list_tokens.sync(client=admin, limit=5)["tokens"]],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
