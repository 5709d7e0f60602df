"""The documentation of this gateway under `/docs`: its address, its models, the reader's language.

May import `web.console` for the look, `web.admin` for what it tells of models, `web.description` for what it tells
admins, `upstream.providers` for what each kind of channel gets, and what these may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap

from aihub_lite import __version__
from aihub_lite.errors import GatewayError, NotFound, Unauthenticated
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.console import redirect_to_sign_in
from aihub_lite.web.console.connect import root_of
from aihub_lite.web.console.language import Language
from aihub_lite.web.console.pages import language_of, page
from aihub_lite.web.console.sign_in import with_status
from aihub_lite.web.description.document import Description
from aihub_lite.web.docs.admin import SLUG as ADMIN
from aihub_lite.web.docs.admin import AdminReference
from aihub_lite.web.docs.catalogue import OPERATOR, SECTIONS, DocPage, Documentation, Pages, neighbours
from aihub_lite.web.docs.machine import SUFFIX, contents_markdown, model_markdown, page_markdown, price_names
from aihub_lite.web.docs.markdown import COPY, DEEPEST, KEY, MODEL, OPEN, ROOT, RUN, fill, render
from aihub_lite.web.docs.models import example_models, model_rows, row_of_address
from aihub_lite.web.docs.own import SLUG as OWN_SLUG
from aihub_lite.web.docs.own import OwnReference
from aihub_lite.web.docs.readers import OFF, Reader, cookie_for, reader_of, shows_key
from aihub_lite.web.docs.reference import openapi
from aihub_lite.web.docs.search import Indexes
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.relay.endpoint import exchange_of
from aihub_lite.web.sign_in import SignIn, check_origin
from aihub_lite.wire.client_error import error_body

HOME = "/docs"
MARKDOWN = "text/markdown"
MOVED = {"other-endpoints": "endpoints"}
"""Pages that were, and those that say now where each part of them stands."""
CALL_OF_MODEL = f"""```sh
curl {ROOT}/v1/chat/completions \\
  -H "Authorization: Bearer {KEY}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{MODEL}", "messages": [{{"role": "user", "content": "Hello!"}}]}}'
```
"""
TheReader = NamedDependency[SkipValidation[Reader]]
TheDocumentation = NamedDependency[SkipValidation[Documentation]]
TheReference = NamedDependency[SkipValidation[AdminReference]]
TheOwn = NamedDependency[SkipValidation[OwnReference]]
TheIndexes = NamedDependency[SkipValidation[Indexes]]


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def show_openapi(request: AnyRequest, gateway: TheGateway) -> Response[bytes]:
    """What clients may send, for programs; it names no model, so it is everybody's unless the documentation is off."""
    if gateway.settings.docs == OFF:
        raise NotFound("GET /openapi.json: no such path.")
    document = openapi(root_of(request, gateway), __version__)
    return Response(msgspec.json.encode(document), media_type="application/json")


def docs_router(gateway: Gateway, sign_in: SignIn, description: Description, own: Description) -> PathRouter:
    """All pages, and the description for programs. Whoever may not read pages is shown one that asks for a key."""

    async def reader(request: AnyRequest) -> Reader:
        asking = await reader_of(request, gateway, sign_in)
        # Read and coloured, all pages of a language take half a second of the first reader's: not of everybody's.
        await asyncio.to_thread(documentation.pages, language_of(request).tag)
        return asking

    documentation = Documentation()
    reference = AdminReference(description)
    own_reference = OwnReference(own)
    indexes = Indexes(documentation, reference, own_reference)
    refusals: ExceptionHandlersMap = {Unauthenticated: ask_for_key, GatewayError: on_refusal}
    pages = PathRouter(
        "/",
        route_handlers=[show_first, show_index, show_contents, show_model_list, show_model, show_page],
        exception_handlers=refusals,
    )
    admin_pages = PathRouter(
        "/",
        route_handlers=[show_admin_contents, show_admin, show_operator_first, show_operator, show_own],
        exception_handlers={Unauthenticated: redirect_to_sign_in, GatewayError: on_refusal},
    )
    contents = PathRouter("/", route_handlers=[show_contents_file], exception_handlers=refusals)
    return PathRouter(
        "/",
        route_handlers=[show_openapi, contents, PathRouter(HOME, route_handlers=[open_with_key, pages, admin_pages])],
        dependencies={
            "reader": Provide(reader),
            "gateway": Provide(lambda: gateway, sync_to_thread=False),
            "documentation": Provide(lambda: documentation, sync_to_thread=False),
            "reference": Provide(lambda: reference, sync_to_thread=False),
            "own": Provide(lambda: own_reference, sync_to_thread=False),
            "indexes": Provide(lambda: indexes, sync_to_thread=False),
        },
        include_in_schema=False,
    )


