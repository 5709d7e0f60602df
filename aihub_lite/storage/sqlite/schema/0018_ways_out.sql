-- How a channel's upstream is reached (proxy, authorities, certificate, address), as JSON; null where nothing is said.
ALTER TABLE channels ADD COLUMN way_out TEXT NOT NULL DEFAULT 'null';
