-- A `model` of '' stands for all that have no strategy of their own.
CREATE TABLE strategies (
    model TEXT PRIMARY KEY,
    strategy TEXT NOT NULL
) STRICT, WITHOUT ROWID;
