-- Names that are asked for like models, each with the models that are tried for it: `steps` and `reasons` in JSON,
-- `patience` in seconds.
CREATE TABLE routes (
    name TEXT PRIMARY KEY,
    steps TEXT NOT NULL,
    reasons TEXT NOT NULL,
    patience REAL
) STRICT, WITHOUT ROWID;

-- The name that the client asked for, where the model that answered goes by others: that of a route, or an alias.
ALTER TABLE holds ADD COLUMN asked TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_records ADD COLUMN asked TEXT NOT NULL DEFAULT '';
-- The models of a route that were passed over, with the reasons, in JSON; NULL where none was.
ALTER TABLE usage_records ADD COLUMN passed TEXT;

-- As usage_by_model, by the name that was asked for; records without one have no part in it.
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
