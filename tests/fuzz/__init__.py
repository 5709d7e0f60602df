"""Fuzzers: whatever strangers, operators and upstreams say, nothing but a refusal comes of it: no 500, no traceback.

Each runs for `FUZZ_SECONDS` (one unless said), always from the same seeds: what is found once is found again. By hand:
`FUZZ_SECONDS=600 .venv/bin/python -m pytest tests/fuzz -x`; led by branches, with atheris: `… -m tests.fuzz.guided`.
"""
