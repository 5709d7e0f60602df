"""Pots of money: what a token, a person, a team or the gateway may spend, by which windows it refills, and credits.

May import `errors` and `domain`.
"""
