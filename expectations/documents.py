"""What must hold of the documents of a run: all of them are there, once, each with how it ended."""

from __future__ import annotations

from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.expectations.row_conditions import Column

from transforms.documents import Reason
from transforms.schemas import LanguageSource, Role, Status

_STATUSES = [status.value for status in Status]
_ROLES = [role.value for role in Role]
_LANGUAGE_SOURCES = [source.value for source in LanguageSource]
_REASONS = [reason.value for reason in Reason]


def accounting(documents_in: int) -> ExpectationSuite:
    """Judges one row: documents by status, how many ids are repeated, and how the files' columns differ."""
    return ExpectationSuite(
        name="accounting",
        expectations=[
            gxe.ExpectMulticolumnSumToEqual(column_list=_STATUSES, sum_total=documents_in),
            gxe.ExpectColumnValuesToBeInSet(column="repeated_ids", value_set=[0]),
            gxe.ExpectColumnValuesToBeNull(column="schema_differences"),
        ],
    )


def documents() -> ExpectationSuite:
    """Judges every combination of a profile."""
    return ExpectationSuite(
        name="documents",
        expectations=[
            gxe.ExpectColumnValuesToMatchRegex(column="ds", regex=r"^\d{4}-\d{2}-\d{2}$"),
            gxe.ExpectColumnValuesToNotBeNull(column="run_id"),
            gxe.ExpectColumnValuesToNotBeNull(column="source_file"),
            gxe.ExpectColumnValuesToBeInSet(column="role", value_set=_ROLES),
            gxe.ExpectColumnValuesToNotBeNull(column="status"),
            gxe.ExpectColumnValuesToBeInSet(column="status", value_set=_STATUSES),
            gxe.ExpectColumnValuesToNotBeNull(column="document_id", row_condition=Column("status") != "REJECTED"),
            gxe.ExpectColumnValuesToNotBeNull(column="error_code", row_condition=Column("status") == "FAILED"),
            gxe.ExpectColumnValuesToMatchRegex(column="error_code", regex=r"^[A-Z][A-Z0-9_]*$"),
            gxe.ExpectColumnValuesToBeInSet(column="language_source", value_set=_LANGUAGE_SOURCES),
            gxe.ExpectColumnValuesToBeInSet(column="pii_left", value_set=[False]),
            gxe.ExpectColumnValuesToBeInSet(column="pii_beside", value_set=[False]),
        ],
    )


def rejected() -> ExpectationSuite:
    """Judges the combinations whose status is REJECTED: a reason, and nothing of the text."""
    return ExpectationSuite(
        name="rejected",
        expectations=[
            gxe.ExpectColumnValuesToNotBeNull(column="error_code"),
            gxe.ExpectColumnValuesToBeInSet(column="error_code", value_set=_REASONS),
            gxe.ExpectColumnValuesToBeNull(column="redacted_text"),
            gxe.ExpectColumnValuesToBeNull(column="content_key"),
            gxe.ExpectColumnValuesToBeNull(column="left_out"),
        ],
    )
