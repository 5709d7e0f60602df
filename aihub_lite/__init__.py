"""A self-hosted AI gateway: OpenAI's API in front, every provider behind, one process and one SQLite file."""

__version__ = "0.1.0"
