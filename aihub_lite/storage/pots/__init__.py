"""Pots as they are durable: their budgets, their credits, and what the book has of them.

May import `domain`, `domain.pots`, `errors`, `storage` and `storage.sqlite`.
"""
