"""What a handler may ask for by the name of a parameter."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.paging import Asked
from aihub_lite.web.body import ADMIN_BYTES, read_body
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.requests.listing import RequestSearch
from aihub_lite.web.sign_in import SignIn

TheGateway = NamedDependency[SkipValidation[Gateway]]
"""The gateway that the handler belongs to."""

TheSignIn = NamedDependency[SkipValidation[SignIn]]
"""Who may come in; also what opens and ends sessions."""

TheSightings = NamedDependency[SkipValidation[Sightings]]
"""When each token's key was used last."""

TheAsked = NamedDependency[SkipValidation[Asked]]
"""Which page of a list the query asks for."""

TheSearch = NamedDependency[SkipValidation[RequestSearch]]
"""Which requests the query asks for."""

TheBody = NamedDependency[SkipValidation[bytes]]
"""The body, read after the guard has let the caller in."""


async def read_admin_body(request: AnyRequest, gateway: TheGateway) -> bytes:
    """Provides `TheBody`; raises RequestTooLarge, BodyTimeout and ClientGone."""
    return await read_body(request, gateway, ADMIN_BYTES)


def decodes(kind: type[object]) -> dict[str, type[object]]:
    """The `opt` of a route that decodes its body into a class by itself, for the API's description."""
    return {"decoded": kind}


def takes(kind: type[object]) -> dict[str, type[object]]:
    """The `opt` of a route whose body is read as an input class: what the API's description says of it."""
    return {"body": kind}
