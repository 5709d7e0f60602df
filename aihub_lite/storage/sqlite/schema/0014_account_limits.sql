-- What an account may be asked: `limits` as JSON of Limits; those of single keys are in `keys`.
ALTER TABLE channels ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE channels ADD COLUMN learn TEXT NOT NULL DEFAULT 'on';
-- How long a request waited for a channel that was not at a limit.
ALTER TABLE usage_records ADD COLUMN waited_ms INTEGER NOT NULL DEFAULT 0;
-- Ids of a channel and its key, joined by a slash, where one of the two had a budget as it served the request.
ALTER TABLE usage_records ADD COLUMN account TEXT NOT NULL DEFAULT '';
-- What those records come to; `day` is the number of UTC days since 1970.
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
