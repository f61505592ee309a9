-- One row per date and source: the columns of daily_sentiment, told apart by where the documents came from.
-- Documents that name no source are one row whose source is NULL.
SELECT
    ds,
    source,
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
GROUP BY ds, source
