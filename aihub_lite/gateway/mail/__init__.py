"""Letters to people: what they say, and whether they are out.

May import `errors`, `domain`, `domain.people`, `config`, `upstream.mail` and `gateway.state`.
"""
