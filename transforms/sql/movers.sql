-- A row: the share of a label in a source, in a language, or in both ('*' is any), last night against the 28 nights
-- before; last night is the last date that is published, and what has fewer than 30 scored documents on either side is
-- left out. rank: 1 is what is most surely and most strongly another. scored, scored_before: documents. share,
-- share_before: of the scored, 0 to 1; change: between them, in the same unit, with
-- its 95% bounds change_low and change_high (Newcombe 1998, method 10). z: of the two proportions, pooled. dispersion: how
-- many times as far as by chance the share moves from one night to the next (Laney 2002, by median moving ranges of the
-- nights before; 1 at least), drawn towards what others have, the more so the more alike they are (Smyth 2004).
-- p_value: two-sided, of z / dispersion (Student's t where that is above 1); p_adjusted: by Holm 1979 for the number of
-- rows.
-- beyond_chance: p_adjusted < 0.01, so of a hundred quiet nights one says so of anything.
WITH last AS (
    SELECT max(ds) AS night FROM daily_sentiment
),
sliced AS (
    SELECT
        ds,
        ds = night AS is_last,
        CASE WHEN grouping(source) = 1 THEN '*' ELSE source END AS source,
        CASE WHEN grouping(language) = 1 THEN '*' ELSE language END AS language,
        CAST(sum(scored) AS double) AS n,
        CAST(sum(positive) AS double) AS positive,
        CAST(sum(negative) AS double) AS negative,
        CAST(sum(neutral) AS double) AS neutral,
        CAST(sum(mixed) AS double) AS mixed
    FROM daily_sentiment
    CROSS JOIN last
    WHERE ds >= CAST(night - INTERVAL '28' DAY AS date)
    GROUP BY GROUPING SETS ((ds, night, source), (ds, night, language), (ds, night, source, language))
),
nightly AS (
    SELECT
        ds,
        is_last,
        source,
        language,
        label,
        n,
        CASE label WHEN 'POSITIVE' THEN positive WHEN 'NEGATIVE' THEN negative WHEN 'NEUTRAL' THEN neutral ELSE mixed END AS x
    FROM sliced
    CROSS JOIN (VALUES ('POSITIVE'), ('NEGATIVE'), ('NEUTRAL'), ('MIXED')) AS labels (label)
    WHERE n > 0
),
paired AS (
    SELECT
        max(CASE WHEN is_last THEN ds END) AS ds,
        source,
        language,
        label,
        sum(CASE WHEN is_last THEN n END) AS n,
        sum(CASE WHEN is_last THEN x END) AS x,
        sum(CASE WHEN NOT is_last THEN n END) AS n0,
        sum(CASE WHEN NOT is_last THEN x END) AS x0,
        sum(x) / sum(n) AS pooled
    FROM nightly
    GROUP BY source, language, label
    HAVING sum(CASE WHEN is_last THEN n END) >= 30 AND sum(CASE WHEN NOT is_last THEN n END) >= 30
),
standard AS (
    SELECT
        nightly.source,
        nightly.language,
        nightly.label,
        nightly.ds,
        (nightly.x / nightly.n - x0 / n0) / sqrt(x0 / n0 * (1 - x0 / n0) / nightly.n) AS z
    FROM nightly
    INNER JOIN paired
        ON paired.source IS NOT DISTINCT FROM nightly.source
        AND paired.language IS NOT DISTINCT FROM nightly.language
        AND paired.label = nightly.label
    WHERE NOT nightly.is_last AND x0 > 0 AND x0 < n0
),
moved AS (
    SELECT
        source,
        language,
        label,
        abs(z - lag(z) OVER (PARTITION BY source, language, label ORDER BY ds)) AS moved
    FROM standard
),
moving AS (
    SELECT
        source,
        language,
        label,
        moved,
        row_number() OVER (PARTITION BY source, language, label ORDER BY moved) AS place,
        count(*) OVER (PARTITION BY source, language, label) AS ranges
    FROM moved
    WHERE moved IS NOT NULL
),
dispersed AS (
    -- As in weekly_trend: the median, which a few nights of an outage do not move. 0.954: the median range of two values of a
    -- standard normal distribution; a range is worth a third of a degree of freedom (simulated). Under six ranges tell nothing.
    SELECT
        source,
        language,
        label,
        avg(moved) / 0.9538725524E0 AS dispersion,
        max(ranges) / 3E0 AS freedom
    FROM moving
    WHERE ranges >= 6 AND place BETWEEN ranges / 2E0 AND ranges / 2E0 + 1
    GROUP BY source, language, label
),
logs AS (
    -- Of the rows that share no document.
    SELECT
        avg(2 * ln(greatest(dispersion, 1E-2))) AS middle,
        var_samp(2 * ln(greatest(dispersion, 1E-2))) AS spread,
        avg(freedom) AS freedom,
        count(*) AS parts
    FROM dispersed
    WHERE source <> '*' AND language <> '*'
),
shared AS (
    -- Smyth 2004, section 6.2: what all have, and how many degrees of freedom that is worth; digamma and trigamma of half the
    -- degrees by their series, the inverse of trigamma by its first approximation. Four times a row's own at most, and two
    -- rows are worth one, for shares of labels depend on each other.
    SELECT
        greatest(1E0, exp((middle + 1 / freedom + 1 / (3 * freedom * freedom)) / 2)) AS dispersion,
        least(
            least(4E0, parts / 2E0) * freedom,
            CASE WHEN spread > chance THEN 1 + 2 / (spread - chance) ELSE 4 * freedom END
        ) AS freedom
    FROM (
        SELECT
            logs.*,
            2 / freedom + 2 / (freedom * freedom) + 4 / (3 * freedom * freedom * freedom) AS chance
        FROM logs
    ) AS logs
),
tested AS (
    SELECT
        paired.*,
        coalesce(dispersed.dispersion, shared.dispersion) AS own,
        coalesce(shared.dispersion, dispersed.dispersion) AS everybodys,
        coalesce(dispersed.freedom, 0E0) AS own_freedom,
        coalesce(shared.freedom, 0E0) AS shared_freedom,
        x / n - x0 / n0 AS change,
        CASE
            WHEN pooled > 0 AND pooled < 1 THEN (x / n - x0 / n0) / sqrt(pooled * (1 - pooled) * (1 / n + 1 / n0))
            ELSE 0E0
        END AS z,
        1.959963984540054E0 AS z95
    FROM paired
    LEFT JOIN dispersed
        ON dispersed.source IS NOT DISTINCT FROM paired.source
        AND dispersed.language IS NOT DISTINCT FROM paired.language
        AND dispersed.label = paired.label
    CROSS JOIN shared
),
moderated AS (
    SELECT
        tested.*,
        own_freedom + shared_freedom AS own_and_shared,
        CASE
            WHEN own_freedom + shared_freedom > 0 THEN greatest(1E0, sqrt(
                (shared_freedom * everybodys * everybodys + own_freedom * own * own) / (own_freedom + shared_freedom)
            ))
            ELSE 1E0
        END AS dispersion
    FROM tested
),
freed AS (
    -- Satterthwaite 1946: of the variance, 1 is known, and only what is above it estimated.
    SELECT
        moderated.*,
        CASE
            WHEN dispersion > 1.001E0
                THEN own_and_shared * power(dispersion * dispersion / (dispersion * dispersion - 1), 2)
        END AS freedom
    FROM moderated
),
bounded AS (
    SELECT
        freed.*,
        -- Divided by an estimate, z has Student's t distribution: as a normal deviate, by Wallace 1959.
        CASE
            WHEN freedom IS NULL THEN abs(z)
            ELSE sqrt(freedom * ln(1 + z * z / dispersion / dispersion / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
        END AS deviate,
        (2 * x + z95 * z95 - z95 * sqrt(z95 * z95 + 4 * x * (n - x) / n)) / (2 * (n + z95 * z95)) AS low,
        (2 * x + z95 * z95 + z95 * sqrt(z95 * z95 + 4 * x * (n - x) / n)) / (2 * (n + z95 * z95)) AS high,
        (2 * x0 + z95 * z95 - z95 * sqrt(z95 * z95 + 4 * x0 * (n0 - x0) / n0)) / (2 * (n0 + z95 * z95)) AS low0,
        (2 * x0 + z95 * z95 + z95 * sqrt(z95 * z95 + 4 * x0 * (n0 - x0) / n0)) / (2 * (n0 + z95 * z95)) AS high0
    FROM freed
),
valued AS (
    -- erfc(deviate / sqrt(2)), with a relative error below 1.2e-7: Press et al., Numerical Recipes, 6.2.
    SELECT
        bounded.*,
        least(1E0, t * exp(-deviate * deviate / 2 - 1.26551223E0 + t * (1.00002368E0 + t * (0.37409196E0
            + t * (0.09678418E0 + t * (-0.18628806E0 + t * (0.27886807E0 + t * (-1.13520398E0 + t * (1.48851587E0
            + t * (-0.82215223E0 + t * 0.17087277E0)))))))))) AS p_value
    FROM (SELECT bounded.*, 1 / (1 + 0.5E0 * deviate / sqrt(2E0)) AS t FROM bounded) AS bounded
),
ranked AS (
    SELECT
        valued.*,
        count(*) OVER () AS tests,
        row_number() OVER (ORDER BY p_value, abs(change) DESC, source, language, label) AS place
    FROM valued
),
adjusted AS (
    SELECT
        ranked.*,
        least(1E0, max((tests - place + 1) * p_value) OVER (
            ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )) AS p_adjusted
    FROM ranked
)
SELECT
    row_number() OVER (
        ORDER BY CASE WHEN p_adjusted < 0.01E0 THEN abs(change) ELSE -1E0 END DESC, place
    ) AS rank,
    ds,
    source,
    language,
    label,
    CAST(n AS bigint) AS scored,
    CAST(n0 AS bigint) AS scored_before,
    x / n AS share,
    x0 / n0 AS share_before,
    change,
    change - sqrt((x / n - low) * (x / n - low) + (high0 - x0 / n0) * (high0 - x0 / n0)) AS change_low,
    change + sqrt((high - x / n) * (high - x / n) + (x0 / n0 - low0) * (x0 / n0 - low0)) AS change_high,
    z,
    dispersion,
    p_value,
    p_adjusted,
    p_adjusted < 0.01E0 AS beyond_chance
FROM adjusted
