-- A row: a document that has no score. status: REJECTED (the input cannot be used), FAILED (the scorer could not score it)
-- or DEFERRED (it waits, and the next run takes it up). error_code, why, what_to_do: the reason, in a word and in words.
-- source_file, source_row: where it came from; document_id is NULL where even that could not be read.
SELECT
    ds,
    source,
    status,
    error_code,
    CASE error_code
        WHEN 'ID_MISSING' THEN 'it has no document_id'
        WHEN 'ID_NOT_STRING' THEN 'its document_id is neither a string nor an integer'
        WHEN 'TEXT_MISSING' THEN 'it has no text'
        WHEN 'TEXT_NOT_STRING' THEN 'its text is no string'
        WHEN 'TEXT_BLANK' THEN 'its text is blank'
        WHEN 'TEXT_TOO_LARGE' THEN 'its text is larger than the limit'
        WHEN 'NUL_CHARACTER' THEN 'it holds U+0000'
        WHEN 'INVALID_UTF8' THEN 'it holds bytes that are not UTF-8'
        WHEN 'LONE_SURROGATE' THEN 'it holds half of a UTF-16 pair'
        WHEN 'DUPLICATE_KEY' THEN 'it names a column twice'
        WHEN 'MALFORMED_JSON' THEN 'the line is no JSON'
        WHEN 'NOT_AN_OBJECT' THEN 'the line is JSON and no object'
        WHEN 'MALFORMED_CSV' THEN 'the record breaks the rules of quotes, or has more fields than the header'
        WHEN 'MALFORMED_MAIL' THEN 'it has no headers of a mail'
        WHEN 'NO_TEXT' THEN 'nothing in it is text: a scan, or a mail of pictures'
        WHEN 'TOO_COMPLEX' THEN 'it is nested deeper, or has more parts, than is read'
        WHEN 'ENCRYPTED' THEN 'it needs a password'
        WHEN 'FILE_TOO_LARGE' THEN 'it is larger than a reader will hold'
        WHEN 'READING_LIMIT' THEN 'to read it took more time or memory than it may'
        WHEN 'READER_MISSING' THEN 'what reads it is not installed'
        WHEN 'LINE_TOO_LONG' THEN 'the line is longer than the limit'
        WHEN 'CORRUPT_COMPRESSION' THEN 'the compressed file is cut off or damaged from here on'
        WHEN 'DECOMPRESSION_BOMB' THEN 'the file expands beyond all measure'
        WHEN 'CORRUPT_FILE' THEN 'the file cannot be read from here on'
        WHEN 'FILE_UNREADABLE' THEN 'the file is gone, changed while it was read, or may not be read'
        WHEN 'UNKNOWN_FORMAT' THEN 'nothing tells what format the file has'
        WHEN 'BAD_DATE' THEN 'the path names a date that does not exist'
        WHEN 'DROPPED_BY_POLICY' THEN 'it holds personal data whose documents the policy leaves out'
        WHEN 'DUPLICATE_ID' THEN 'its document_id came before, for the same date'
        WHEN 'UNSUPPORTED_LANGUAGE' THEN 'the scorer does not know its language, or nobody could tell it'
        WHEN 'NO_ANSWER' THEN 'the service never answered for it'
        WHEN 'BUDGET_SPENT' THEN 'the budget is spent'
        WHEN 'DEADLINE_REACHED' THEN 'the deadline was reached'
        WHEN 'SERVICE_UNAVAILABLE' THEN 'the service was out of order for half an hour'
        WHEN 'CACHE_UNAVAILABLE' THEN 'the score cache could not be asked'
        ELSE 'the service refused it'
    END AS why,
    CASE
        WHEN error_code = 'DROPPED_BY_POLICY' THEN 'nothing: the policy wants it so'
        WHEN error_code IN ('BUDGET_SPENT', 'DEADLINE_REACHED')
            THEN 'nothing: the next run takes it up; give it more of --budget, or a later --deadline'
        WHEN status = 'DEFERRED' THEN 'nothing: the next run takes it up'
        WHEN error_code = 'UNSUPPORTED_LANGUAGE'
            THEN 'give its language, or score it with --scorer comprehend and --reprocess'
        WHEN status = 'FAILED' THEN 'run its date again with --reprocess; look its error_code up in the service''s manual'
        WHEN error_code = 'DUPLICATE_ID' THEN 'give each document of a date an id of its own; the first one counts'
        WHEN error_code = 'BAD_DATE' THEN 'mend the date in the path'
        WHEN error_code = 'UNKNOWN_FORMAT' THEN 'name the file .jsonl, .csv, .parquet or .txt, or give --format'
        WHEN error_code = 'READER_MISSING' THEN 'install aurastream[documents], and run its date again with --reprocess'
        WHEN error_code = 'ENCRYPTED' THEN 'deliver it without a password'
        WHEN error_code = 'NO_TEXT' THEN 'nothing, or deliver its text: pictures are not read'
        WHEN error_code IN ('TOO_COMPLEX', 'FILE_TOO_LARGE', 'READING_LIMIT') THEN 'deliver it in smaller parts'
        WHEN error_code IN ('CORRUPT_COMPRESSION', 'DECOMPRESSION_BOMB', 'CORRUPT_FILE', 'FILE_UNREADABLE')
            THEN 'deliver the file again'
        ELSE 'mend the row and deliver the file again'
    END AS what_to_do,
    source_file,
    source_row,
    document_id
FROM scores
WHERE status <> 'SCORED'
