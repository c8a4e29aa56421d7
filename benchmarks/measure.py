"""Time things in turn, so that a change of the machine's speed hits both sides alike."""

import statistics
import time
from collections.abc import Callable, Mapping


def seconds(action: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def in_turn(actions: Mapping[str, Callable[[], object]], repeats: int, warm: int = 1) -> dict[str, float]:
    """Call all actions in turn, ``repeats`` times after ``warm`` uncounted rounds; give the median seconds of each."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for round_number in range(warm + repeats):
        for name, action in actions.items():
            took = seconds(action)
            if round_number >= warm:
                taken[name].append(took)
    return {name: statistics.median(values) for name, values in taken.items()}


def report(title: str, figures: Mapping[str, float], goal: str, reached: bool) -> None:
    """Print one benchmark."""
    print(f"\n## {title}")
    for name, value in figures.items():
        print(f"  {name:<62} {value:>12.3f}")
    print(f"  {'reached' if reached else 'NOT REACHED'}: {goal}", flush=True)