@get("/")
async def show_first(
    documentation: TheDocumentation, indexes: TheIndexes, reader: TheReader, request: AnyRequest, gateway: TheGateway
) -> Response[Any]:
    """On to the first page of the contents; a program that asks for Markdown gets the contents themselves."""
    if wants_markdown(request):
        return markdown_answer(await contents_for(indexes, reader, request, gateway))
    first = next(iter(documentation.pages(language_of(request).tag)))
    return Redirect(f"{HOME}/{first}", status_code=303)


@get("/search.json")
async def show_index(indexes: TheIndexes, reader: TheReader, request: AnyRequest) -> Response[bytes]:
    """What the page's search looks through, in the reader's language."""
    index = await asyncio.to_thread(indexes.encoded, language_of(request).tag, admin=reader.admin, person=reader.person)
    headers = {"cache-control": "private, max-age=300", "vary": "cookie, accept-language"}
    return Response(index, media_type="application/json", headers=headers)


@get("/llms.txt")
async def show_contents(
    indexes: TheIndexes, reader: TheReader, request: AnyRequest, gateway: TheGateway
) -> Response[str]:
    """The contents, for a program that is given the address of this documentation."""
    return Response(await contents_for(indexes, reader, request, gateway), media_type="text/plain")


@get(f"{HOME}{SUFFIX}")
async def show_contents_file(
    indexes: TheIndexes, reader: TheReader, request: AnyRequest, gateway: TheGateway
) -> Response[Any]:
    """The same, for a program that adds `.md` to the address of all as it does to that of each page."""
    return markdown_answer(await contents_for(indexes, reader, request, gateway))


async def contents_for(indexes: Indexes, reader: Reader, request: AnyRequest, gateway: Gateway) -> str:
    """Where each page that somebody may read is as Markdown."""
    pages = await asyncio.to_thread(indexes.readable, "en", admin=reader.admin, person=reader.person)
    return contents_markdown(pages, root_of(request, gateway))


@get("/models/{name:path}", sync_to_thread=False)
def show_model(
    documentation: TheDocumentation, reader: TheReader, request: AnyRequest, gateway: TheGateway, name: FromPath[str]
) -> Response[Any] | Template:
    """One model: what it costs and can read, and calls that work for it; or the same as Markdown."""
    row, named_as_file = row_of_address(gateway, reader.token, name.removeprefix("/"))
    values = {"root": root_of(request, gateway), "model": row["id"]}
    if named_as_file or wants_markdown(request):
        return markdown_answer(model_markdown(row, language_of(request), CALL_OF_MODEL, values))
    pages = documentation.pages(language_of(request).tag, operator=reader.admin)
    call = render(CALL_OF_MODEL).html
    return docs_page(
        request,
        reader,
        "docs/model.html",
        pages,
        "models",
        values,
        call,
        model=row,
        price_names=price_names(language_of(request)),
    )


@get("/{slug:str}", sync_to_thread=False)
def show_page(
    documentation: TheDocumentation, reader: TheReader, request: AnyRequest, gateway: TheGateway, slug: FromPath[str]
) -> Response[Any] | Template:
    """A page, or its Markdown for `SLUG.md` and for who asks for `text/markdown`."""
    pages = documentation.pages(language_of(request).tag, operator=reader.admin)
    return answer_page(pages, reader, request, gateway, slug)


@get("/models", sync_to_thread=False)
def show_model_list(
    documentation: TheDocumentation, reader: TheReader, request: AnyRequest, gateway: TheGateway
) -> Response[Any] | Template:
    """As any other page; the framework needs a route of its own for a path that others lie below."""
    pages = documentation.pages(language_of(request).tag, operator=reader.admin)
    return answer_page(pages, reader, request, gateway, "models")


@get([f"/{OPERATOR}", f"/{OPERATOR}{SUFFIX}"], sync_to_thread=False)
def show_operator_first(documentation: TheDocumentation, reader: TheReader, request: AnyRequest) -> Redirect:
    """On to the first page of what is the operator's alone, as Markdown for who asks for that."""
    pages = documentation.pages(language_of(request).tag, operator=True)
    first = next(slug for slug, shown in pages.items() if shown.section == OPERATOR)
    if slug_asked(request).endswith(SUFFIX):
        first += SUFFIX
    return Redirect(f"{HOME}/{first}", status_code=303)


@get(f"/{OPERATOR}/{{name:str}}", sync_to_thread=False)
def show_operator(
    documentation: TheDocumentation, reader: TheReader, request: AnyRequest, gateway: TheGateway, name: FromPath[str]
) -> Response[Any] | Template:
    """One of the operator's pages; the guard has asked for the right."""
    pages = documentation.pages(language_of(request).tag, operator=True)
    return answer_page(pages, reader, request, gateway, f"{OPERATOR}/{name}")


@get([f"/{ADMIN}", f"/{ADMIN}{SUFFIX}"])
async def show_admin_contents(
    reference: TheReference, reader: TheReader, request: AnyRequest, gateway: TheGateway
) -> Response[Any] | Template:
    """The admin API's nouns and their operations."""
    pages = await asyncio.to_thread(reference.pages, language_of(request).tag)
    return answer_page(pages, reader, request, gateway, slug_asked(request))


