"""Who spoke: a customer, or an agent or a machine; told by a label, or by what stands beside a turn's text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from transforms.speakers import AGENTS, CUSTOMERS

CUSTOMER, AGENT = "customer", "agent"
_OTHER = re.compile(r"[\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # between the words of SupportAgent
# One word each, or one that a label's words make together; with those that are a role in a field alone.
_ROLES = dict.fromkeys((*CUSTOMERS, "enduser", "reporter", "contact", "lead", "prospect"), CUSTOMER) | dict.fromkeys(
    (
        *AGENTS,
        *("admin", "employee", "team", "teammate", "engineer", "specialist", "consultant", "supervisor", "technician"),
        *("associate", "customerservice", "customerservices", "customercare", "customersuccess", "clientservices"),
        *("caseowner", "teamlead", "system", "trigger", "automation"),
    ),
    AGENT,
)
# Of several words, what makes an agent of them; and what may stand beside, and says of nobody who it is.
_OFFICES = frozenset(("manager", "center", "centre", "desk", "internal"))
_BESIDE = _OFFICES | frozenset(
    (
        *("sales", "service", "services", "technical", "tech", "it", "billing", "live", "chat", "call", "virtual"),
        *("senior", "junior", "level", "tier", "first", "second", "line", "care", "success", "account", "product"),
        *("field", "help", "automated", "ai", "human", "vip", "new", "existing", "external", "end", "store"),
    )
)
# Keys of a turn, without signs and in lower case. What is true says the first, what is false the second.
_FLAGS: dict[str, tuple[str | None, str | None]] = {
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
_WROTE = ("authorid", "senderid", "fromid", "userid")


def role_of(label: object) -> str | None:
    """CUSTOMER or AGENT, where a label such as `End-User`, `AGENT 2` or `Support Engineer` is known to be one.

    Of several words each has to be known: a sentence that begins with one is no label.
    """
    if not isinstance(label, str):
        return None
    if role := _ROLES.get(_plain(label)):
        return role
    words = [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", label[:80]))]
    if not words or not all(word in _ROLES or word in _BESIDE for word in words):
        return None
    roles = {_ROLES[word] for word in words if word in _ROLES}
    if len(words) > 1 and not _OFFICES.isdisjoint(words):
        return AGENT
    return AGENT if AGENT in roles else CUSTOMER if roles else None


def role_in(turn: Any, asked: str | None) -> str | None:
    """CUSTOMER or AGENT, where an object that holds a turn's text says so, or what it lies in.

    asked: the id of who asked, see `who_asked`; where the turn says who wrote, whoever else wrote is an agent.
    """
    if not isinstance(turn, dict):
        return None
    found = {_plain(key): value for key, value in turn.items()}
    for key, (if_true, if_false) in _FLAGS.items():
        told = _TRUTHS.get(str(found.get(key)).lower())
        if told is not None and (role := if_true if told else if_false):
            return role
    if any(isinstance(value := found.get(key), str) and _plain(value) in _NOTES for key in _KINDS):
        return AGENT
    if (direction := found.get("direction")) and isinstance(direction, str) and _plain(direction) in _DIRECTIONS:
        return _DIRECTIONS[_plain(direction)]
    for key in _SPEAKERS:
        value = found.get(key)
        labels = [value.get(name) for name in _WITHIN] if isinstance(value, dict) else [value]
        if role := next(filter(None, map(role_of, labels)), None):
            return role
    author = found.get("author")
    wrote = _first(found, _WROTE) or (author.get("id") if isinstance(author, dict) else None)
    if asked is None or wrote is None:
        return None
    return CUSTOMER if asked == str(wrote) else AGENT


def says_who_asked(key: str) -> bool:
    """Whether a record's key is one that `who_asked` looks at."""
    return _plain(key) in (*_ASKED, *_ASKERS)


def who_asked(record: Mapping[str, Any]) -> str | None:
    """The id of who asked, where a record names one: `requester_id`, or the `id` of its `requester`."""
    found = {_plain(key): value for key, value in record.items() if says_who_asked(key)}
    held = (value["id"] for key in _ASKERS if isinstance(value := found.get(key), dict) and "id" in value)
    asked = _first(found, _ASKED) or next(held, None)
    return None if asked is None else str(asked)


def _first(found: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((found[key] for key in keys if isinstance(found.get(key), (str, int))), None)


def _plain(label: str) -> str:
    return _OTHER.sub("", label[:80]).lower()


def in_lines(turns: Sequence[tuple[str | None, str]], *, named: bool) -> str:
    """Turns as one text, a line each: who spoke, where that is known and asked for, and what was said."""
    return "\n".join(f"{who}: {said}" if named and who else said for who, said in turns)
