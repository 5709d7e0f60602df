-- Patterns of models that a channel offers beside those it names, in JSON.
ALTER TABLE channels ADD COLUMN patterns TEXT NOT NULL DEFAULT '[]';
