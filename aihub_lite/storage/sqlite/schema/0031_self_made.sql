-- Whether a token's person has made it for themselves: what is said of that person's tokens binds those, at once. Of the
-- tokens that there are: those that are called as such tokens are, and those whose making is in the audit log.
ALTER TABLE tokens ADD COLUMN self_made INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET self_made = 1 WHERE person_id <> '' AND (
    EXISTS (
        SELECT 1 FROM persons
        WHERE persons.id = tokens.person_id
            AND substr(tokens.name, 1, length(persons.name) + 2) = persons.name || ': '
    )
    OR id IN (
        SELECT object_id FROM audit
        WHERE action = 'create_own_token' AND kind = 'token' AND audit.person_id = tokens.person_id
    )
);
