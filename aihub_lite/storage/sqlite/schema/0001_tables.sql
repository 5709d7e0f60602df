-- Times end in _ms (Unix milliseconds) or _at (Unix seconds), money in _nano (nano-USD).

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    quota_nano INTEGER,
    budget_nano INTEGER,
    budget_period TEXT,
    models TEXT NOT NULL,
    expires_at INTEGER,
    rpm INTEGER,
    tpm INTEGER,
    concurrency INTEGER,
    allow_ips TEXT NOT NULL,
    spent_nano INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE channels (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    keys TEXT NOT NULL,
    offers TEXT NOT NULL,
    discovered INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    disabled TEXT NOT NULL,
    origin TEXT NOT NULL,
    clocks TEXT NOT NULL
) STRICT;

CREATE TABLE aliases (
    alias TEXT PRIMARY KEY,
    model TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE prices (
    model TEXT PRIMARY KEY,
    price TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers of the price table; a `price` of NULL: it has none for that model.
CREATE TABLE default_prices (
    price_id TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    table_version TEXT NOT NULL,
    price TEXT,
    PRIMARY KEY (price_id, upstream_model)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    request_id TEXT PRIMARY KEY,
    boot_id TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    token_id TEXT NOT NULL,
    token TEXT NOT NULL,
    model TEXT NOT NULL,
    surface TEXT NOT NULL,
    streamed INTEGER NOT NULL,
    channel TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    price TEXT NOT NULL,
    amount_nano INTEGER NOT NULL,
    estimate_nano INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `charge_nano` is what the record took from the token's quota.
CREATE TABLE usage_records (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    started_ms INTEGER NOT NULL,
    token_id TEXT NOT NULL,
    token TEXT NOT NULL,
    model TEXT NOT NULL,
    surface TEXT NOT NULL,
    streamed INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    channel TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    attempts TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    usage_source TEXT NOT NULL,
    price TEXT NOT NULL,
    cost_nano INTEGER NOT NULL,
    overrun_nano INTEGER NOT NULL,
    first_byte_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    client TEXT NOT NULL,
    charge_nano INTEGER NOT NULL
) STRICT;

CREATE INDEX usage_records_by_start ON usage_records (started_ms);
CREATE INDEX usage_records_by_token ON usage_records (token_id, started_ms);

-- Sums of usage_records; `day` is the number of UTC days since 1970.
CREATE TABLE usage_days (
    day INTEGER NOT NULL,
    token_id TEXT NOT NULL,
    model TEXT NOT NULL,
    channel TEXT NOT NULL,
    token TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    charge_nano INTEGER NOT NULL,
    PRIMARY KEY (day, token_id, model, channel)
) STRICT, WITHOUT ROWID;

-- What belongs to a record goes with its insert, so a record that is there already charges nothing again.
CREATE TRIGGER settle AFTER INSERT ON usage_records BEGIN
    UPDATE tokens SET spent_nano = spent_nano + NEW.charge_nano WHERE id = NEW.token_id;
    DELETE FROM holds WHERE request_id = NEW.request_id;
    INSERT INTO usage_days VALUES (
        NEW.started_ms / 86400000, NEW.token_id, NEW.model, NEW.channel, NEW.token, 1,
        NEW.outcome IN ('error', 'cut_off'), NEW.outcome = 'interrupted',
        NEW.prompt_tokens, NEW.completion_tokens, NEW.cost_nano, NEW.charge_nano
    ) ON CONFLICT DO UPDATE SET
        token = excluded.token,
        requests = requests + 1,
        errors = errors + excluded.errors,
        interrupted = interrupted + excluded.interrupted,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        cost_nano = cost_nano + excluded.cost_nano,
        charge_nano = charge_nano + excluded.charge_nano;
END;
