-- People, and the teams that they may belong to. What either has spent is written by the triggers below alone, so that no
-- edit can overwrite a charge. A gateway without people has no row here, and no more work to do for a request.
CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    role TEXT NOT NULL,
    team_id TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    spent_nano INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    spent_nano INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Whose a token is: a person's, a team's, or the gateway's own where both are empty. `team_id` of a person's token is
-- the team that the person belongs to.
ALTER TABLE tokens ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN team_id TEXT NOT NULL DEFAULT '';

-- Whose it was when the request began; how the client tagged it, as a JSON list of names, NULL where it did not; and its
-- own name for the user that it works for.
ALTER TABLE holds ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN team_id TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN tags TEXT;
ALTER TABLE holds ADD COLUMN end_user TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_records ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_records ADD COLUMN team_id TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_records ADD COLUMN tags TEXT;
ALTER TABLE usage_records ADD COLUMN end_user TEXT NOT NULL DEFAULT '';

CREATE TRIGGER settle_person AFTER INSERT ON usage_records WHEN NEW.person_id <> '' BEGIN
    UPDATE persons SET spent_nano = spent_nano + NEW.charge_nano WHERE id = NEW.person_id;
END;

CREATE TRIGGER settle_team AFTER INSERT ON usage_records WHEN NEW.team_id <> '' BEGIN
    UPDATE teams SET spent_nano = spent_nano + NEW.charge_nano WHERE id = NEW.team_id;
END;
