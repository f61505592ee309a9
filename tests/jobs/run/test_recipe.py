"""What workers are told travels, and what they report adds up."""

import pickle
from collections import Counter
from pathlib import Path

from jobs.run.recipe import TaskReport
from tests.jobs.run.lakes import KEY, new_lake, recipe
from transforms.sentiment.protocols import Usage


def test_a_recipe_is_small_picklable_and_shows_no_key(tmp_path: Path) -> None:
    _, stores = new_lake(tmp_path)
    told = recipe(stores, scorer="comprehend", quota_tps=7.0)

    sent = pickle.dumps(told)

    assert pickle.loads(sent).fingerprint == told.fingerprint
    assert len(sent) < 20_000  # most of it is the policy
    assert "kkkk" not in repr(told)
    assert (told.calls.quota_tps, told.calls.run_id) == (7.0, told.stamp.run_id)


def test_fingerprints_depend_on_scorer_policy_and_key(tmp_path: Path) -> None:
    _, stores = new_lake(tmp_path)
    (tmp_path / "policy.toml").write_text('version = "1"\n[replace]\nNAME = "number"\n')
    told = [recipe(stores), recipe(stores, scorer="comprehend"), recipe(stores, policy=tmp_path / "policy.toml")]

    assert len({(each.fingerprint.scorer, each.fingerprint.policy) for each in told}) == 3
    assert {each.key for each in told} == {KEY}


def test_reports_add_up() -> None:
    report = TaskReport(documents=Counter({"2026-11-22": 2}), taken_up={"/a": [1]})
    report.add_read(TaskReport(documents=Counter({"2026-11-22": 1, "2026-11-21": 4}), taken_up={"/a": [2], "/b": [3]}))
    report.add_usage(Usage(calls=3, throttles=1, unconfirmed_units=9))
    report.add_usage(Usage(calls=1))

    assert report.documents == {"2026-11-22": 3, "2026-11-21": 4}
    assert report.taken_up == {"/a": [1, 2], "/b": [3]}
    assert (report.calls, report.throttles, report.unconfirmed_units) == (4, 1, 9)
