"""What each role may do: every route of the framework, with the right that it takes. What is not listed is refused.

Each role may all that those before it may: nobody, member, admin, owner, the holder of the admin key. `person` takes
somebody who is signed in as themselves, in whatever role, and is shown and changes nothing but their own. Who may read
the documentation is a setting, which its own pages ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

from aihub_lite.errors import AccessDenied
from aihub_lite.web.access.actor import Actor, ActorRole

Right = Literal["open", "person", "admin", "owner", "key"]

TABLE = """
open    GET HEAD          /
open    GET               /console/static/{digest}/{path}
open    GET               /console/key
open    GET POST          /console/sign-in
open    GET POST          /console/enter/{secret}
open    GET POST          /console/invitation/{secret}
open    GET               /console/oidc/start
open    GET               /console/oidc/back
open    POST              /console/passkey
open    POST              /console/passkey/options
open    POST              /console/sign-out
open    POST              /console/taste
open    GET               /console/doctor/stream/{ticket}
open    GET               /openapi.json
open    GET               /docs
open    GET               /docs.md
open    GET               /docs/search.json
open    GET               /docs/llms.txt
open    GET               /docs/models
open    GET               /docs/models/{name}
open    GET               /docs/{slug}
open    POST              /docs/open

person  GET               /docs/me
person  GET               /docs/me.md
person  GET               /console/me
person  GET               /console/me/account
person  GET               /console/me/tokens
person  GET               /console/me/tokens/new
person  GET               /console/me/tokens/{ref}
person  GET               /console/me/requests
person  GET               /console/me/requests/{ref}
person  GET               /console/me/statement
person  GET               /console/me/statement.csv
person  GET               /api/me
person  GET               /api/me/openapi.json
person  POST              /api/me/password
person  GET DELETE        /api/me/sessions
person  DELETE            /api/me/sessions/{ref}
person  GET POST          /api/me/tokens
person  GET DELETE        /api/me/tokens/{ref}
person  GET               /api/me/tokens/{ref}/sighting
person  POST              /api/me/tokens/{ref}/disable
person  POST              /api/me/tokens/{ref}/resume
person  POST              /api/me/tokens/{ref}/rotate
person  GET POST          /api/me/passkeys
person  POST              /api/me/passkeys/options
person  DELETE            /api/me/passkeys/{ref}
person  GET               /api/me/pot
person  GET               /api/me/statement
person  GET POST          /api/me/credit-requests
person  GET               /api/me/usage
person  GET               /api/me/requests
person  GET               /api/me/requests/{ref}

admin   GET               /console
admin   GET               /console/search
admin   GET               /console/tokens
admin   GET               /console/tokens/new
admin   GET               /console/tokens/{ref}
admin   GET               /console/channels
admin   GET               /console/channels/new
admin   GET               /console/channels/{ref}
admin   GET               /console/models
admin   GET               /console/models/{name}
admin   GET               /console/routes
admin   GET               /console/routes/new
admin   GET               /console/routes/named/{name}
admin   GET               /console/playground
admin   GET               /console/requests
admin   GET               /console/requests/{ref}
admin   GET               /console/settings
admin   GET               /console/statistics
admin   GET               /console/statistics.csv
admin   GET               /console/people
admin   GET               /console/people/new
admin   GET               /console/people/teams
admin   GET               /console/people/teams/{ref}
admin   GET               /console/people/{ref}
admin   GET               /console/audit
admin   GET               /console/doctor
admin   GET               /console/alerts
admin   GET               /console/pots
admin   GET               /console/pots/{who}
admin   GET               /console/pots/{who}/statement
admin   GET               /console/pots/{who}/statement.csv

admin   GET               /docs/admin
admin   GET               /docs/admin.md
admin   GET               /docs/admin/{noun}
admin   GET               /docs/operator
admin   GET               /docs/operator.md
admin   GET               /docs/operator/{name}

