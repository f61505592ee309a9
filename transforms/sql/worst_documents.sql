-- A row: one of the 20 most negative texts of a source in a week (by its Monday), redacted_text, whole.
-- rank: 1 has the largest score_negative (0 to 1) of the texts labelled NEGATIVE. documents: how many of the week have that very
-- text; ds, document_id, role (who spoke), language: the first of them. Of texts that are nearly the same the worst alone is shown: those are
-- alike that share half of the different words that either has. Looked at are the 100 worst texts of a week and source.
WITH keyed AS (
    SELECT
        CAST(date_trunc('week', ds) AS date) AS week,
        source,
        content_key,
        count(*) AS documents,
        max(score_negative) AS score_negative
    FROM scores
    WHERE sentiment = 'NEGATIVE'
    GROUP BY date_trunc('week', ds), source, content_key
),
worst AS (
    SELECT
        keyed.*,
        row_number() OVER (PARTITION BY week, source ORDER BY score_negative DESC, content_key) AS place
    FROM keyed
),
texts AS (
    SELECT
        worst.*,
        scores.ds,
        scores.document_id,
        scores.role,
        scores.language,
        scores.redacted_text,
        row_number() OVER (
            PARTITION BY worst.week, worst.source, worst.content_key ORDER BY scores.ds, scores.document_id
        ) AS copy
    FROM scores
    INNER JOIN worst
        ON worst.content_key = scores.content_key
        AND worst.source IS NOT DISTINCT FROM scores.source
        AND worst.week = CAST(date_trunc('week', scores.ds) AS date)
    WHERE worst.place <= 100 AND scores.sentiment = 'NEGATIVE'
),
worded AS (
    SELECT texts.*, array_distinct(regexp_extract_all(lower(redacted_text), '[\p{L}\p{M}]+')) AS words
    FROM texts
    WHERE copy = 1
),
alike AS (
    SELECT DISTINCT worded.week, worded.source, worded.content_key
    FROM worded
    INNER JOIN worded AS worse
        ON worse.week = worded.week
        AND worse.source IS NOT DISTINCT FROM worded.source
        AND worse.place < worded.place
    -- half of the union: the union has the words of both, less those that they share
    WHERE 3 * cardinality(array_intersect(worded.words, worse.words)) >= cardinality(worded.words) + cardinality(worse.words)
),
ranked AS (
    SELECT
        worded.*,
        row_number() OVER (PARTITION BY worded.week, worded.source ORDER BY worded.place) AS number
    FROM worded
    LEFT JOIN alike
        ON alike.week = worded.week
        AND alike.source IS NOT DISTINCT FROM worded.source
        AND alike.content_key = worded.content_key
    WHERE alike.content_key IS NULL
)
SELECT week, source, number AS rank, score_negative, documents, ds, document_id, role, language, redacted_text
FROM ranked
WHERE number <= 20
