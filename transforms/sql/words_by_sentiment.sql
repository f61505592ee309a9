-- A row: a word, or two that follow each other, that sets the NEGATIVE texts of a week (by its Monday), source and language
-- apart from the others; the 25 that do so most, by rank. negative, other: how often it stands in either. log_odds: by how much the log of its
-- odds is larger in the negative ones, with a Dirichlet prior of a tenth of both, as the language has the words (Monroe, Colaresi
-- and Quinn 2008, "Fightin' Words"); z: the same in standard errors. Shown is what has z above 1.96 and stands in the negative ones
-- three times or more; never what stands for personal data.
-- Each distinct text counts once. Of a week, source and language 500 negative texts and 500 others are read: those of
-- the smallest content_key, which is a hash and so draws at random; of a text the first 10,000 words.
WITH texts AS (
    SELECT
        CAST(date_trunc('week', ds) AS date) AS week,
        source,
        language,
        content_key,
        max(CASE WHEN sentiment = 'NEGATIVE' THEN 1 ELSE 0 END) AS negative
    FROM scores
    WHERE status = 'SCORED'
    GROUP BY date_trunc('week', ds), source, language, content_key
),
drawn AS (
    SELECT
        texts.*,
        row_number() OVER (PARTITION BY week, source, language, negative ORDER BY content_key) AS number
    FROM texts
),
kept AS (
    SELECT week, source, language, negative, content_key FROM drawn WHERE number <= 500
),
contents AS (
    SELECT content_key, min(redacted_text) AS redacted_text
    FROM scores
    WHERE content_key IN (SELECT content_key FROM kept)
    GROUP BY content_key
),
worded AS (
    SELECT
        week,
        source,
        language,
        negative,
        regexp_extract_all(
            lower(redacted_text), '\[[a-z][a-z0-9_]*(?::[^\]]+)?\]|[\p{L}\p{M}]+(?:[''’][\p{L}\p{M}]+)*'
        ) AS words
    FROM kept
    INNER JOIN contents ON contents.content_key = kept.content_key
),
placed AS (
    SELECT
        week,
        source,
        language,
        negative,
        words[i] AS word,
        CASE WHEN i < cardinality(words) THEN words[i + 1] END AS next_word
    FROM worded
    CROSS JOIN UNNEST(sequence(1, least(cardinality(words), 10000))) AS place (i)
    WHERE cardinality(words) > 0
),
pairs AS (
    SELECT
        week,
        source,
        language,
        word,
        next_word,
        CAST(sum(negative) AS double) AS y,
        CAST(sum(1 - negative) AS double) AS y0
    FROM placed
    WHERE NOT starts_with(word, '[')
    GROUP BY week, source, language, word, next_word
),
counted AS (
    SELECT week, source, language, 1 AS length, word AS term, sum(y) AS y, sum(y0) AS y0
    FROM pairs
    GROUP BY week, source, language, word
    UNION ALL
    SELECT week, source, language, 2 AS length, word || ' ' || next_word AS term, y, y0
    FROM pairs
    WHERE NOT starts_with(next_word, '[')
),
sizes AS (
    SELECT week, source, language, length, sum(y) AS n, sum(y0) AS n0 FROM counted GROUP BY week, source, language, length
),
languages AS (
    SELECT language, length, sum(n + n0) AS words FROM sizes GROUP BY language, length
),
often AS (
    SELECT * FROM counted WHERE y >= 3
),
priors AS (
    SELECT language, length, term, sum(y + y0) AS weight
    FROM counted
    GROUP BY language, length, term
    HAVING sum(y) >= 3
),
summed AS (
    SELECT often.*, sizes.n, sizes.n0, (sizes.n + sizes.n0) / 10 AS size, priors.weight / languages.words AS share
    FROM often
    INNER JOIN sizes
        ON sizes.week = often.week
        AND sizes.source IS NOT DISTINCT FROM often.source
        AND sizes.language IS NOT DISTINCT FROM often.language
        AND sizes.length = often.length
    INNER JOIN languages
        ON languages.language IS NOT DISTINCT FROM often.language
        AND languages.length = often.length
    INNER JOIN priors
        ON priors.language IS NOT DISTINCT FROM often.language
        AND priors.length = often.length
        AND priors.term = often.term
),
measured AS (
    SELECT
        summed.*,
        ln((y + prior) / (n + size - y - prior)) - ln((y0 + prior) / (n0 + size - y0 - prior)) AS log_odds,
        sqrt(1 / (y + prior) + 1 / (y0 + prior)) AS error
    FROM (SELECT summed.*, size * share AS prior FROM summed) AS summed
    WHERE n + size > y + prior AND n0 + size > y0 + prior
),
ranked AS (
    SELECT
        measured.*,
        row_number() OVER (PARTITION BY week, source, language ORDER BY log_odds / error DESC, term) AS number
    FROM measured
    WHERE log_odds / error > 1.96E0
)
SELECT
    week,
    source,
    language,
    number AS rank,
    term AS words,
    CAST(y AS bigint) AS negative,
    CAST(y0 AS bigint) AS other,
    log_odds,
    log_odds / error AS z
FROM ranked
WHERE number <= 25
