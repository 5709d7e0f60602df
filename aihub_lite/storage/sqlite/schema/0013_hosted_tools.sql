-- What a provider ran itself for a request: those counts of Hosted that are not 0, in JSON; NULL where nothing ran.
ALTER TABLE holds ADD COLUMN hosted TEXT;
ALTER TABLE usage_records ADD COLUMN hosted TEXT;
-- What the operator says that such calls cost with a model; `rates` are those of HostedRates that he has set.
CREATE TABLE hosted_prices (
    model TEXT PRIMARY KEY,
    rates TEXT NOT NULL
) STRICT, WITHOUT ROWID;