admin   GET POST          /api/admin/alerts
admin   GET PATCH DELETE  /api/admin/alerts/{ref}
admin   POST              /api/admin/alerts/{ref}/enable
admin   POST              /api/admin/alerts/{ref}/disable
admin   POST              /api/admin/alerts/{ref}/test
admin   GET POST          /api/admin/aliases
admin   DELETE            /api/admin/aliases/{alias}
owner   POST              /api/admin/apply
owner   GET               /api/admin/backup
owner   POST              /api/admin/import
owner   POST              /api/admin/import/preview
admin   GET               /api/admin/backups
admin   GET               /api/admin/breaker
admin   GET               /api/admin/doctor
owner   POST              /api/admin/backups
admin   GET POST          /api/admin/channels
admin   POST              /api/admin/channels/many
admin   POST              /api/admin/channels/offers
admin   GET PATCH DELETE  /api/admin/channels/{ref}
admin   POST              /api/admin/channels/{ref}/enable
admin   POST              /api/admin/channels/{ref}/disable
admin   POST              /api/admin/channels/{ref}/test
admin   POST              /api/admin/channels/{ref}/reach
admin   POST              /api/admin/channels/{ref}/refresh
admin   GET               /api/admin/channels/{ref}/offers
admin   GET               /api/admin/channels/{ref}/sent
admin   POST              /api/admin/channels/{ref}/keys
admin   PATCH DELETE      /api/admin/channels/{ref}/keys/{key_ref}
admin   POST              /api/admin/channels/{ref}/keys/{key_ref}/enable
admin   POST              /api/admin/channels/{ref}/keys/{key_ref}/disable
admin   GET               /api/admin/export
owner   POST              /api/admin/export
admin   GET               /api/admin/flights
admin   POST              /api/admin/flights/{ref}/stop
admin   GET               /api/admin/status
admin   POST              /api/admin/mail
admin   GET               /api/admin/models
admin   GET PUT DELETE    /api/admin/models/{model}
admin   GET               /api/admin/overview
admin   GET               /api/admin/openapi.json
admin   GET POST          /api/admin/prices
admin   DELETE            /api/admin/prices/{model}
admin   POST              /api/admin/prices/adopt/{model}
admin   GET               /api/admin/records
admin   GET               /api/admin/records/{ref}
admin   GET               /api/admin/requests
admin   GET               /api/admin/requests/{ref}
admin   GET PUT DELETE    /api/admin/strategies
admin   DELETE            /api/admin/strategies/{model}
admin   GET POST          /api/admin/route
admin   GET POST          /api/admin/routes
admin   GET PATCH DELETE  /api/admin/routes/{name}
admin   GET PATCH         /api/admin/settings
admin   GET               /api/admin/statistics
admin   POST              /api/admin/undelete/aliases
admin   POST              /api/admin/undelete/prices
admin   POST              /api/admin/undelete/routes
admin   GET               /api/admin/usage
admin   GET               /api/admin/views
admin   PUT DELETE        /api/admin/views/{name}
admin   GET POST          /api/admin/tokens
admin   POST              /api/admin/tokens/many
admin   GET PATCH DELETE  /api/admin/tokens/{ref}
admin   GET               /api/admin/tokens/{ref}/sighting
admin   POST              /api/admin/tokens/{ref}/enable
admin   POST              /api/admin/tokens/{ref}/disable
admin   POST              /api/admin/tokens/{ref}/pause
admin   POST              /api/admin/tokens/{ref}/resume
admin   POST              /api/admin/tokens/{ref}/rotate
admin   POST              /api/admin/tokens/{ref}/chat/completions

admin   GET POST          /api/admin/people
admin   GET PATCH DELETE  /api/admin/people/{ref}
admin   POST              /api/admin/people/{ref}/enable
admin   POST              /api/admin/people/{ref}/disable
admin   POST              /api/admin/people/{ref}/pause
admin   POST              /api/admin/people/{ref}/resume
admin   GET POST          /api/admin/teams
admin   GET PATCH DELETE  /api/admin/teams/{ref}
admin   PUT DELETE        /api/admin/teams/{ref}/members/{person}
admin   GET POST          /api/admin/invitations
admin   DELETE            /api/admin/invitations/{ref}
admin   GET               /api/admin/audit
admin   GET               /api/admin/pots
admin   GET PATCH         /api/admin/pots/{who}
admin   GET POST          /api/admin/credits/{who}
admin   GET               /api/admin/credits/{who}/statement
admin   GET               /api/admin/credit-requests
admin   POST              /api/admin/credit-requests/{number}/give
admin   POST              /api/admin/credit-requests/{number}/refuse

admin   GET               /api/admin/sessions
admin   DELETE            /api/admin/sessions/{ref}
owner   DELETE            /api/admin/sessions
owner   POST              /api/admin/console-links
key     POST              /api/admin/admin-key
"""
"""A right, methods, and a path. An owner's right is what would make its holder an owner: a link that opens the console
as the admin key does, an import, which may bring owners, and a copy of the database, with all keys of upstreams and
what is kept of passwords."""

ORDER: tuple[Right, ...] = get_args(Right)
RANKS: Mapping[ActorRole, int] = {"member": 0, "admin": 1, "owner": 2, "key": 3}
LEAST: Mapping[Right, int] = {"admin": 1, "owner": 2, "key": 3}
"""The lowest rank that has a right."""


def read_table(text: str) -> dict[tuple[str, str], Right]:
    """The right of every route in a table, by method and path. To ask for a path's methods takes its lowest right."""
    rights: dict[tuple[str, str], Right] = {}
    for line in filter(None, text.split("\n")):
        word, *methods, path = line.split()
        right = cast("Right", word)
        for method in methods:
            rights[method, path] = right
        lowest = min(right, rights.get(("OPTIONS", path), right), key=ORDER.index)
        rights["OPTIONS", path] = lowest
    return rights


RIGHTS = read_table(TABLE)


def right_of(method: str, path: str) -> Right:
    """The right that a route takes; raises AccessDenied where the table has none."""
    right = RIGHTS.get((method, path))
    if right is None:
        raise AccessDenied("Nobody may do this: no right is set for it.")
    return right


def check_right(actor: Actor, right: Right) -> None:
    """Raises AccessDenied for somebody who is signed in but has not the right."""
    if right == "person":
        if actor.person is None:
            raise AccessDenied("The admin key is no person's: sign in as one.")
    elif right != "open" and not may(actor, right):
        raise AccessDenied("Your role may not do this.")


def may(actor: Actor, right: Right) -> bool:
    """Whether somebody's role has a right of administrators."""
    return RANKS[actor.role] >= LEAST[right]
