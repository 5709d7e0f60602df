-- What the operator says of models beside their price, by public id: ModelFacts in JSON.
CREATE TABLE model_facts (
    model TEXT PRIMARY KEY,
    facts TEXT NOT NULL
) STRICT, WITHOUT ROWID;
