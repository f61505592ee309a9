-- One row per date, source and type of personal data: in how many documents it was found, and how many times.
-- Finds are reached by their index because Athena unnests an array of rows into columns and DuckDB into one struct;
-- in blocks of 10,000 because Athena's sequence() makes no longer array.
SELECT
    ds,
    source,
    pii[i].type AS type,
    count(DISTINCT document_id) AS documents,
    count(*) AS finds
FROM (SELECT ds, source, document_id, pii FROM scores WHERE cardinality(pii) > 0) AS exposed
CROSS JOIN UNNEST(sequence(1, cardinality(pii), 10000)) AS block (first_index)
CROSS JOIN UNNEST(sequence(first_index, least(first_index + 9999, cardinality(pii)))) AS find (i)
GROUP BY ds, source, pii[i].type
