-- A row: a date, scorer and source of published documents. documents: those scored. units: billed; dollars: at what a unit cost
-- the run that bought them. cache_hits: documents whose score was there already. What Amazon Comprehend would have billed
-- besides, each document sent by itself: saved_by_cache_units, saved_by_cache_dollars, for texts that an earlier run had bought;
-- saved_by_copies_units, saved_by_copies_dollars, for further documents of a text in one run. A text has a unit for each 100
-- characters begun, and three at least; a unit whose price no run tells is $0.0001.
-- The source '(not published)' has what no published row holds, by the date on which the run began: of runs that published
-- nothing or were replaced, and for languages that were asked for. So dollars add up to those of `runs`.
WITH keyed AS (
    SELECT
        ds,
        scorer,
        source,
        run_id,
        content_key,
        count(*) AS documents,
        count(*) FILTER (WHERE cache_hit) AS hits,
        count(*) FILTER (WHERE NOT cache_hit) AS bought,
        sum(billed_units) AS units,
        max(CASE WHEN scorer = 'comprehend' THEN greatest(3E0, ceil(length(redacted_text) / 100E0)) ELSE 0E0 END) AS worth
    FROM scores
    WHERE status = 'SCORED'
    GROUP BY ds, scorer, source, run_id, content_key
),
known AS (
    SELECT
        keyed.*,
        sum(bought) OVER (PARTITION BY run_id, content_key) > 0 AS of_this_run
    FROM keyed
),
prices AS (
    SELECT
        run_id,
        CASE
            WHEN billed_units > 0 THEN dollars / billed_units
            WHEN scorer = 'comprehend' THEN 1E-4
            ELSE 0E0
        END AS price
    FROM runs
),
published AS (
    SELECT
        ds,
        known.scorer,
        source,
        CAST(sum(documents) AS bigint) AS documents,
        CAST(sum(units) AS bigint) AS units,
        sum(units * coalesce(price, 1E-4)) AS dollars,
        CAST(sum(hits) AS bigint) AS cache_hits,
        CAST(sum(CASE WHEN of_this_run THEN 0 ELSE hits * worth END) AS bigint) AS saved_by_cache_units,
        sum(CASE WHEN of_this_run THEN 0 ELSE hits * worth * coalesce(price, 1E-4) END) AS saved_by_cache_dollars,
        CAST(sum(CASE WHEN of_this_run THEN hits * worth ELSE 0 END) AS bigint) AS saved_by_copies_units,
        sum(CASE WHEN of_this_run THEN hits * worth * coalesce(price, 1E-4) ELSE 0 END) AS saved_by_copies_dollars
    FROM known
    LEFT JOIN prices ON prices.run_id = known.run_id
    GROUP BY ds, known.scorer, source
),
held AS (
    SELECT run_id, sum(billed_units) AS units FROM scores GROUP BY run_id
),
others AS (
    SELECT
        CAST(started_at AS date) AS ds,
        scorer,
        billed_units - coalesce(units, 0) AS units,
        (billed_units - coalesce(units, 0)) * dollars / billed_units AS dollars
    FROM runs
    LEFT JOIN held ON held.run_id = runs.run_id
    WHERE billed_units > coalesce(units, 0)
)
SELECT * FROM published
UNION ALL
SELECT
    ds,
    scorer,
    '(not published)' AS source,
    0 AS documents,
    CAST(sum(units) AS bigint) AS units,
    sum(dollars) AS dollars,
    0 AS cache_hits,
    0 AS saved_by_cache_units,
    0E0 AS saved_by_cache_dollars,
    0 AS saved_by_copies_units,
    0E0 AS saved_by_copies_dollars
FROM others
GROUP BY ds, scorer
