"""The part of the admin API that puts back what was deleted.

May import `web.admin`, whose answers to a deletion are the bodies here.
"""

from aihub_lite.web.admin.undo.deletions import undelete_router

UNDO = (undelete_router,)