@get(f"/{ADMIN}/{{noun:str}}")
async def show_admin(
    reference: TheReference, reader: TheReader, request: AnyRequest, gateway: TheGateway, noun: FromPath[str]
) -> Response[Any] | Template:
    """What the admin API does with one noun."""
    pages = await asyncio.to_thread(reference.pages, language_of(request).tag)
    return answer_page(pages, reader, request, gateway, f"{ADMIN}/{noun}")


@get([f"/{OWN_SLUG}", f"/{OWN_SLUG}{SUFFIX}"])
async def show_own(
    documentation: TheDocumentation, own: TheOwn, reader: TheReader, request: AnyRequest, gateway: TheGateway
) -> Response[Any] | Template:
    """The API of a person's own, after all other pages that they may read."""
    language = language_of(request).tag
    shown = await asyncio.to_thread(own.page, language)
    pages = {**documentation.pages(language, operator=reader.admin), shown.slug: shown}
    return answer_page(pages, reader, request, gateway, slug_asked(request))


def slug_asked(request: AnyRequest) -> str:
    """The page that an address names, as a file where it says so."""
    return str(request.scope["path"]).removeprefix(f"{HOME}/").rstrip("/")


def wants_markdown(request: AnyRequest) -> bool:
    """Whether a program asks for the text of a page by what it accepts."""
    return MARKDOWN in request.headers.get("accept", "")


def markdown_answer(text: str) -> Response[Any]:
    """The text of a page, for programs."""
    return Response(text, media_type=MARKDOWN, headers={"vary": "accept, cookie, accept-language"})


def answer_page(
    pages: Pages, reader: Reader, request: AnyRequest, gateway: Gateway, slug: str
) -> Response[Any] | Template:
    """A page, or its Markdown; raises NotFound."""
    name = slug.removesuffix(SUFFIX)
    if name in MOVED:
        return Redirect(f"{HOME}/{slug.replace(name, MOVED[name])}", status_code=301)
    if name not in pages:
        raise NotFound("There is no such page.")
    values = {"root": root_of(request, gateway), **example_models(gateway, reader.token)}
    models = None
    if name == "models":
        models = model_rows(gateway, reader.token)
    if slug != name or wants_markdown(request):
        return markdown_answer(page_markdown(pages[name], values, models or ()))
    return docs_page(request, reader, "docs/page.html", pages, name, values, models=models)


@post("/open", status_code=204)
async def open_with_key(request: AnyRequest, gateway: TheGateway) -> Response[None]:
    """Remember that this browser has shown a key, given as any client gives it; raises Unauthenticated."""
    check_origin(request)
    token = gateway.line.authenticate(exchange_of(request.scope, request.receive, None))
    return Response(None, status_code=204, cookies=[cookie_for(request, token)])


def docs_page(
    request: AnyRequest,
    reader: Reader,
    template: str,
    pages: Pages,
    slug: str,
    values: dict[str, str],
    body: str = "",
    **more: Any,
) -> Template:
    """A page inside the contents, with what is this reader's filled in; with a `body` in place of the page's own."""
    language = language_of(request)
    shown = pages[slug]
    before, after = neighbours(pages, slug)
    return page(
        request,
        template,
        doc=shown,
        body=filled(body or shown.rendered.html, values, language),
        contents=contents_of(pages.values()),
        reader=reader,
        headings=[heading for heading in shown.rendered.headings if heading.level <= DEEPEST],
        before=before,
        after=after,
        root=values["root"],
        model_name=values.get("model", MODEL),
        **more,
    )


def filled(body: str, values: dict[str, str], language: Language) -> str:
    """HTML with what is this reader's, and buttons in their language."""
    buttons = {COPY: language("connect.copy"), RUN: language("docs.run"), OPEN: language("docs.open_in")}
    return fill(body, {"key": KEY, **values}, buttons)


def contents_of(pages: Collection[DocPage]) -> list[tuple[str, list[DocPage]]]:
    """Pages by section, in the order of both."""
    return [(section, [page for page in pages if page.section == section]) for section in SECTIONS]


def ask_for_key(request: AnyRequest, error: Unauthenticated) -> Response[Any]:
    """A page that asks for a key; a program is told in the public shape how to bring one."""
    if "text/html" not in request.headers.get("accept", ""):
        if not shows_key(request):
            error.message = "Bring a key, as Authorization: Bearer sk-…: this documentation is for who has one."
        return Response(error_body(error), status_code=error.status, media_type="application/json")
    return with_status(page(request, "docs/locked.html"), error)


def on_refusal(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """A page with the refusal's text."""
    request_id = str(request.scope["aihub.request_id"])  # type: ignore[typeddict-item]
    return with_status(page(request, "errors/bare.html", error=error, case="not_found", request_id=request_id), error)
