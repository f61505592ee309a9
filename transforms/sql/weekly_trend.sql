-- A row: a week, by its Monday, and source. nights: dates with scored documents. share_negative: of the scored documents,
-- 0 to 1; change: since the week before, in the same unit, with its 95% bounds change_low and change_high (Newcombe 1998,
-- method 10). z: of the two proportions, pooled. dispersion: how many times as far as by chance the share moves from one
-- night to the next, in the week and the 28 nights before (Laney 2002, by median moving ranges; 1 at least). p_value:
-- two-sided, of z / dispersion (Student's t where that is above 1); p_adjusted: by Holm 1979 for the
-- number of sources of the week. beyond_chance: p_adjusted < 0.01, so one quiet week in a hundred says so.
-- What compares with the week before is NULL in a source's first week.
WITH nightly AS (
    SELECT
        ds,
        CAST(date_trunc('week', ds) AS date) AS week,
        source,
        CAST(sum(documents) AS bigint) AS documents,
        CAST(sum(scored) AS double) AS n,
        CAST(sum(negative) AS double) AS x
    FROM daily_sentiment
    GROUP BY ds, source
),
weekly AS (
    SELECT
        week,
        source,
        count(*) FILTER (WHERE n > 0) AS nights,
        CAST(sum(documents) AS bigint) AS documents,
        sum(n) AS n,
        sum(x) AS x
    FROM nightly
    GROUP BY week, source
),
paired AS (
    SELECT
        this.week,
        this.source,
        this.nights,
        this.documents,
        this.n,
        this.x,
        before.n AS n0,
        before.x AS x0,
        (this.x + before.x) / (this.n + before.n) AS pooled
    FROM weekly AS this
    LEFT JOIN weekly AS before
        ON before.source IS NOT DISTINCT FROM this.source
        AND before.week = CAST(this.week - INTERVAL '7' DAY AS date)
        AND before.n > 0
    WHERE this.n > 0
),
standard AS (
    -- Of the week and the 28 nights before it.
    SELECT
        paired.week,
        paired.source,
        nightly.ds,
        (nightly.x / nightly.n - pooled) / sqrt(pooled * (1 - pooled) / nightly.n) AS z
    FROM paired
    INNER JOIN nightly
        ON nightly.source IS NOT DISTINCT FROM paired.source
        AND nightly.week BETWEEN CAST(paired.week - INTERVAL '28' DAY AS date) AND paired.week
    WHERE nightly.n > 0 AND pooled > 0 AND pooled < 1
),
moved AS (
    SELECT week, source, abs(z - lag(z) OVER (PARTITION BY week, source ORDER BY ds)) AS moved FROM standard
),
moving AS (
    SELECT
        week,
        source,
        moved,
        row_number() OVER (PARTITION BY week, source ORDER BY moved) AS place,
        count(*) OVER (PARTITION BY week, source) AS ranges
    FROM moved
    WHERE moved IS NOT NULL
),
dispersed AS (
    -- The median, which a few nights of an outage do not move. 0.954: the median range of two values of a standard normal
    -- distribution; a range is worth a third of a degree of freedom (simulated). Under six ranges tell nothing.
    SELECT
        week,
        source,
        greatest(1E0, avg(moved) / 0.9538725524E0) AS dispersion,
        max(ranges) / 3E0 AS freedom
    FROM moving
    WHERE ranges >= 6 AND place BETWEEN ranges / 2E0 AND ranges / 2E0 + 1
    GROUP BY week, source
),
tested AS (
    SELECT
        paired.*,
        coalesce(dispersion, 1E0) AS dispersion,
        freedom,
        x / n - x0 / n0 AS change,
        CASE
            WHEN n0 IS NULL THEN NULL
            WHEN pooled > 0 AND pooled < 1 THEN (x / n - x0 / n0) / sqrt(pooled * (1 - pooled) * (1 / n + 1 / n0))
            ELSE 0E0
        END AS z,
        1.959963984540054E0 AS z95
    FROM paired
    LEFT JOIN dispersed ON dispersed.week = paired.week AND dispersed.source IS NOT DISTINCT FROM paired.source
),
bounded AS (
    SELECT
        tested.*,
        -- Divided by an estimate, z has Student's t distribution: as a normal deviate, by Wallace 1959.
        CASE
            WHEN freedom IS NULL OR dispersion = 1 THEN abs(z)
            ELSE sqrt(freedom * ln(1 + z * z / dispersion / dispersion / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
        END AS deviate,
        (2 * x + z95 * z95 - z95 * sqrt(z95 * z95 + 4 * x * (n - x) / n)) / (2 * (n + z95 * z95)) AS low,
        (2 * x + z95 * z95 + z95 * sqrt(z95 * z95 + 4 * x * (n - x) / n)) / (2 * (n + z95 * z95)) AS high,
        (2 * x0 + z95 * z95 - z95 * sqrt(z95 * z95 + 4 * x0 * (n0 - x0) / n0)) / (2 * (n0 + z95 * z95)) AS low0,
        (2 * x0 + z95 * z95 + z95 * sqrt(z95 * z95 + 4 * x0 * (n0 - x0) / n0)) / (2 * (n0 + z95 * z95)) AS high0
    FROM tested
),
valued AS (
    -- erfc(deviate / sqrt(2)), with a relative error below 1.2e-7: Press et al., Numerical Recipes, 6.2.
    SELECT
        bounded.*,
        CASE WHEN z IS NOT NULL THEN least(1E0, t * exp(-deviate * deviate / 2 - 1.26551223E0 + t * (1.00002368E0 + t * (0.37409196E0
            + t * (0.09678418E0 + t * (-0.18628806E0 + t * (0.27886807E0 + t * (-1.13520398E0 + t * (1.48851587E0
            + t * (-0.82215223E0 + t * 0.17087277E0)))))))))) END AS p_value
    FROM (SELECT bounded.*, 1 / (1 + 0.5E0 * deviate / sqrt(2E0)) AS t FROM bounded) AS bounded
),
ranked AS (
    SELECT
        valued.*,
        count(p_value) OVER (PARTITION BY week) AS tests,
        row_number() OVER (PARTITION BY week ORDER BY p_value NULLS LAST, source) AS place
    FROM valued
),
adjusted AS (
    SELECT
        ranked.*,
        CASE WHEN p_value IS NOT NULL THEN least(1E0, max((tests - place + 1) * p_value) OVER (
            PARTITION BY week ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )) END AS p_adjusted
    FROM ranked
)
SELECT
    week,
    source,
    nights,
    documents,
    CAST(n AS bigint) AS scored,
    CAST(x AS bigint) AS negative,
    x / n AS share_negative,
    low AS share_negative_low,
    high AS share_negative_high,
    x0 / n0 AS share_negative_before,
    change,
    change - sqrt((x / n - low) * (x / n - low) + (high0 - x0 / n0) * (high0 - x0 / n0)) AS change_low,
    change + sqrt((high - x / n) * (high - x / n) + (x0 / n0 - low0) * (x0 / n0 - low0)) AS change_high,
    z,
    dispersion,
    p_value,
    p_adjusted,
    p_adjusted < 0.01E0 AS beyond_chance
FROM adjusted
