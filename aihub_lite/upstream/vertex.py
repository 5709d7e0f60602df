"""Google Vertex AI: where its regions answer, and which models it lists.

Sources, read in November 2026: docs.cloud.google.com, "Vertex AI service endpoints" and, in the REST reference,
`publishers.models.list`, which is in v1beta1 alone; google-genai 3.6.1 and anthropic 2.14.0 for the hosts of `us` and
`eu`, regions of several places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.json_types import JsonView, dicts_in, text_at

GLOBAL = "global"
MULTI_REGIONS = frozenset({"us", "eu"})
PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{1,98}[a-z0-9]")
"""An id or a number; those of a domain have a colon and dots."""
REGION = re.compile(r"[a-z]+(?:-[a-z]+\d+)?")
PLACE = re.compile(r"/projects/([^/]+)/locations/([^/]+)$")
LISTED = ("google", "anthropic")
"""Publishers whose models the gateway asks in their own formats."""
SERVED = re.compile(r"gemini-|claude-|text-embedding-|text-multilingual-embedding-")
"""What the names of those begin with that it can ask: neither pictures alone nor video."""


def base_url_of(project: str, region: str = GLOBAL) -> str:
    """The base URL of a project's channel; raises InvalidRequest."""
    if not PROJECT.fullmatch(project):
        raise InvalidRequest("project: must be the id or the number of a Google Cloud project")
    if not REGION.fullmatch(region):
        raise InvalidRequest("region: must be global, us, eu or a region of Google Cloud, like europe-west4")
    return f"https://{_host_of(region)}/v1/projects/{project}/locations/{region}"


def _host_of(region: str) -> str:
    if region == GLOBAL:
        return "aiplatform.googleapis.com"
    if region in MULTI_REGIONS:
        return f"aiplatform.{region}.rep.googleapis.com"
    return f"{region}-aiplatform.googleapis.com"


def place_of(base_url: str) -> tuple[str, str]:
    """Project and region that a base URL names; both empty where it names none."""
    match = PLACE.search(base_url)
    if match is None:
        return "", ""
    return match[1], match[2]


def list_urls(base_url: str) -> tuple[str, ...]:
    """Where the models of each publisher are listed; the lists are the same for all projects."""
    url = urlsplit(base_url)
    root = f"{url.scheme}://{url.netloc}{url.path.partition('/v1')[0]}/v1beta1"
    return tuple(f"{root}/publishers/{publisher}/models?pageSize=1000" for publisher in LISTED)


def models_in(answer: JsonView) -> Iterator[str]:
    """Ids of the models in one of these lists that can be asked."""
    for row in dicts_in(answer.get("publisherModels")):
        name = text_at(row, "name").rpartition("/")[2]
        if SERVED.match(name):
            yield name
