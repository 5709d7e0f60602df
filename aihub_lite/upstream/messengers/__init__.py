"""Services that carry alerts to people: the form that each takes a message in, and the way there.

May import `errors`, `domain`, `domain.alerts` and `upstream`, whose client it sends by. apprise is an extra, imported
with the first message that needs it.
"""
