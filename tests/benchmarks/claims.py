"""What claims on texts cost in DynamoDB: CPU of a call's, and how many calls' worth many processes make.

    python -m tests.benchmarks.claims
    python -m tests.benchmarks.claims --turns 0 --processes 8 --tps 10 25

Against DynamoDB Local. First the claims of a call of 25 texts, one way after the other in turn, in one process that
nobody else disturbs: CPU of this process (the server's is not in it), time, and write units by DynamoDB's price list.
Then processes that each take a turn, reserve the units of a call and claim its texts, as fast as the rate lets them:
what of the rate they use, and what they ask of DynamoDB for the claims of a call.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from jobs.stores.aws.client import THREADS
from jobs.stores.aws.dynamodb import Item, Put, Table, _body, wire
from jobs.stores.aws.text_claims import DynamoTextClaims
from tests.jobs.stores.aws.faults import count_calls
from tests.jobs.stores.dynamodb import dynamodb_local
from tests.jobs.stores.processes import at_once, meet
from tests.jobs.stores.twins import AwsTwin
from transforms.cost import ITEMS_A_CALL

QUOTA, MONTH = "BatchDetectSentiment", "2026-11"
WARM = 20  # calls before any is measured
UNTAKEN = "attribute_not_exists(#pk)"


def new_keys() -> list[bytes]:
    """Fingerprints of a call's texts that nobody has claimed."""
    return [os.urandom(32) for _ in range(ITEMS_A_CALL)]


def items() -> list[Item]:
    """A call's texts as an item each."""
    held = {"sk": "claim", "holder": uuid.uuid4().hex, "at": time.time(), "run_id": "2026-11-22T22-22-22Z-abcdef"}
    return [{"pk": f"claim#{key.hex()}", **held, "expires_at": int(time.time()) + 86_400} for key in new_keys()]


@contextmanager
def ways(table: Table, log: DynamoTextClaims) -> Iterator[dict[str, tuple[Callable[[], object], int]]]:
    """How a call's texts may be claimed, and the write units of it."""
    columns = ", ".join(f"'{name}': ?" for name in items()[0])
    statement = f'INSERT INTO "{table.name}" VALUE {{{columns}}}'  # on condition that the key is not there

    def batch() -> None:
        statements = [{"Statement": statement, "Parameters": list(wire(item).values())} for item in items()]
        answer = _body(table.client.call("batch_execute_statement", Statements=statements))
        assert not any("Error" in each for each in answer["Responses"]), answer

    with ThreadPoolExecutor(THREADS) as pool:
        yield {
            "one transaction": (lambda: table.transact([Put(item, UNTAKEN) for item in items()]), 50),
            "one batch of PartiQL": (batch, 25),
            "25 puts, 4 at a time": (lambda: list(pool.map(table.write, [Put(item, UNTAKEN) for item in items()])), 25),
            "an entry of the log": (lambda: log.claim("R1", "one", new_keys(), ()), 1),
            "an entry, the log read first": (lambda: _read_first(log), 1),
        }


def _read_first(log: DynamoTextClaims) -> None:
    log._shared = True
    log.claim("R1", "one", new_keys(), ())


def measure_ways(twin: AwsTwin, turns: int) -> None:
    """Each way in turn."""
    spent: dict[str, list[tuple[float, float]]] = {}  # CPU and time, in seconds
    with closing(Table(twin.table)) as table, closing(twin.text_claims()) as log, ways(table, log) as each:
        for turn in range(WARM + turns):
            for name, (make, _) in each.items():
                cpu, wall = time.process_time(), time.perf_counter()
                make()
                if turn >= WARM:
                    spent.setdefault(name, []).append((time.process_time() - cpu, time.perf_counter() - wall))
        print(f"\nthe claims of a call of {ITEMS_A_CALL} texts, median of {turns} turns; load {os.getloadavg()[0]:.1f}")
        for name, found in spent.items():
            cpu, wall = (1000 * statistics.median(pair[place] for pair in found) for place in (0, 1))
            print(f"{name:<30}{cpu:6.2f} ms of CPU{wall:8.2f} ms{each[name][1]:5} units written")


def work(twin: AwsTwin, tps: float, seconds: float) -> tuple[int, float, Counter[str]]:
    """What one process does for some seconds: turns that it took, seconds of CPU, calls for the claims."""
    taken, holder = 0, uuid.uuid4().hex
    with (
        closing(twin.rate_limit()) as rate_limit,
        closing(twin.spending()) as spending,
        closing(twin.text_claims()) as claims,
    ):
        calls = count_calls(claims._table.client)
        meet()
        cpu, end = time.process_time(), time.time() + seconds
        while (now := time.time()) < end and (turn := rate_limit.turn(QUOTA, tps)).at < end:
            time.sleep(max(0.0, turn.at - now))
            spending.reserve("R1", [3] * ITEMS_A_CALL)
            claims.claim("R1", holder, new_keys(), ())
            taken += 1
        return taken, time.process_time() - cpu, Counter(calls)


def measure_processes(twin: AwsTwin, processes: int, tps: float, seconds: float) -> None:
    """Processes that share a rate."""
    with closing(twin.spending()) as spending:
        spending.begin("R1", MONTH, None)
    with at_once(processes) as pool:
        done = pool.starmap(work, [(twin, tps, seconds)] * processes)
    turns = sum(taken for taken, _, _ in done)
    spent = 1000 * sum(cpu for _, cpu, _ in done) / turns
    calls = sum((each for _, _, each in done), Counter[str]())
    asked = ", ".join(f"{name} {count / turns:.2f}" for name, count in calls.most_common())
    share, load = turns / (tps * seconds), os.getloadavg()[0]
    print(f"{processes} processes, {tps:g} turns a second: {share:.0%} taken; load {load:.1f}")
    print(f"  {spent:.1f} ms of CPU a call; for its claims {asked}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=200, help="of each way; 0: none")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 8])
    parser.add_argument("--tps", type=float, nargs="*", default=[10, 25])
    parser.add_argument("--seconds", type=float, default=12)
    told = parser.parse_args()
    with dynamodb_local() as server:
        os.environ.update(server.environment)

        def lake() -> AwsTwin:
            table = f"ledger-{uuid.uuid4().hex[:8]}"
            server.create("LedgerTable", table)
            return AwsTwin(table, "key", server.environment)

        if told.turns:
            measure_ways(lake(), told.turns)
        for processes in told.processes:
            for tps in told.tps:
                measure_processes(lake(), processes, tps, told.seconds)


if __name__ == "__main__":
    main()
