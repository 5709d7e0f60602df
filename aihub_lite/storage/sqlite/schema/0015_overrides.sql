-- What is changed in all that is sent to a channel's upstream, in JSON; null where nothing is.
ALTER TABLE channels ADD COLUMN overrides TEXT NOT NULL DEFAULT 'null';
