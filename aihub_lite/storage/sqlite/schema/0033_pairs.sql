-- Sums by two dimensions and eight hours of UTC (since 1970), for reports of both at once: by quarters of an hour they would be as many rows as
-- there are records. `kind` says what `first` and `second` are: 'token_model' (a token's id), 'person_model' (a person's).
-- Summed up with usage_cells, and up to the same record.
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

INSERT INTO usage_pairs
SELECT 'token_model', started_ms / 28800000, token_id, model, count(*), sum(outcome IN ('error', 'cut_off')),
    sum(outcome = 'interrupted'), sum(prompt_tokens), sum(completion_tokens), sum(cost_nano), sum(first_byte_ms),
    sum(first_byte_ms > 0)
FROM usage_records WHERE id <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'summed_to') GROUP BY 2, 3, 4;

INSERT INTO usage_pairs
SELECT 'person_model', started_ms / 28800000, person_id, model, count(*), sum(outcome IN ('error', 'cut_off')),
    sum(outcome = 'interrupted'), sum(prompt_tokens), sum(completion_tokens), sum(cost_nano), sum(first_byte_ms),
    sum(first_byte_ms > 0)
FROM usage_records
WHERE person_id <> '' AND id <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'summed_to') GROUP BY 2, 3, 4;

-- From when on all records are there, in Unix ms: what began before that may have been deleted for its age. No entry where
-- nothing was.
INSERT INTO meta (key, value)
SELECT 'records_since_ms', oldest_ms FROM (SELECT min(started_ms) AS oldest_ms FROM usage_records)
WHERE oldest_ms / 900000 > (SELECT min(quarter) FROM usage_by_token);
