-- The one open invitation of a person: a link that lets them in once, kept as the digest of its secret alone.
CREATE TABLE invitations (
    person_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is disabled or deleted is invited no more. A person's tokens go where the person goes, within the same commit: to another team, or away. A team's own tokens go
-- with the team. Usage records stay, whoever they were of.
CREATE INDEX tokens_of_persons ON tokens (person_id) WHERE person_id <> '';

CREATE TRIGGER move_person AFTER UPDATE OF team_id ON persons WHEN NEW.team_id <> OLD.team_id BEGIN
    UPDATE tokens SET team_id = NEW.team_id WHERE person_id <> '' AND person_id = NEW.id;
END;

CREATE TRIGGER disable_person AFTER UPDATE OF enabled ON persons WHEN NEW.enabled = 0 BEGIN
    DELETE FROM invitations WHERE person_id = NEW.id;
END;

CREATE TRIGGER delete_person AFTER DELETE ON persons BEGIN
    DELETE FROM tokens WHERE person_id <> '' AND person_id = OLD.id;
    DELETE FROM invitations WHERE person_id = OLD.id;
END;

CREATE TRIGGER delete_team AFTER DELETE ON teams BEGIN
    DELETE FROM tokens WHERE person_id = '' AND team_id = OLD.id;
END;
