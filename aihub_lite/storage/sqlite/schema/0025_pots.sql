-- Pots of money beside what a token has in its own row. `holder` is the id of a token, person or team, '' the gateway.
CREATE TABLE pot_budgets (
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    place INTEGER NOT NULL,
    nano INTEGER NOT NULL,
    period TEXT NOT NULL,
    anchor INTEGER NOT NULL,
    model TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (kind, holder, place)
) STRICT, WITHOUT ROWID;

-- Credits are entries: what was given may be corrected by another one, never changed.
CREATE TABLE credits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    nano INTEGER NOT NULL,
    note TEXT NOT NULL,
    "by" TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX credits_by_holder ON credits (kind, holder, at);
CREATE TRIGGER credits_stay_as_they_are BEFORE UPDATE ON credits BEGIN
    SELECT RAISE(ABORT, 'a credit is never changed: add another one');
END;
CREATE TRIGGER credits_stay BEFORE DELETE ON credits BEGIN
    SELECT RAISE(ABORT, 'a credit is never deleted: add another one');
END;

-- What people ask for. `state` is open, given or refused.
CREATE TABLE credit_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id TEXT NOT NULL,
    nano INTEGER NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    answered_by TEXT NOT NULL DEFAULT '',
    answered_at INTEGER
) STRICT;
-- One open request a person: whoever asks again changes what they ask for.
CREATE UNIQUE INDEX credit_requests_open ON credit_requests (person_id) WHERE state = 'open';

-- Sums of the usage records of people and teams, which stay when records are deleted; `day` is the number of UTC days
-- since 1970. The day leads the key, so that all that is settled on it lands on the same few pages. Nothing is written
-- for a token of the gateway's own.
CREATE TABLE people_days (
    day INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    charge_nano INTEGER NOT NULL,
    PRIMARY KEY (day, person_id, team_id, model)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER settle_people_day AFTER INSERT ON usage_records WHEN NEW.person_id <> '' OR NEW.team_id <> '' BEGIN
    INSERT INTO people_days VALUES (
        NEW.started_ms / 86400000, NEW.person_id, NEW.team_id, NEW.model, 1, NEW.charge_nano
    ) ON CONFLICT DO UPDATE SET
        requests = requests + 1,
        charge_nano = charge_nano + excluded.charge_nano;
END;

-- The same of tags, for whoever has a budget for one.
CREATE TABLE tag_days (
    day INTEGER NOT NULL,
    tag TEXT NOT NULL,
    token_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    charge_nano INTEGER NOT NULL,
    PRIMARY KEY (day, tag, token_id, person_id, team_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER settle_tag_days AFTER INSERT ON usage_records WHEN NEW.tags IS NOT NULL BEGIN
    INSERT INTO tag_days
    SELECT DISTINCT NEW.started_ms / 86400000, value, NEW.token_id, NEW.person_id, NEW.team_id, NEW.charge_nano
    FROM json_each(NEW.tags) WHERE true
    ON CONFLICT DO UPDATE SET charge_nano = charge_nano + excluded.charge_nano;
END;
