"""The console's pages about who shares the gateway: people, teams, and what was changed by whom.

May import what `web.console` may, and `web.console`, which knows nothing of it: `web.administration` joins them.
"""

from __future__ import annotations

from aihub_lite.web.console.people.audit import AUDIT
from aihub_lite.web.console.people.persons import PERSONS
from aihub_lite.web.console.people.teams import TEAMS

PEOPLE_PAGES = (*PERSONS, *TEAMS, *AUDIT)
