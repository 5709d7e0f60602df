-- What other models did for a request, in JSON: each its name, usage and price. NULL where none did anything.
ALTER TABLE usage_records ADD COLUMN others TEXT;
