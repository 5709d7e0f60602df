-- Which tokens are no text: those counts of Modal that are not 0, in JSON; NULL where all are text.
ALTER TABLE holds ADD COLUMN modal TEXT;
ALTER TABLE usage_records ADD COLUMN modal TEXT;
