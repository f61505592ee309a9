-- One row per date: how many documents, how many of each label, and how they lean.
-- mean_net_sentiment is the mean of score_positive - score_negative over scored documents, from -1 to 1;
-- share_negative is the share of scored documents labelled NEGATIVE. Both are NULL where nothing was scored.
SELECT
    ds,
    count(*) AS documents,
    count(*) FILTER (WHERE status = 'SCORED') AS scored,
    count(*) FILTER (WHERE sentiment = 'POSITIVE') AS positive,
    count(*) FILTER (WHERE sentiment = 'NEGATIVE') AS negative,
    count(*) FILTER (WHERE sentiment = 'NEUTRAL') AS neutral,
    count(*) FILTER (WHERE sentiment = 'MIXED') AS mixed,
    avg(score_positive - score_negative) AS mean_net_sentiment,
    CAST(count(*) FILTER (WHERE sentiment = 'NEGATIVE') AS double)
        / nullif(count(*) FILTER (WHERE status = 'SCORED'), 0) AS share_negative
FROM scores
GROUP BY ds
