"""Words and keys that must stay where they were said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.canaries import ANSWER_CANARY, KEY_CANARY, PROMPT_CANARY
from tests.support.gateway import Gateway, running
from tests.support.leaks import leak_sentinel
from tests.support.process import SCALED, Home
from tests.support.upstream.answers import body_answer, chat_chunks, error_answer, json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Hang, Reset, Script

Serve = Callable[..., str]
TELLTALE = f"key {KEY_CANARY} prompt {PROMPT_CANARY}"
FAULTS: dict[str, Script] = {
    "healthy": (),
    "400": error_answer(400, TELLTALE, "invalid_value"),
    "400 that quotes it all": error_answer(400, f"Flagged: '{PROMPT_CANARY}' {PROMPT_CANARY.upper()}", PROMPT_CANARY),
    "401": error_answer(401, TELLTALE, "invalid_api_key"),
    "403": error_answer(403, TELLTALE),
    "429": error_answer(429, TELLTALE),
    "500": error_answer(500, TELLTALE),
    "502 HTML": body_answer(502, f"<html>{TELLTALE}".encode(), "text/html"),
    "200 HTML": body_answer(200, f"<html>{TELLTALE}".encode(), "text/html"),
    "200 nonsense": body_answer(200, TELLTALE.encode(), "application/json"),
    "200 with an error": json_answer(200, {"error": {"message": TELLTALE, "code": TELLTALE, "type": TELLTALE}}),
    "302": json_answer(302, {}, [("location", f"http://127.0.0.1:1/{KEY_CANARY}")]),
    "hang": [Hang()],
    "reset": [Reset()],
    "close": [Close()],
    "stream reset": sse(*chat_chunks("a b c")[:4], end=[Reset()], done=False),
    "stream nonsense": sse(*chat_chunks("a")[:2], f"data: {{{TELLTALE}\n\n".encode()),
    "stream error": sse(*chat_chunks("a")[:2], {"error": {"message": TELLTALE, "code": 500}}),
    "stream error first": sse({"error": {"message": TELLTALE, "code": "server_error"}}),
}


@pytest.mark.attack("T-70")
@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_no_fault_tells_a_secret(
    gateway: Gateway, serve: Serve, upstream: Upstream, script: Script, streamed: bool
) -> None:
    """T-70: no answer holds a key; the sentinel looks for key, prompt and answer in log, database and WAL."""
    if script:
        upstream.default = script
    answer = gateway.chat(serve(upstream.url), stream=streamed)
    seen = answer.body + str(answer.head).encode()
    assert [] == [word for word in (KEY_CANARY, gateway.key, gateway.admin_key) if word.encode() in seen]


@pytest.mark.attack("T-70")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_answer_that_is_kept_for_the_next_request_is_kept_nowhere_but_in_memory(
    gateway: Gateway, serve: Serve, upstream: Upstream, streamed: bool
) -> None:
    """T-70: the sentinel looks for prompt and answer in log, database and WAL, here in every file of the data."""
    model = serve(upstream.url)
    body = {"model": model, "input": f"Say {PROMPT_CANARY}", "stream": streamed}
    first = gateway.post(body, "/v1/responses").body.decode()
    (response_id,) = {word for word in first.split('"') if word.startswith("resp_")}
    second = gateway.post({**body, "previous_response_id": response_id}, "/v1/responses")
    sent = str(upstream.chats[-1].json())
    assert (200, 2, 1) == (second.status, sent.count(PROMPT_CANARY), sent.count(ANSWER_CANARY))
    canaries = [PROMPT_CANARY.encode(), ANSWER_CANARY.encode()]
    files = [file for file in gateway.home.directory.rglob("*") if file.is_file()]
    assert files
    assert [] == [file.name for file in files for canary in canaries if canary in file.read_bytes()]


@pytest.mark.attack("T-70")
@pytest.mark.parametrize("fields", [{"model": TELLTALE}, {"user": TELLTALE, "metadata": {"a": TELLTALE}}])
def test_no_field_of_a_request_is_kept(
    gateway: Gateway, serve: Serve, upstream: Upstream, fields: dict[str, object]
) -> None:
    """T-70: not even the odd ones: a model nobody serves, and a user and metadata that are texts, no names."""
    gateway.post({"model": serve(upstream.url), "messages": [{"role": "user", "content": "hi"}], **fields})
    assert 200 == gateway.admin("GET", "/requests").status  # writes what was refused


@pytest.mark.attack("T-70")
@pytest.mark.parametrize(
    "body", [f'{{"model": "{PROMPT_CANARY}'.encode(), PROMPT_CANARY.encode(), b'{"messages":"%b"}' % TELLTALE.encode()]
)
def test_a_broken_body_is_not_logged(gateway: Gateway, body: bytes) -> None:
    """T-70: nor what could not be parsed."""
    assert 400 == gateway.post(body).status
    assert 200 == gateway.admin("GET", "/requests").status  # writes what was refused


@pytest.mark.attack("T-70")
@pytest.mark.parametrize(
    "where", ["/v1/{}", "/{}", "/api/admin/{}", "/console/{}", "/v1/models/{}", "/v1/models?key={}"]
)
def test_a_secret_in_the_address_is_not_logged(gateway: Gateway, where: str) -> None:
    """T-70: keys that clients put into paths and queries."""
    gateway.post(b"{}", where.format(gateway.key))
    assert 200 == gateway.admin("GET", "/requests").status  # writes what was refused


@pytest.mark.attack("T-70")
def test_admin_answers_show_no_keys(gateway: Gateway, upstream: Upstream) -> None:
    """T-70: a key is shown once, when it is made."""
    gateway.add_channel(upstream.url)
    lists = [gateway.admin("GET", path).body.decode() for path in ("/tokens", "/channels", "/status", "/usage")]
    assert [] == [word for word in gateway.secrets for text in lists if word in text]


@pytest.mark.attack("T-70")
def test_metrics_do_not_tell_what_was_said(gateway: Gateway) -> None:
    """T-70: health and metrics are open, or closed, but never talkative."""
    gateway.chat("demo", messages=[{"role": "user", "content": PROMPT_CANARY}])
    open_pages = [gateway.post(b"", path).body + gateway.admin("GET", path).body for path in ("/metrics", "/healthz")]
    assert [] == [word for word in (PROMPT_CANARY, ANSWER_CANARY, gateway.key) if word.encode() in b"".join(open_pages)]


@pytest.mark.attack("T-70")
def test_a_key_from_the_environment_is_never_copied(tmp_path: Path) -> None:
    """T-70: `env:NAME` keys are resolved at use: neither log nor database ever hold the value."""
    secret = "sk-canary-environment-91ae"
    home = Home(tmp_path / "data", SCALED, {"MY_UPSTREAM_KEY": secret})
    with running(home) as gateway, leak_sentinel(gateway), Upstream() as upstream:
        gateway.secrets.append(secret)
        model = gateway.add_channel(upstream.url, keys=["env:MY_UPSTREAM_KEY"])
        assert 200 == gateway.chat(model).status
        assert f"Bearer {secret}" == upstream.chats[0].header("authorization")


def private(files: Sequence[Path]) -> list[str]:
    return [f"{file.name} {file.stat().st_mode & 0o777:o}" for file in files if file.stat().st_mode & 0o077]


@pytest.mark.attack("T-58", "T-70")
def test_nobody_else_on_the_machine_can_read_keys(gateway: Gateway) -> None:
    """T-58, T-70: database, WAL and admin key are the owner's alone."""
    assert [] == private([*gateway.books.files(), gateway.home.directory / "admin.key"])
