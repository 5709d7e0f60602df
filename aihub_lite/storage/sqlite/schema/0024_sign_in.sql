-- How people sign in. A session of a person ends with the person, and once they may no longer sign in; one that the
-- admin key has opened is nobody's: its `person_id` is empty.
ALTER TABLE sessions ADD COLUMN person_id TEXT NOT NULL DEFAULT '';

-- What the tokens may that people make for themselves, and how many they may have; `token_models` is a JSON list.
ALTER TABLE persons ADD COLUMN most_tokens INTEGER NOT NULL DEFAULT 10;
ALTER TABLE persons ADD COLUMN token_group TEXT NOT NULL DEFAULT 'default';
ALTER TABLE persons ADD COLUMN token_models TEXT NOT NULL DEFAULT '[]';
ALTER TABLE persons ADD COLUMN token_rpm INTEGER;

-- `hash` is argon2id in its own text form, with its salt and parameters.
CREATE TABLE passwords (
    person_id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An issuer's own name for somebody, of OpenID Connect, and who that is here.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person_id TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- Passkeys by the ids that their authenticators gave them, base64url; `public_key` is COSE, base64url. Nothing of it opens
-- anything.
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    sign_count INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TRIGGER sign_out_disabled_person AFTER UPDATE OF enabled ON persons WHEN NEW.enabled = 0 BEGIN
    DELETE FROM sessions WHERE person_id = NEW.id;
END;

CREATE TRIGGER forget_deleted_person AFTER DELETE ON persons BEGIN
    DELETE FROM sessions WHERE person_id = OLD.id;
    DELETE FROM passwords WHERE person_id = OLD.id;
    DELETE FROM identities WHERE person_id = OLD.id;
    DELETE FROM passkeys WHERE person_id = OLD.id;
END;

-- A person's own records, newest first. Partial: a gateway without people keeps no entry in it.
CREATE INDEX records_of_persons ON usage_records (person_id, started_ms) WHERE person_id <> '';
