-- Who changed what: lines are added, and never changed. Only what retention has let go of can be deleted: it moves
-- `since_ms` on first, and a line from then on stays.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    via TEXT NOT NULL,
    "by" TEXT NOT NULL,
    person_id TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    request_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    object TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;

CREATE TABLE audit_retention (
    since_ms INTEGER NOT NULL
) STRICT;

INSERT INTO audit_retention VALUES (0);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.at_ms >= coalesce((SELECT max(since_ms) FROM audit_retention), 0) BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
