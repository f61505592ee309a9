"""Who spoke: a customer, or an agent or a machine; told by a label, or by what stands beside a turn's text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

CUSTOMER, AGENT = "customer", "agent"
_OTHER = re.compile(r"[\W\d_]+")
_ROLES = dict.fromkeys(
    (
        *("customer", "caller", "client", "guest", "visitor", "enduser", "requester", "consumer"),
        *("user", "contact", "lead", "buyer", "shopper"),
    ),
    CUSTOMER,
) | dict.fromkeys(
    (
        *("agent", "representative", "rep", "advisor", "adviser", "operator", "support", "supportagent", "admin"),
        *("staff", "employee", "team", "teammate", "customerservice", "helpdesk"),
        *("bot", "chatbot", "system", "ivr", "assistant"),
    ),
    AGENT,
)
# Keys of a turn, without signs and in lower case. What is true says the first, what is false the second.
_FLAGS: dict[str, tuple[str | None, str | None]] = {
    "private": (AGENT, None),  # notes, which customers do not see
    "internal": (AGENT, None),
    "isprivate": (AGENT, None),
    "isinternal": (AGENT, None),
    "public": (None, AGENT),
    "ispublic": (None, AGENT),
    "jsdpublic": (None, AGENT),
    "incoming": (CUSTOMER, AGENT),
    "inbound": (CUSTOMER, AGENT),
    "iscustomer": (CUSTOMER, AGENT),
    "isagent": (AGENT, CUSTOMER),
}
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}  # tables and CSV made JSON have them as text
_DIRECTIONS = {"inbound": CUSTOMER, "incoming": CUSTOMER, "outbound": AGENT, "outgoing": AGENT}
# Keys whose value, or whose `role` or `type`, is a label; the surest first.
_SPEAKERS = (
    *("role", "authorrole", "speakerrole", "senderrole", "participantrole", "authortype", "sendertype"),
    *("author", "speaker", "sender", "from", "participant", "user", "type"),
)
_WITHIN = ("role", "type", "usertype")
# What says who asked, of a record, and who wrote, of a turn.
_ASKED = ("requesterid", "customerid", "contactid", "enduserid")
_WROTE = ("authorid", "senderid", "fromid", "userid")


def role_of(label: object) -> str | None:
    """CUSTOMER or AGENT, where a label such as `End-User` or `AGENT 2` is known to be one."""
    return _ROLES.get(_plain(label)) if isinstance(label, str) else None


def role_in(turn: Any, record: Mapping[str, Any]) -> str | None:
    """CUSTOMER or AGENT, where an object that holds a turn's text says so, or the record that it lies in.

    Where the record says who asked, and the turn who wrote, whoever else wrote is an agent.
    """
    if not isinstance(turn, dict):
        return None
    found = {_plain(key): value for key, value in turn.items()}
    for key, (if_true, if_false) in _FLAGS.items():
        told = _TRUTHS.get(str(found.get(key)).lower())
        if told is not None and (role := if_true if told else if_false):
            return role
    if (direction := found.get("direction")) and isinstance(direction, str) and _plain(direction) in _DIRECTIONS:
        return _DIRECTIONS[_plain(direction)]
    for key in _SPEAKERS:
        value = found.get(key)
        labels = [value.get(name) for name in _WITHIN] if isinstance(value, dict) else [value]
        if role := next(filter(None, map(role_of, labels)), None):
            return role
    author = found.get("author")
    wrote = _first(found, _WROTE) or (author.get("id") if isinstance(author, dict) else None)
    asked = _first({_plain(key): value for key, value in record.items()}, _ASKED)
    if asked is None or wrote is None:
        return None
    return CUSTOMER if str(asked) == str(wrote) else AGENT


def _first(found: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((found[key] for key in keys if isinstance(found.get(key), (str, int))), None)


def _plain(label: str) -> str:
    return _OTHER.sub("", label[:80]).lower()


def in_lines(turns: Sequence[tuple[str | None, str]], *, named: bool) -> str:
    """Turns as one text, a line each: who spoke, where that is known and asked for, and what was said."""
    return "\n".join(f"{who}: {said}" if named and who else said for who, said in turns)
