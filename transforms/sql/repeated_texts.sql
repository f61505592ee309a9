-- A row: a text that five documents or more share; texts count as one that differ in digits alone, or in what stands for
-- personal data of one type. documents, nights (dates that have it), sources: numbers; source: one of them; first_ds,
-- last_ds, busiest_ds: dates; on_busiest: documents of the busiest, the first of several. positive, negative, neutral, mixed: documents by label.
-- mean_net_sentiment: -1 to 1. redacted_text: one of its texts. Many nights tell of a canned answer, few of a wave.
WITH signed AS (
    SELECT
        ds,
        source,
        content_key,
        sentiment,
        score_positive - score_negative AS net,
        md5(to_utf8(
            replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(redacted_text, '0', ''), '1', ''), '2', ''), '3', ''), '4', ''), '5', ''), '6', ''), '7', ''), '8', ''), '9', '')
        )) AS signature
    FROM scores
    WHERE status = 'SCORED'
),
often AS (
    SELECT signature FROM signed GROUP BY signature HAVING count(*) >= 5
),
nightly AS (
    SELECT
        ds,
        source,
        signature,
        min(content_key) AS content_key,
        count(*) AS documents,
        count(*) FILTER (WHERE sentiment = 'POSITIVE') AS positive,
        count(*) FILTER (WHERE sentiment = 'NEGATIVE') AS negative,
        count(*) FILTER (WHERE sentiment = 'NEUTRAL') AS neutral,
        count(*) FILTER (WHERE sentiment = 'MIXED') AS mixed,
        sum(net) AS net
    FROM signed
    WHERE signature IN (SELECT signature FROM often)
    GROUP BY ds, source, signature
),
repeated AS (
    SELECT
        signature,
        min(content_key) AS content_key,
        sum(documents) AS documents,
        count(DISTINCT coalesce(source, '')) AS sources,
        min(source) AS source,
        sum(positive) AS positive,
        sum(negative) AS negative,
        sum(neutral) AS neutral,
        sum(mixed) AS mixed,
        sum(net) AS net
    FROM nightly
    GROUP BY signature
),
dated AS (
    SELECT
        signature,
        count(*) AS nights,
        min(ds) AS first_ds,
        max(ds) AS last_ds,
        min(CASE WHEN on_night = most THEN ds END) AS busiest_ds,
        max(on_night) AS on_busiest
    FROM (
        SELECT signature, ds, sum(documents) AS on_night, max(sum(documents)) OVER (PARTITION BY signature) AS most
        FROM nightly
        GROUP BY signature, ds
    ) AS each_night
    GROUP BY signature
),
texts AS (
    SELECT content_key, min(redacted_text) AS redacted_text
    FROM scores
    WHERE content_key IN (SELECT content_key FROM repeated)
    GROUP BY content_key
)
SELECT
    CAST(documents AS bigint) AS documents,
    nights,
    sources,
    source,
    first_ds,
    last_ds,
    busiest_ds,
    CAST(on_busiest AS bigint) AS on_busiest,
    CAST(positive AS bigint) AS positive,
    CAST(negative AS bigint) AS negative,
    CAST(neutral AS bigint) AS neutral,
    CAST(mixed AS bigint) AS mixed,
    net / documents AS mean_net_sentiment,
    redacted_text
FROM repeated
INNER JOIN dated ON dated.signature = repeated.signature
INNER JOIN texts ON texts.content_key = repeated.content_key
