-- One row per document whose input was unusable: why, and the file and row to mend. document_id is NULL where even
-- that could not be read.
SELECT
    ds,
    error_code,
    source_file,
    source_row,
    document_id
FROM scores
WHERE status = 'REJECTED'
