"""
`python -m bench.chaos --kills N --races N --db sqlite|postgres [--seed N]`: the figures as one line of JSON.

Orders are played over real wires (three virtual hosts, several orders at a time, some over two hosts) while the
bot's processes are killed by SIGKILL: at random moments, right behind a start, in the middle of a step, and around an
operation on a host: noted, sent, executed, answered. Only a kill that hit work under way counts. Exit code 0 only
if nothing was lost, nothing ran twice, and everyone had an answer. The same seed chooses the same
moments, as far as the machine lets it.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.chaos.play import Chaos, Wish
from sandbox.parts import SLACK_PATIENCE_S
from tests.postgres import cluster


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--races", type=int, default=20)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--outages", type=int, default=0, help="stops of PostgreSQL on the way")
    parser.add_argument("--between", type=float, default=0.0, help="mean seconds between kills")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="no kill and no race after so long"
    )
    parser.add_argument(
        "--doors", type=int, default=1, help="processes that answer Slack, on PostgreSQL"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=SLACK_PATIENCE_S,
        help="seconds Slack waits for an answer; more than its own where the machine is too busy to tell anything by it",
    )
    parser.add_argument("--folder", type=Path, help="where the town lives; kept afterwards")
    options = parser.parse_args()
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="certdesk-chaos-"))
        )
        url = server = None
        if options.db == "postgres":
            server = stack.enter_context(cluster.running())
            url = server.create("chaos")
        wish = Wish(
            kills=options.kills, races=options.races, db=options.db, seed=options.seed,
            outages=options.outages, between=options.between, minutes=options.minutes,
            doors=options.doors, patience_s=options.patience,
        )  # fmt: skip
        verdict = asyncio.run(Chaos(wish, folder, url, server).run())
    seconds = round(time.monotonic() - began, 1)
    print(verdict.line(db=options.db, seed=options.seed, seconds=seconds), flush=True)
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
