"""What values of settings have to look like.

May import `errors`, `domain` and `domain.people`.
"""
