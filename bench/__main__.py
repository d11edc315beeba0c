"""``python -m bench [NAME ...]``: run the benchmarks, one JSON file each in ``bench/results``."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import judge, judge_hostile, judge_leak, lists, orders, recovery, steps, wire

RESULTS = Path(__file__).parent / "results"
BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "judge": judge.measure,
    "judge_hostile": judge_hostile.measure,
    "judge_leak": judge_leak.measure,
    "lists": lists.measure,
    "orders": orders.measure,
    "recovery": recovery.measure,
    "steps": steps.measure,
    "wire": wire.measure,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 1 when a goal does not hold, 2 for an unknown name."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}; these are: {', '.join(BENCHMARKS)}.")
        return 2
    RESULTS.mkdir(exist_ok=True)
    held = True
    for name in names or BENCHMARKS:
        result = BENCHMARKS[name]()
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        held = held and bool(result["holds"])
        mark = "holds" if result["holds"] else "MISSED"
        print(f"{name}: {result['what']}: {result['ratio']} (goal {result['goal']}) {mark}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
