-- What the breaker found, watched only or paused: figures alone, the latest thousand.
CREATE TABLE breaker_findings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    token_id TEXT NOT NULL,
    token TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('spend', 'requests', 'repeated')),
    seen INTEGER NOT NULL,
    usual INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    paused INTEGER NOT NULL
) STRICT;
