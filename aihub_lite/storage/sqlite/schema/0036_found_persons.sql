-- Whom the breaker found: a token, or a person by the sum over their tokens. Until now all were tokens.
ALTER TABLE breaker_findings RENAME COLUMN token_id TO holder_id;
ALTER TABLE breaker_findings RENAME COLUMN token TO name;
ALTER TABLE breaker_findings ADD COLUMN holder TEXT NOT NULL DEFAULT 'token' CHECK (holder IN ('token', 'person'));
