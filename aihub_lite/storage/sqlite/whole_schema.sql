-- What all files of schema/ come to, for a new database. Not written by hand: after a new step,
-- python -m tests.storage.sqlite.whole_schema
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
, person_id TEXT NOT NULL DEFAULT '', team_id TEXT NOT NULL DEFAULT '', self_made INTEGER NOT NULL DEFAULT 0) STRICT;
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
, cost TEXT NOT NULL DEFAULT 'auto', limits TEXT NOT NULL DEFAULT '{}', learn TEXT NOT NULL DEFAULT 'on', overrides TEXT NOT NULL DEFAULT 'null', patterns TEXT NOT NULL DEFAULT '[]', way_out TEXT NOT NULL DEFAULT 'null') STRICT;
CREATE TABLE aliases (
    alias TEXT PRIMARY KEY,
    model TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE prices (
    model TEXT PRIMARY KEY,
    price TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
, units INTEGER NOT NULL DEFAULT 0, unit TEXT NOT NULL DEFAULT '', modal TEXT, hosted TEXT, asked TEXT NOT NULL DEFAULT '', person_id TEXT NOT NULL DEFAULT '', team_id TEXT NOT NULL DEFAULT '', tags TEXT, end_user TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
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
, units INTEGER NOT NULL DEFAULT 0, unit TEXT NOT NULL DEFAULT '', modal TEXT, cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0, upstream_cost_nano INTEGER, others TEXT, tier TEXT NOT NULL DEFAULT '', drift REAL, hosted TEXT, waited_ms INTEGER NOT NULL DEFAULT 0, account TEXT NOT NULL DEFAULT '', asked TEXT NOT NULL DEFAULT '', passed TEXT, person_id TEXT NOT NULL DEFAULT '', team_id TEXT NOT NULL DEFAULT '', tags TEXT, end_user TEXT NOT NULL DEFAULT '', saved_nano INTEGER, error_text TEXT NOT NULL DEFAULT '', upstream_code TEXT NOT NULL DEFAULT '', dropped TEXT, renamed TEXT) STRICT;
CREATE INDEX usage_records_by_token ON usage_records (token_id, started_ms);
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
CREATE TABLE sessions (
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    client TEXT NOT NULL
, person_id TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE entry_links (
    digest TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE strategies (
    model TEXT PRIMARY KEY,
    strategy TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_by_token (
    quarter INTEGER NOT NULL,
    token_id TEXT NOT NULL,
    token TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    first_byte_ms INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    PRIMARY KEY (quarter, token_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_by_model (
    quarter INTEGER NOT NULL,
    model TEXT NOT NULL,
    channel TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    first_byte_ms INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    PRIMARY KEY (quarter, model, channel)
) STRICT, WITHOUT ROWID;
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
    INSERT INTO usage_by_token VALUES (
        NEW.started_ms / 900000, NEW.token_id, NEW.token, 1,
        NEW.outcome IN ('error', 'cut_off'), NEW.outcome = 'interrupted',
        NEW.prompt_tokens, NEW.completion_tokens, NEW.cost_nano, NEW.first_byte_ms, NEW.first_byte_ms > 0
    ) ON CONFLICT DO UPDATE SET
        token = excluded.token,
        requests = requests + 1,
        errors = errors + excluded.errors,
        interrupted = interrupted + excluded.interrupted,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        cost_nano = cost_nano + excluded.cost_nano,
        first_byte_ms = first_byte_ms + excluded.first_byte_ms,
        first_bytes = first_bytes + excluded.first_bytes;
    INSERT INTO usage_by_model VALUES (
        NEW.started_ms / 900000, NEW.model, NEW.channel, 1,
        NEW.outcome IN ('error', 'cut_off'), NEW.outcome = 'interrupted',
        NEW.prompt_tokens, NEW.completion_tokens, NEW.cost_nano, NEW.first_byte_ms, NEW.first_byte_ms > 0
    ) ON CONFLICT DO UPDATE SET
        requests = requests + 1,
        errors = errors + excluded.errors,
        interrupted = interrupted + excluded.interrupted,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        cost_nano = cost_nano + excluded.cost_nano,
        first_byte_ms = first_byte_ms + excluded.first_byte_ms,
        first_bytes = first_bytes + excluded.first_bytes;
END;
CREATE TABLE tier_prices (
    model TEXT NOT NULL,
    tier TEXT NOT NULL,
    rates TEXT NOT NULL,
    PRIMARY KEY (model, tier)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_records_drift ON usage_records (channel, started_ms, drift) WHERE drift IS NOT NULL;
CREATE TABLE hosted_prices (
    model TEXT PRIMARY KEY,
    rates TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE account_days (
    account TEXT NOT NULL,
    day INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER spend_of_account AFTER INSERT ON usage_records WHEN NEW.account <> '' BEGIN
    INSERT INTO account_days VALUES (NEW.account, NEW.started_ms / 86400000, NEW.cost_nano)
    ON CONFLICT DO UPDATE SET cost_nano = cost_nano + excluded.cost_nano;
END;
CREATE TABLE routes (
    name TEXT PRIMARY KEY,
    steps TEXT NOT NULL,
    reasons TEXT NOT NULL,
    patience REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_by_asked (
    quarter INTEGER NOT NULL,
    asked TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    first_byte_ms INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    PRIMARY KEY (quarter, asked, model)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER settle_asked AFTER INSERT ON usage_records WHEN NEW.asked <> '' BEGIN
    INSERT INTO usage_by_asked VALUES (
        NEW.started_ms / 900000, NEW.asked, NEW.model, 1,
        NEW.outcome IN ('error', 'cut_off'), NEW.outcome = 'interrupted',
        NEW.prompt_tokens, NEW.completion_tokens, NEW.cost_nano, NEW.first_byte_ms, NEW.first_byte_ms > 0
    ) ON CONFLICT DO UPDATE SET
        requests = requests + 1,
        errors = errors + excluded.errors,
        interrupted = interrupted + excluded.interrupted,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        cost_nano = cost_nano + excluded.cost_nano,
        first_byte_ms = first_byte_ms + excluded.first_byte_ms,
        first_bytes = first_bytes + excluded.first_bytes;
END;
CREATE TABLE model_facts (
    model TEXT PRIMARY KEY,
    facts TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    role TEXT NOT NULL,
    team_id TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    spent_nano INTEGER NOT NULL DEFAULT 0
, most_tokens INTEGER NOT NULL DEFAULT 10, token_group TEXT NOT NULL DEFAULT 'default', token_models TEXT NOT NULL DEFAULT '[]', token_rpm INTEGER) STRICT;
CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    spent_nano INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER settle_person AFTER INSERT ON usage_records WHEN NEW.person_id <> '' BEGIN
    UPDATE persons SET spent_nano = spent_nano + NEW.charge_nano WHERE id = NEW.person_id;
END;
CREATE TRIGGER settle_team AFTER INSERT ON usage_records WHEN NEW.team_id <> '' BEGIN
    UPDATE teams SET spent_nano = spent_nano + NEW.charge_nano WHERE id = NEW.team_id;
END;
CREATE TABLE invitations (
    person_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_persons ON tokens (person_id) WHERE person_id <> '';
CREATE TRIGGER move_person AFTER UPDATE OF team_id ON persons WHEN NEW.team_id <> OLD.team_id BEGIN
    UPDATE tokens SET team_id = NEW.team_id WHERE person_id <> '' AND person_id = NEW.id;
END;
CREATE TRIGGER disable_person AFTER UPDATE OF enabled ON persons WHEN NEW.enabled = 0 BEGIN
    DELETE FROM invitations WHERE person_id = NEW.id;
END;
CREATE TRIGGER delete_person AFTER DELETE ON persons BEGIN
    DELETE FROM tokens WHERE person_id <> '' AND person_id = OLD.id;
    DELETE FROM invitations WHERE person_id = OLD.id;
END;
CREATE TRIGGER delete_team AFTER DELETE ON teams BEGIN
    DELETE FROM tokens WHERE person_id = '' AND team_id = OLD.id;
END;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    via TEXT NOT NULL,
    "by" TEXT NOT NULL,
    person_id TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    request_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    object TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;
CREATE TABLE audit_retention (
    since_ms INTEGER NOT NULL
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.at_ms >= coalesce((SELECT max(since_ms) FROM audit_retention), 0) BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TABLE usage_cells (
    kind TEXT NOT NULL,
    quarters INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    first_byte_ms INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    saved_nano INTEGER NOT NULL,
    failed_nano INTEGER NOT NULL,
    cancelled_nano INTEGER NOT NULL,
    written_tokens INTEGER NOT NULL,
    written_ms INTEGER NOT NULL,
    latencies BLOB NOT NULL,
    PRIMARY KEY (kind, quarters, quarter, first, second)
) STRICT, WITHOUT ROWID;
CREATE TABLE passwords (
    person_id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person_id TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    sign_count INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TRIGGER sign_out_disabled_person AFTER UPDATE OF enabled ON persons WHEN NEW.enabled = 0 BEGIN
    DELETE FROM sessions WHERE person_id = NEW.id;
END;
CREATE TRIGGER forget_deleted_person AFTER DELETE ON persons BEGIN
    DELETE FROM sessions WHERE person_id = OLD.id;
    DELETE FROM passwords WHERE person_id = OLD.id;
    DELETE FROM identities WHERE person_id = OLD.id;
    DELETE FROM passkeys WHERE person_id = OLD.id;
END;
CREATE INDEX records_of_persons ON usage_records (person_id, started_ms) WHERE person_id <> '';
CREATE TABLE pot_budgets (
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    place INTEGER NOT NULL,
    nano INTEGER NOT NULL,
    period TEXT NOT NULL,
    anchor INTEGER NOT NULL,
    model TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (kind, holder, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE credits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    nano INTEGER NOT NULL,
    note TEXT NOT NULL,
    "by" TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX credits_by_holder ON credits (kind, holder, at);
CREATE TRIGGER credits_stay_as_they_are BEFORE UPDATE ON credits BEGIN
    SELECT RAISE(ABORT, 'a credit is never changed: add another one');
END;
CREATE TRIGGER credits_stay BEFORE DELETE ON credits BEGIN
    SELECT RAISE(ABORT, 'a credit is never deleted: add another one');
END;
CREATE TABLE credit_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id TEXT NOT NULL,
    nano INTEGER NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    answered_by TEXT NOT NULL DEFAULT '',
    answered_at INTEGER
) STRICT;
CREATE UNIQUE INDEX credit_requests_open ON credit_requests (person_id) WHERE state = 'open';
CREATE TABLE people_days (
    day INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    charge_nano INTEGER NOT NULL,
    PRIMARY KEY (day, person_id, team_id, model)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER settle_people_day AFTER INSERT ON usage_records WHEN NEW.person_id <> '' OR NEW.team_id <> '' BEGIN
    INSERT INTO people_days VALUES (
        NEW.started_ms / 86400000, NEW.person_id, NEW.team_id, NEW.model, 1, NEW.charge_nano
    ) ON CONFLICT DO UPDATE SET
        requests = requests + 1,
        charge_nano = charge_nano + excluded.charge_nano;
END;
CREATE TABLE tag_days (
    day INTEGER NOT NULL,
    tag TEXT NOT NULL,
    token_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    charge_nano INTEGER NOT NULL,
    PRIMARY KEY (day, tag, token_id, person_id, team_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER settle_tag_days AFTER INSERT ON usage_records WHEN NEW.tags IS NOT NULL BEGIN
    INSERT INTO tag_days
    SELECT DISTINCT NEW.started_ms / 86400000, value, NEW.token_id, NEW.person_id, NEW.team_id, NEW.charge_nano
    FROM json_each(NEW.tags) WHERE true
    ON CONFLICT DO UPDATE SET charge_nano = charge_nano + excluded.charge_nano;
END;
CREATE INDEX usage_records_asked ON usage_records (asked, started_ms) WHERE asked <> '';
CREATE INDEX usage_records_failed ON usage_records (started_ms, error_code, upstream_code, error_text)
WHERE error_code <> '';
CREATE INDEX usage_records_searched
ON usage_records (started_ms, token_id, model, channel, outcome, duration_ms, cost_nano);
CREATE TABLE refusals (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    started_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    times INTEGER NOT NULL,
    request_ids TEXT NOT NULL,
    token_id TEXT NOT NULL,
    token TEXT NOT NULL,
    network TEXT NOT NULL,
    status INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    error_text TEXT NOT NULL,
    model TEXT NOT NULL,
    path TEXT NOT NULL,
    client TEXT NOT NULL
, person_id TEXT NOT NULL DEFAULT '', team_id TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX refusals_in_order ON refusals (started_ms, token_id, error_code, model);
CREATE INDEX refusals_by_token ON refusals (token_id, started_ms);
CREATE INDEX records_of_teams ON usage_records (team_id, started_ms) WHERE team_id <> '';
CREATE INDEX records_tagged ON usage_records (started_ms, tags) WHERE tags IS NOT NULL;
CREATE INDEX refusals_of_persons ON refusals (person_id, started_ms) WHERE person_id <> '';
CREATE INDEX refusals_of_teams ON refusals (team_id, started_ms) WHERE team_id <> '';
CREATE TABLE imported (
    program TEXT NOT NULL,
    noun TEXT NOT NULL,
    source TEXT NOT NULL,
    our_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (program, noun, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_destinations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL DEFAULT '',
    topics TEXT NOT NULL DEFAULT '[]',
    quiet TEXT NOT NULL DEFAULT '',
    urgent INTEGER NOT NULL DEFAULT 0,
    enabled INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_conditions (
    key TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    page TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id TEXT NOT NULL REFERENCES alert_destinations (id) ON DELETE CASCADE,
    alert TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_messages_of ON alert_messages (destination_id, state, id);
CREATE TABLE pauses (
    holder TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    seen INTEGER NOT NULL,
    usual INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (holder, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER end_pause_of_token AFTER DELETE ON tokens BEGIN
    DELETE FROM pauses WHERE holder = 'token' AND id = OLD.id;
END;
CREATE TRIGGER end_pause_of_person AFTER DELETE ON persons BEGIN
    DELETE FROM pauses WHERE holder = 'person' AND id = OLD.id;
END;
CREATE TABLE usage_pairs (
    kind TEXT NOT NULL,
    period INTEGER NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    first_byte_ms INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    PRIMARY KEY (kind, period, first, second)
) STRICT, WITHOUT ROWID;
CREATE TABLE breaker_findings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    holder_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('spend', 'requests', 'repeated')),
    seen INTEGER NOT NULL,
    usual INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    paused INTEGER NOT NULL
, holder TEXT NOT NULL DEFAULT 'token' CHECK (holder IN ('token', 'person'))) STRICT;
INSERT INTO "audit_retention" VALUES(0);
