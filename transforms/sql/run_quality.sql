-- A row: a run that is over. documents = scored + rejected + failed + deferred: what it took in; carried: rows of earlier runs
-- that it kept; left_out: characters of its documents that are not in their texts (quotes, signatures, agents' turns);
-- reasons: documents by error_code. expectations: how many were judged, expectations_failed: not met; these and left_out
-- are NULL for runs of before they were counted. labels: documents that this run scored and readers see; low_confidence:
-- those of which the score of the label is under 0.5; share_low_confidence: of labels, 0 to 1.
SELECT
    runs.run_id,
    runs.started_at,
    runs.outcome,
    runs.documents,
    runs.scored,
    runs.rejected,
    runs.failed,
    runs.deferred,
    runs.carried,
    runs.left_out,
    runs.reasons,
    runs.expectations,
    runs.expectations_failed,
    coalesce(seen.labels, 0) AS labels,
    coalesce(seen.low_confidence, 0) AS low_confidence,
    CAST(seen.low_confidence AS double) / seen.labels AS share_low_confidence
FROM runs
LEFT JOIN (
    SELECT
        run_id,
        count(*) AS labels,
        count(*) FILTER (
            WHERE greatest(score_positive, score_negative, score_neutral, score_mixed) < 0.5E0
        ) AS low_confidence
    FROM scores
    WHERE status = 'SCORED'
    GROUP BY run_id
) AS seen ON seen.run_id = runs.run_id
