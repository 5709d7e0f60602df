-- A team's records and those with tags, newest first, for whoever looks for them. Partial: a gateway without either keeps
-- no entry in them.
CREATE INDEX records_of_teams ON usage_records (team_id, started_ms) WHERE team_id <> '';
CREATE INDEX records_tagged ON usage_records (started_ms, tags) WHERE tags IS NOT NULL;

-- Whose the token was whose calls were refused; of rows from before, whose it is now.
ALTER TABLE refusals ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
ALTER TABLE refusals ADD COLUMN team_id TEXT NOT NULL DEFAULT '';
UPDATE refusals SET person_id = tokens.person_id, team_id = tokens.team_id
FROM tokens WHERE tokens.id = refusals.token_id AND (tokens.person_id <> '' OR tokens.team_id <> '');
CREATE INDEX refusals_of_persons ON refusals (person_id, started_ms) WHERE person_id <> '';
CREATE INDEX refusals_of_teams ON refusals (team_id, started_ms) WHERE team_id <> '';
