"""What rows may be changed to, good and bad, for tests that hold one way of counting to another."""

from hypothesis import strategies as st

DS = "2026-11-22"
RUN_ID = "01JD0000000000000000000000"  # of the base rows
CARRIED = "01JC0000000000000000000000"

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["SCORED", "REJECTED", "FAILED", "DEFERRED", None]),
        "sentiment": st.sampled_from(["POSITIVE", "MIXED", "cheerful", "two words", None]),
        "language": st.sampled_from(["en", "de", "not a language", None]),
        "run_id": st.sampled_from([CARRIED, None]),
        "score_mixed": st.sampled_from([0.1, -1.0, float("nan"), float("inf"), None]),
        "billed_units": st.sampled_from([None, -1, 0, 7]),
        "redacted_text": st.sampled_from([None, "fine", "mail ann.lee@example.com"]),
        "pii": st.sampled_from(
            [None, [], [None], [{"type": "PHONE", "start": 5, "end": 2, "detector": None, "confidence": None}] * 2]
        ),
    },
)
