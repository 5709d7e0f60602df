"""Who makes a request of the console or an API below `/api`, and what each role may do there.

May import `errors`, `domain`, `storage` and `web.framework`.
"""
