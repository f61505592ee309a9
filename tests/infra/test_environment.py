"""An environment's file, and what is wrong in it."""

from pathlib import Path

import pytest

from infra import environment
from infra.environment import cron, load
from transforms.errors import UsageError


def test_a_schedule_is_of_every_day() -> None:
    assert (cron("01:30"), cron("07:00")) == ("cron(30 1 * * ? *)", "cron(0 7 * * ? *)")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            ('night_at = "01:30"', 'night_at = "02:30"'),
            r"night_at 02:30 is not there on \d{4}-03-\d\d in Europe/Berlin",
        ),
        (('watch_at = "07:00"', 'watch_at = "7"'), "watch_at"),
        (('budget_dollars = "5.00"', ""), "budget_dollars: Field required"),
        (("workers = 2", "workers = 1"), "workers"),
        (("workers = 2", "workers = 2\nworker = 2"), "worker: Extra inputs"),
        (('vpc_id = ""', 'vpc_id = "vpc-1"'), "vpc_id and subnet_ids go together"),
        (("workers = 2", "workers ="), "dev.toml: Invalid value"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(
    changed: tuple[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (environment.FOLDER / "dev.toml").read_text(encoding="utf-8")
    assert changed[0] in content
    (tmp_path / "dev.toml").write_text(content.replace(*changed), encoding="utf-8")
    monkeypatch.setattr(environment, "FOLDER", tmp_path)

    with pytest.raises(UsageError, match=words):
        load("dev")


@pytest.mark.parametrize("env", ["", "../dev", "test", "DEV"])
def test_an_environment_that_is_none_is_said(env: str) -> None:
    with pytest.raises(UsageError, match="one of dev, prod, staging"):
        load(env)
