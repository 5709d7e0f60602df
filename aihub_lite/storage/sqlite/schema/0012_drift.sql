-- How many tokens an upstream reported of a text, over how many that has by our own count; NULL where it has no such
-- figure.
ALTER TABLE usage_records ADD COLUMN drift REAL;
-- Has the last figures of a channel, so that nothing else is read for them, and nothing of other records.
CREATE INDEX usage_records_drift ON usage_records (channel, started_ms, drift) WHERE drift IS NOT NULL;
