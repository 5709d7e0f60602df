-- What is paused for safety: `holder` is token or person, `kind` what was seen or manual. Figures alone, no text.
CREATE TABLE pauses (
    holder TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    seen INTEGER NOT NULL,
    usual INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (holder, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER end_pause_of_token AFTER DELETE ON tokens BEGIN
    DELETE FROM pauses WHERE holder = 'token' AND id = OLD.id;
END;

CREATE TRIGGER end_pause_of_person AFTER DELETE ON persons BEGIN
    DELETE FROM pauses WHERE holder = 'person' AND id = OLD.id;
END;
