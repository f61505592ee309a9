"""Who spoke a turn: told by what stands beside its text, or by who asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transforms.roles import AGENT, CUSTOMER, plain, role_of
from transforms.schemas import Role

# Keys of a turn, without signs and in lower case. What is true says the first, what is false the second.
_FLAGS: dict[str, tuple[Role | None, Role | None]] = {
    "private": (AGENT, None),  # notes, which customers do not see
    "internal": (AGENT, None),
    "isprivate": (AGENT, None),
    "isinternal": (AGENT, None),
    "isnote": (AGENT, None),
    "isinternalnote": (AGENT, None),
    "public": (None, AGENT),
    "ispublic": (None, AGENT),
    "ispublished": (None, AGENT),
    "jsdpublic": (None, AGENT),
    "incoming": (CUSTOMER, AGENT),
    "isincoming": (CUSTOMER, AGENT),
    "inbound": (CUSTOMER, AGENT),
    "isinbound": (CUSTOMER, AGENT),
    "iscustomer": (CUSTOMER, AGENT),
    "fromcustomer": (CUSTOMER, AGENT),
    "isagent": (AGENT, CUSTOMER),
    "fromagent": (AGENT, CUSTOMER),
    "isstaff": (AGENT, CUSTOMER),
    "isbot": (AGENT, None),
}
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}  # tables and CSV made JSON have them as text
# Keys whose value says what a turn is, and values of what customers do not see.
_KINDS = ("visibility", "type", "kind", "parttype", "commenttype", "messagetype", "eventtype", "notetype")
_NOTES = frozenset(
    (
        *("internal", "private", "note", "notes", "internalnote", "privatenote", "agentnote", "staffnote"),
        *("internalcomment", "privatecomment", "systemmessage", "systemnote"),
    )
)
_DIRECTIONS = dict.fromkeys(("inbound", "incoming", "in", "received", "incomingemail"), CUSTOMER) | dict.fromkeys(
    ("outbound", "outgoing", "out", "sent", "outgoingemail"), AGENT
)
# Keys whose value, or whose `role` or `type`, is a label; the surest first.
_SPEAKERS = (
    *("role", "authorrole", "speakerrole", "senderrole", "participantrole", "authortype", "sendertype"),
    *("participantpurpose", "purpose", "commentertype", "createdbytype", "usertype", "userrole", "sentby"),
    *("author", "commenter", "speaker", "sender", "from", "participant", "createdby", "user", "type"),
)
_WITHIN = ("role", "type", "usertype", "accounttype")
# What says who asked, of a record, and who wrote, of a turn.
_ASKED = ("requesterid", "customerid", "contactid", "enduserid")
_ASKERS = ("requester", "customer", "enduser")  # objects that hold an `id`
_MEMBERS = ("participants", "users", "members")  # lists of objects that hold an `id`, and what they are
_WROTE = ("authorid", "senderid", "fromid", "userid")


def role_in(turn: Any, asked: str | None) -> Role | None:
    """CUSTOMER or AGENT, where an object that holds a turn's text says so, or what it lies in.

    asked: the id of who asked, see `who_asked`; where the turn says who wrote, whoever else wrote is an agent.
    """
    if not isinstance(turn, dict):
        return None
    found = {plain(key): value for key, value in turn.items()}
    for key, (if_true, if_false) in _FLAGS.items():
        told = _TRUTHS.get(str(found.get(key)).lower())
        if told is not None and (role := if_true if told else if_false):
            return role
    if any(isinstance(value := found.get(key), str) and plain(value) in _NOTES for key in _KINDS):
        return AGENT
    if (direction := found.get("direction")) and isinstance(direction, str) and plain(direction) in _DIRECTIONS:
        return _DIRECTIONS[plain(direction)]
    for key in _SPEAKERS:
        if role := _label(found.get(key)):
            return role
    author = found.get("author")
    wrote = _first(found, _WROTE) or (author.get("id") if isinstance(author, dict) else None)
    if asked is None or wrote is None:
        return None
    return CUSTOMER if asked == str(wrote) else AGENT


def _label(value: Any) -> Role | None:
    """What a label is known to be, or that of an object."""
    labels = [value.get(name) for name in _WITHIN] if isinstance(value, dict) else [value]
    return next(filter(None, map(role_of, labels)), None)


def says_who_asked(key: str) -> bool:
    """Whether a record's key is one that `who_asked` looks at."""
    return plain(key) in (*_ASKED, *_ASKERS, *_MEMBERS)


def who_asked(record: Mapping[str, Any]) -> str | None:
    """The id of who asked, where a record names one: `requester_id`, or the `id` of its `requester`, or of the one
    among its `users` that is a customer."""
    found = {plain(key): value for key, value in record.items() if says_who_asked(key)}
    held = (value["id"] for key in _ASKERS if isinstance(value := found.get(key), dict) and "id" in value)
    members = (each for key in _MEMBERS if isinstance(found.get(key), list) for each in found[key])
    customers = (each["id"] for each in members if isinstance(each, dict) and "id" in each and _label(each) == CUSTOMER)
    asked = _first(found, _ASKED) or next(held, None) or next(customers, None)
    return None if asked is None else str(asked)


def _first(found: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((found[key] for key in keys if isinstance(found.get(key), (str, int))), None)


def in_lines(turns: Sequence[tuple[str | None, str]], *, named: bool) -> str:
    """Turns as one text, a line each: who spoke, where that is known and asked for, and what was said."""
    return "\n".join(f"{who}: {said}" if named and who else said for who, said in turns)
