"""The part of the admin API that is about who shares the gateway: people, teams, invitations, and what any
of them changed.

May import what `web.admin` may, and `web.admin`, which knows nothing of it: `web.administration` joins them.
"""

from __future__ import annotations

from aihub_lite.web.admin.people.audit import audit_router
from aihub_lite.web.admin.people.invitations import invitations_router
from aihub_lite.web.admin.people.mail import mail_router
from aihub_lite.web.admin.people.persons import persons_router
from aihub_lite.web.admin.people.teams import teams_router

PEOPLE = (persons_router, teams_router, invitations_router, audit_router, mail_router)
