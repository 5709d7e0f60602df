-- The tier of service that an answer was given at, as its upstream names it; empty: the standard one.
ALTER TABLE usage_records ADD COLUMN tier TEXT NOT NULL DEFAULT '';
-- What the operator says that a model costs at such a tier; `rates` are those of a price.
CREATE TABLE tier_prices (
    model TEXT NOT NULL,
    tier TEXT NOT NULL,
    rates TEXT NOT NULL,
    PRIMARY KEY (model, tier)
) STRICT, WITHOUT ROWID;
