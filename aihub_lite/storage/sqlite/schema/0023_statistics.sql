-- What a request would have cost more without the provider's cache, in nano-USD; NULL where none was used, where no price
-- is known, and before there was this column.
ALTER TABLE usage_records ADD COLUMN saved_nano INTEGER;

-- What reports need beside the sums that triggers keep: summed up from the records a little later, so that no request
-- pays for it, and up to the record whose id is `summed_to` in `meta`. One row for each quarter of an hour (since 1970),
-- and one more for each UTC day at its first quarter, with 96 `quarters`: a month is read from its days. `kind` says
-- whose sums they are, and what `first` and `second` are: 'model' (and channel), 'token' (its id), 'person' (and team,
-- their ids), 'tag'. `latencies` holds counts of times in buckets (domain/reports/sketch.py).
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
