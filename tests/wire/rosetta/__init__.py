"""Translations beside those of an independent translator; each difference is judged in `judged.toml`."""
