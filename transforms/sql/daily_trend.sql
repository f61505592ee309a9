-- A row: a date and source ('*': of all). documents, scored, negative: documents. share_negative: of the scored ones, 0 to 1,
-- with its 95% bounds _low and _high (Wilson 1927, score interval). nights_before: of the 28 nights before, those that have
-- scored documents; share_negative_before: of theirs. change: between the two shares, in the same unit, with its 95% bounds
-- change_low and change_high (Newcombe 1998, method 10), which say how few documents may mislead, and not by how much nights
-- differ anyway: that `movers` and `weekly_trend` ask. NULL is what has nothing to be reckoned from.
WITH nightly AS (
    SELECT
        ds,
        CASE WHEN grouping(source) = 1 THEN '*' ELSE source END AS source,
        sum(documents) AS documents,
        CAST(sum(scored) AS double) AS n,
        CAST(sum(negative) AS double) AS x
    FROM daily_sentiment
    GROUP BY GROUPING SETS ((ds), (ds, source))
),
paired AS (
    SELECT
        this.ds,
        this.source,
        this.documents,
        this.n,
        this.x,
        count(before.ds) AS nights_before,
        sum(before.n) AS n0,
        sum(before.x) AS x0
    FROM nightly AS this
    LEFT JOIN nightly AS before
        ON before.source IS NOT DISTINCT FROM this.source
        AND before.ds < this.ds
        AND before.ds >= CAST(this.ds - INTERVAL '28' DAY AS date)
        AND before.n > 0
    GROUP BY this.ds, this.source, this.documents, this.n, this.x
),
bounded AS (
    SELECT
        paired.*,
        x / nullif(n, 0) AS share,
        x0 / n0 AS share0,
        (2 * x + z * z - z * sqrt(z * z + 4 * x * (n - x) / nullif(n, 0))) / (2 * (n + z * z)) AS low,
        (2 * x + z * z + z * sqrt(z * z + 4 * x * (n - x) / nullif(n, 0))) / (2 * (n + z * z)) AS high,
        (2 * x0 + z * z - z * sqrt(z * z + 4 * x0 * (n0 - x0) / n0)) / (2 * (n0 + z * z)) AS low0,
        (2 * x0 + z * z + z * sqrt(z * z + 4 * x0 * (n0 - x0) / n0)) / (2 * (n0 + z * z)) AS high0
    FROM (SELECT paired.*, 1.959963984540054E0 AS z FROM paired) AS paired  -- of a normal distribution, 95% lie within it
)
SELECT
    ds,
    source,
    CAST(documents AS bigint) AS documents,
    CAST(n AS bigint) AS scored,
    CAST(x AS bigint) AS negative,
    share AS share_negative,
    low AS share_negative_low,
    high AS share_negative_high,
    nights_before,
    share0 AS share_negative_before,
    share - share0 AS change,
    share - share0 - sqrt((share - low) * (share - low) + (high0 - share0) * (high0 - share0)) AS change_low,
    share - share0 + sqrt((high - share) * (high - share) + (share0 - low0) * (share0 - low0)) AS change_high
FROM bounded
