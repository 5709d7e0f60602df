"""How a model is asked at whoever runs it: at its maker, or at a cloud."""

from __future__ import annotations

import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import JSON, UpstreamRequest
from aihub_lite.gateway.client.exchange import Headers
from aihub_lite.upstream.bedrock import is_mantle, root_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.bedrock import REFUSED, bedrock_body, bedrock_path, check_hosted
from aihub_lite.wire.anthropic.vertex import vertex_body, vertex_path
from aihub_lite.wire.json_types import JsonView


def messages_request(
    candidate: Candidate, body: JsonView, version: str, betas: str, dropped: tuple[str, ...] = ()
) -> UpstreamRequest:
    """A body for Anthropic, whose `model` is the upstream's, for the candidate's channel.

    `version` and `betas` are what Anthropic is told in headers.
    """
    base_url = candidate.channel.base_url
    cloud = PROVIDERS[candidate.channel.provider].cloud
    if cloud == "vertex":
        url = base_url + vertex_path(body["model"], stream=body.get("stream") is True)
        posted = msgspec.json.encode(vertex_body(body, version))
        return UpstreamRequest(url, [*JSON, *_beta_header(betas)], posted, dropped, "messages")
    if cloud == "bedrock":
        root = root_of(base_url)
        if not is_mantle(base_url):
            return _invoke_model(root, body, version, betas, dropped)
        base_url = root + "/anthropic/v1"
    headers = [*JSON, (b"anthropic-version", version.encode("latin-1")), *_beta_header(betas)]
    return UpstreamRequest(base_url + "/messages", headers, msgspec.json.encode(body), dropped, "messages")


def gemini_url(candidate: Candidate, path: str) -> str:
    """Where a model of Gemini's is asked, by its path at Google's own API without the version."""
    channel = candidate.channel
    if PROVIDERS[channel.provider].cloud == "vertex":
        path = "/publishers/google" + path
    return channel.base_url + path


def _beta_header(betas: str) -> Headers:
    if not betas:
        return []
    return [(b"anthropic-beta", betas.encode("latin-1"))]


def _invoke_model(root: str, body: JsonView, version: str, betas: str, dropped: tuple[str, ...]) -> UpstreamRequest:
    check_hosted(body)
    posted = bedrock_body(body, version, [beta.strip() for beta in betas.split(",")])
    url = root + bedrock_path(body["model"], stream=body.get("stream") is True)
    lost = tuple(name for name in REFUSED if name in body)
    return UpstreamRequest(url, JSON, msgspec.json.encode(posted), (*dropped, *lost), "messages")
