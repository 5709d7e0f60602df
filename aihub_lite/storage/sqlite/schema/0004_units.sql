-- What is counted besides tokens: how many, and of what.
ALTER TABLE holds ADD COLUMN units INTEGER NOT NULL DEFAULT 0;
ALTER TABLE holds ADD COLUMN unit TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_records ADD COLUMN units INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN unit TEXT NOT NULL DEFAULT '';
