-- A row: a date, source and language; NULL is a document that names no source, or was rejected before its language was known.
-- documents, scored, positive, negative, neutral, mixed: documents. share_LABEL: of the scored ones, 0 to 1, with its 95%
-- bounds _low and _high (Wilson 1927, score interval). mean_LABEL: mean of the scorer's score, 0 to 1; mean_net_sentiment:
-- of score_positive - score_negative, -1 to 1. Shares, bounds and means are NULL where nothing was scored.
WITH counted AS (
    SELECT
        ds,
        source,
        language,
        count(*) AS documents,
        count(*) FILTER (WHERE status = 'SCORED') AS scored,
        count(*) FILTER (WHERE sentiment = 'POSITIVE') AS positive,
        count(*) FILTER (WHERE sentiment = 'NEGATIVE') AS negative,
        count(*) FILTER (WHERE sentiment = 'NEUTRAL') AS neutral,
        count(*) FILTER (WHERE sentiment = 'MIXED') AS mixed,
        avg(score_positive) AS mean_positive,
        avg(score_negative) AS mean_negative,
        avg(score_neutral) AS mean_neutral,
        avg(score_mixed) AS mean_mixed,
        avg(score_positive - score_negative) AS mean_net_sentiment
    FROM scores
    GROUP BY ds, source, language
),
measured AS (
    SELECT
        counted.*,
        1.959963984540054E0 AS z,  -- of a normal distribution, 95% lie within it
        CAST(nullif(scored, 0) AS double) AS n,
        CAST(positive AS double) AS p,
        CAST(negative AS double) AS g,
        CAST(neutral AS double) AS u,
        CAST(mixed AS double) AS m
    FROM counted
)
SELECT
    ds,
    source,
    language,
    documents,
    scored,
    positive,
    negative,
    neutral,
    mixed,
    p / n AS share_positive,
    (2 * p + z * z - z * sqrt(z * z + 4 * p * (n - p) / n)) / (2 * (n + z * z)) AS share_positive_low,
    (2 * p + z * z + z * sqrt(z * z + 4 * p * (n - p) / n)) / (2 * (n + z * z)) AS share_positive_high,
    g / n AS share_negative,
    (2 * g + z * z - z * sqrt(z * z + 4 * g * (n - g) / n)) / (2 * (n + z * z)) AS share_negative_low,
    (2 * g + z * z + z * sqrt(z * z + 4 * g * (n - g) / n)) / (2 * (n + z * z)) AS share_negative_high,
    u / n AS share_neutral,
    (2 * u + z * z - z * sqrt(z * z + 4 * u * (n - u) / n)) / (2 * (n + z * z)) AS share_neutral_low,
    (2 * u + z * z + z * sqrt(z * z + 4 * u * (n - u) / n)) / (2 * (n + z * z)) AS share_neutral_high,
    m / n AS share_mixed,
    (2 * m + z * z - z * sqrt(z * z + 4 * m * (n - m) / n)) / (2 * (n + z * z)) AS share_mixed_low,
    (2 * m + z * z + z * sqrt(z * z + 4 * m * (n - m) / n)) / (2 * (n + z * z)) AS share_mixed_high,
    mean_positive,
    mean_negative,
    mean_neutral,
    mean_mixed,
    mean_net_sentiment
FROM measured
