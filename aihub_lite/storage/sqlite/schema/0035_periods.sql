-- Two more kinds of sums by eight hours, for reports over days: of a quarter of an hour a month has 32 times as many.
-- 'token': a token's id, and its name; 'model': a model, and its channel. What is not summed up yet is left to the cells.
INSERT INTO usage_pairs
SELECT 'token', period, token_id, max(token), sum(requests), sum(errors), sum(interrupted), sum(prompt_tokens),
    sum(completion_tokens), sum(cost_nano), sum(first_byte_ms), sum(first_bytes)
FROM (
    SELECT quarter / 32 AS period, token_id, token, requests, errors, interrupted, prompt_tokens, completion_tokens,
        cost_nano, first_byte_ms, first_bytes
    FROM usage_by_token
    UNION ALL
    SELECT started_ms / 28800000, token_id, token, -1, -(outcome IN ('error', 'cut_off')), -(outcome = 'interrupted'),
        -prompt_tokens, -completion_tokens, -cost_nano, -first_byte_ms, -(first_byte_ms > 0)
    FROM usage_records
    WHERE id > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'summed_to'), 0)
)
GROUP BY period, token_id HAVING sum(requests) > 0;

INSERT INTO usage_pairs
SELECT 'model', period, model, channel, sum(requests), sum(errors), sum(interrupted), sum(prompt_tokens),
    sum(completion_tokens), sum(cost_nano), sum(first_byte_ms), sum(first_bytes)
FROM (
    SELECT quarter / 32 AS period, model, channel, requests, errors, interrupted, prompt_tokens, completion_tokens,
        cost_nano, first_byte_ms, first_bytes
    FROM usage_by_model
    UNION ALL
    SELECT started_ms / 28800000, model, channel, -1, -(outcome IN ('error', 'cut_off')), -(outcome = 'interrupted'),
        -prompt_tokens, -completion_tokens, -cost_nano, -first_byte_ms, -(first_byte_ms > 0)
    FROM usage_records
    WHERE id > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'summed_to'), 0)
)
GROUP BY period, model, channel HAVING sum(requests) > 0;
