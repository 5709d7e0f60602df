-- Requests by the name that was asked for, newest first: that of a route, or an alias. Most have none.
CREATE INDEX usage_records_asked ON usage_records (asked, started_ms) WHERE asked <> '';
