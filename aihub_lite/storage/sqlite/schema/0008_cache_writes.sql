-- Of what was written to a cache, how much for an hour, which has a rate of its own.
ALTER TABLE usage_records ADD COLUMN cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0;
