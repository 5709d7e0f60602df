"""OpenAI's Chat Completions, the hub: requests, answers and streams as they are read, mended and metered.

May import what lies directly in `wire`; the other formats import this one, never the other way.
"""
