-- What was moved in from another gateway: by what that knows it, and what it is here. It stays when the thing is deleted
-- here, so that a second import does not bring it back.
CREATE TABLE imported (
    program TEXT NOT NULL,
    noun TEXT NOT NULL,
    source TEXT NOT NULL,
    our_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (program, noun, source)
) STRICT, WITHOUT ROWID;
