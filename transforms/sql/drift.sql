-- A row: what is measured of a source ('*': of all), last night against the 28 nights before; last night is the last date that is
-- published. measure: labels, languages, length (of texts, by powers of two), rejects (of '*' alone: what is rejected often
-- names no source) or volume. psi: the population stability index, sum of (p - q) ln(p / q) over categories, half a document added
-- to each; of volume the same of documents by those of a mean night. chance: what psi stays under in 999 of 1,000 quiet nights, from the numbers
-- of documents (Yurdakul 2018; the chi-squared quantile by Wilson and Hilferty 1931) and doubled, for texts are copied; of volume from how nights differ.
-- verdict: stable; shifted, where psi is above chance and above 0.1; drifted, where it is above 0.25, too; or that there is too little
-- to compare with. most: the category that adds most to psi, and share, share_before: how much it has of the documents, 0 to 1;
-- of volume share is documents, share_before those of a mean night. documents, documents_before: how many were compared.
WITH last AS (
    SELECT max(ds) AS night FROM scores
),
counted AS (
    SELECT
        ds,
        source,
        status,
        sentiment,
        language,
        CAST(CASE WHEN length(redacted_text) > 0 THEN floor(ln(length(redacted_text)) / ln(2E0)) END AS bigint) AS magnitude,
        count(*) AS documents
    FROM scores
    CROSS JOIN last
    WHERE ds >= CAST(night - INTERVAL '28' DAY AS date)
    GROUP BY
        ds,
        source,
        status,
        sentiment,
        language,
        CASE WHEN length(redacted_text) > 0 THEN floor(ln(length(redacted_text)) / ln(2E0)) END
),
cells AS (
    SELECT ds, source, 'labels' AS measure, sentiment AS category, documents FROM counted WHERE status = 'SCORED'
    UNION ALL
    SELECT ds, source, 'languages' AS measure, coalesce(language, 'none') AS category, documents
    FROM counted
    WHERE status <> 'REJECTED'
    UNION ALL
    SELECT
        ds,
        source,
        'length' AS measure,
        CAST(CAST(power(2E0, magnitude) AS bigint) AS varchar) || ' characters or more' AS category,
        documents
    FROM counted
    WHERE magnitude IS NOT NULL
    UNION ALL
    SELECT
        ds,
        source,
        'rejects' AS measure,
        CASE WHEN status = 'REJECTED' THEN 'rejected' ELSE 'taken' END AS category,
        documents
    FROM counted
),
sliced AS (
    SELECT
        CASE WHEN grouping(source) = 1 THEN '*' ELSE source END AS source,
        measure,
        category,
        CAST(sum(CASE WHEN ds = night THEN documents ELSE 0 END) AS double) AS x,
        CAST(sum(CASE WHEN ds < night THEN documents ELSE 0 END) AS double) AS x0
    FROM cells
    CROSS JOIN last
    GROUP BY GROUPING SETS ((measure, category), (source, measure, category))
),
summed AS (
    SELECT
        sliced.*,
        sum(x) OVER (PARTITION BY source, measure) AS n,
        sum(x0) OVER (PARTITION BY source, measure) AS n0,
        CAST(count(*) OVER (PARTITION BY source, measure) AS double) AS k
    FROM sliced
    WHERE measure <> 'rejects' OR source = '*'
),
terms AS (
    SELECT
        summed.*,
        ((x + 0.5E0) / (n + 0.5E0 * k) - (x0 + 0.5E0) / (n0 + 0.5E0 * k))
            * ln((x + 0.5E0) / (n + 0.5E0 * k) / ((x0 + 0.5E0) / (n0 + 0.5E0 * k))) AS term
    FROM summed
    WHERE n > 0
),
mixes AS (
    SELECT
        source,
        measure,
        CASE WHEN max(n0) > 0 THEN sum(term) END AS psi,
        CASE WHEN max(n0) > 0 AND max(k) > 1 THEN 2 * (1 / max(n) + 1 / max(n0)) * (max(k) - 1) * power(
            1 - 2 / (9 * (max(k) - 1)) + 3.090232306167813E0 * sqrt(2 / (9 * (max(k) - 1))), 3
        ) END AS chance,
        max_by(category, term) AS most,
        max_by(x, term) / max(n) AS share,
        CASE WHEN max(n0) > 0 THEN max_by(x0, term) / max(n0) END AS share_before,
        max(n) AS n,
        max(n0) AS n0
    FROM terms
    GROUP BY source, measure
),
nights AS (
    SELECT CAST(count(DISTINCT ds) AS double) AS nights FROM counted CROSS JOIN last WHERE ds < night
),
volumes AS (
    SELECT
        CASE WHEN grouping(source) = 1 THEN '*' ELSE source END AS source,
        ds,
        CAST(sum(documents) AS double) AS x
    FROM counted
    GROUP BY GROUPING SETS ((ds), (source, ds))
),
spread AS (
    SELECT
        source,
        max(nights) AS nights,
        coalesce(sum(CASE WHEN ds = night THEN x END), 0E0) AS x,
        coalesce(sum(CASE WHEN ds < night THEN x END), 0E0) AS x0,
        coalesce(sum(CASE WHEN ds < night THEN x END), 0E0) / max(nights) AS mean,
        coalesce(sum(CASE WHEN ds < night THEN x * x END), 0E0) / max(nights) AS squares
    FROM volumes
    CROSS JOIN last
    CROSS JOIN nights
    WHERE nights > 0
    GROUP BY source
),
steps AS (
    SELECT
        spread.*,
        -- how far a night is from the mean in 999 of 1,000, as a share of it
        3.290526731491926E0 * sqrt(greatest(squares - mean * mean, mean)) / (mean + 0.5E0) AS far,
        (x + 0.5E0) / (mean + 0.5E0) AS times
    FROM spread
),
found AS (
    SELECT source, measure, psi, chance, most, share, share_before, n, n0 FROM mixes
    UNION ALL
    SELECT
        source,
        'volume' AS measure,
        CASE WHEN nights >= 7 THEN (times - 1) * ln(times) END AS psi,
        CASE WHEN nights >= 7 THEN far * ln(1 + far) END AS chance,
        CASE WHEN times > 1 THEN 'more documents' ELSE 'fewer documents' END AS most,
        x AS share,
        mean AS share_before,
        x AS n,
        x0 AS n0
    FROM steps
)
SELECT
    night AS ds,
    source,
    measure,
    CASE
        WHEN psi IS NULL THEN 'too few nights before'
        WHEN chance IS NULL OR psi <= greatest(chance, 0.1E0) THEN 'stable'
        WHEN psi <= 0.25E0 THEN 'shifted'
        ELSE 'drifted'
    END AS verdict,
    psi,
    chance,
    most,
    share,
    share_before,
    CAST(n AS bigint) AS documents,
    CAST(n0 AS bigint) AS documents_before
FROM found
CROSS JOIN last
