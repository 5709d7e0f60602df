-- Why a request failed: the sentence that its client got, without anybody's text or key, and the upstream's own code.
ALTER TABLE usage_records ADD COLUMN error_text TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_records ADD COLUMN upstream_code TEXT NOT NULL DEFAULT '';
-- Names of the client's fields that its upstream was not sent, in JSON; NULL where it was sent all.
ALTER TABLE usage_records ADD COLUMN dropped TEXT;
-- The client's names of fields and tools that the upstream was told others for, as pairs in JSON; NULL for none.
ALTER TABLE usage_records ADD COLUMN renamed TEXT;
-- Who looks for a code or a text reads the failed ones alone, and no record that does not match.
CREATE INDEX usage_records_failed ON usage_records (started_ms, error_code, upstream_code, error_text)
WHERE error_code <> '';
-- As usage_records_in_order, which it stands for, with what else records are looked for by.
CREATE INDEX usage_records_searched
ON usage_records (started_ms, token_id, model, channel, outcome, duration_ms, cost_nano);
DROP INDEX usage_records_in_order;

-- Calls that were refused before anything was set aside for them, so that no usage record tells of them: those of one
-- minute, caller, code and model are one row. `request_id` and `started_ms` are of the first call, `request_ids` (JSON)
-- of the last few. `network` is the caller's where no token of ours is; of neither, `times` counts several callers.
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
) STRICT;
CREATE INDEX refusals_in_order ON refusals (started_ms, token_id, error_code, model);
CREATE INDEX refusals_by_token ON refusals (token_id, started_ms);
