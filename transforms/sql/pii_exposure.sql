-- A row: a date, source and type of personal data. documents: in how many it was found; finds: how many times.
-- documents_with_any: documents whose first find is of this type. It adds up, over types too, to the documents with any
-- find; documents does not, for one of three types counts three times.
-- Finds are reached by their index because Athena unnests an array of rows into columns and DuckDB into one struct;
-- in blocks of 10,000 because Athena's sequence() makes no longer array.
WITH exposed AS (
    SELECT ds, source, document_id, pii FROM scores WHERE cardinality(pii) > 0
),
blocks AS (
    SELECT first_index
    FROM (SELECT max(cardinality(pii)) AS most FROM exposed) AS longest
    CROSS JOIN UNNEST(sequence(1, most, 10000)) AS block (first_index)
)
SELECT
    ds,
    source,
    pii[i].type AS type,
    count(DISTINCT document_id) AS documents,
    count(*) AS finds,
    count(*) FILTER (WHERE i = 1) AS documents_with_any
FROM exposed
INNER JOIN blocks ON first_index <= cardinality(pii)
CROSS JOIN UNNEST(sequence(first_index, least(first_index + 9999, cardinality(pii)))) AS find (i)
GROUP BY ds, source, pii[i].type
