"""A month of sample drops with something to be found in it, and nothing else.

outage  in the third week most of the chats of four nights complain that the app is down
spam    in the second week two nights have a wave of reviews of one text, which differ in a number
price   in the last five nights German mails are about a price that went up; of other languages nobody minds
drift   the reviews turn Spanish, slowly: none at first, most of them at the end
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from random import Random
from typing import Any

from jobs.sample import documents, write_sample

OUTAGE = range(16, 20)  # nights, from 0
SPAM = range(10, 12)
PRICE_FROM = 25

_GERMAN = 0.25  # of the mails, on every night
_OUTAGE = 0.8  # of the chats of a night of it
_PRICE = 0.8  # of the German mails since
_SPAM = 0.2  # of a night's documents, on top
_SPANISH = 0.7  # of the reviews, on the last night


def story(count: int, ds: str, seed: int, night: int, nights: int) -> Iterator[dict[str, str]]:
    """Make some `count` documents of the date `ds`, as night `night` (from 0) of so many; see `sample.documents`."""
    random = Random(f"{seed}:{ds}:story")  # noqa: S311 - made-up people, not secrets
    phrases = tomllib.loads(files("jobs").joinpath("sample.toml").read_text(encoding="utf-8"))
    told = phrases["story"]

    def say(*texts: str) -> str:
        slots = {
            "product": random.choice(phrases["products"]),
            "city": random.choice(phrases["cities"]),
            "weekday": random.choice(phrases["weekdays"]),
            "days": 2 + random.randrange(28),
            "order": f"AU-{random.randrange(100_000, 1_000_000)}",
            "amount": random.randrange(1_000, 10_000),
        }
        return " ".join(texts).format_map(slots)

    def foreign(language: str) -> str:
        return say(*random.sample(phrases["foreign"][language]["sentences"], 3))

    def changed(document: dict[str, str]) -> dict[str, Any]:
        match document["source"]:
            case "chat" if night in OUTAGE and random.random() < _OUTAGE:
                return {
                    "text": say(*random.sample(told["outage"], 2), random.choice(told["outage_more"])),
                    "language": "en",
                }
            case "mail" if random.random() < _GERMAN:
                if night >= PRICE_FROM and random.random() < _PRICE:
                    return {
                        "text": say(*random.sample(told["price"], 2), random.choice(told["price_more"])),
                        "language": "de",
                    }
                return {"text": foreign("de"), "language": "de"}
            case "review" if random.random() < _SPANISH * night / max(nights - 1, 1):
                return {"text": foreign("es"), "language": "es"}
        return {}

    for document in documents(count, ds, seed):
        yield document | changed(document)
    if night in SPAM:
        for number in range(int(_SPAM * count)):
            yield {
                "document_id": f"{ds.replace('-', '')}-s{number:06}",
                "text": say(told["spam"]),
                "source": "review",
                "created_at": f"{ds}T{number % 24:02}:{number % 60:02}:00Z",
                "subject_id": f"S{number:05}",
                "language": "en",
            }


def write_story(out: str, count: int, last: str, seed: int, nights: int) -> list[str]:
    """Write as many drops as nights, of `count` documents each, the last of the date `last`; see `write_sample`."""
    paths: list[str] = []
    for night in range(nights):
        ds = (date.fromisoformat(last) - timedelta(nights - 1 - night)).isoformat()
        paths += write_sample(out, count, ds, seed, story(count, ds, seed, night, nights))
    return paths
