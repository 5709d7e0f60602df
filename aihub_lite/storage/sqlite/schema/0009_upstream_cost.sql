-- What the upstream itself says that a request cost, in nano-USD; NULL where it says nothing.
ALTER TABLE usage_records ADD COLUMN upstream_cost_nano INTEGER;
-- What a channel's requests are billed by: 'upstream' (what it says itself), 'table' (the price of the model) or 'auto'.
ALTER TABLE channels ADD COLUMN cost TEXT NOT NULL DEFAULT 'auto';
