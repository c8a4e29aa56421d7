"""Several promoters at once: one wins, the others are told who holds it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbops.ledger.verification import verify
from nbops.registry import history, holder

RACERS, RACES = 8, 200 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 50


@pytest.fixture
def racers(place, versions):
    """Eight processes, each with a version of its own."""
    versions(RACERS)
    script = str(Path(__file__).with_name("racer.py"))
    made = [
        subprocess.Popen(
            [sys.executable, script, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=place.root,
        )
        for number in range(1, RACERS + 1)
    ]
    assert [racer.stdout.readline() for racer in made] == ["ready\n"] * RACERS
    yield made
    for racer in made:
        racer.stdin.close()
        racer.wait(30)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_eight_promoters_one_wins_each_race(place, racers):
    wins = [0] * RACERS
    for race in range(RACES):
        alias = f"race-{race}"
        for racer in racers:
            racer.stdin.write(alias + "\n")
            racer.stdin.flush()
        answers = [json.loads(racer.stdout.readline()) for racer in racers]
        winners = [number for number, answer in enumerate(answers, 1) if answer["won"]]
        assert len(winners) == 1, (alias, answers)
        assert {answer["holder"] for answer in answers} == {winners[0]}, (alias, answers)
        wins[winners[0] - 1] += 1
    print(wins)
    # The race would prove nothing if the same one were always first.
    assert sum(count > 0 for count in wins) > 1
    told = history(place, "churn")
    assert len(told) == RACES and all(p.previous is None for p in told)
    assert holder(place, "churn", "race-0") is not None
    assert verify(place).ok


# Started and loaded before the signal, so that they do not come one after the other.
_COMMAND = (
    "import sys\nimport nbops.registry\nfrom nbops.cli import main\nprint('ready', flush=True)\n"
    "sys.stdin.readline()\nsys.exit(main(sys.argv[1:]))"
)


@pytest.mark.slow
def test_of_three_commands_one_wins_and_the_others_are_told(place, versions):
    versions(3)
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", _COMMAND, "promote", "churn", str(number), "--expect", "none"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=place.root,
        )
        for number in (1, 2, 3)
    ]
    try:
        assert [command.stdout.readline() for command in commands] == ["ready\n"] * 3
        for command in commands:
            command.stdin.write("go\n")
            command.stdin.flush()
        said = [command.communicate(timeout=60) for command in commands]
    finally:
        for command in commands:
            command.kill()
            command.wait()
    assert sorted(command.returncode for command in commands) == [0, 3, 3], said
    (winner,) = [number for number, command in enumerate(commands, 1) if command.returncode == 0]
    assert holder(place, "churn", "Production") == winner
    losers = [err for number, (_, err) in enumerate(said, 1) if number != winner]
    assert all(f"version {winner}" in err and "Traceback" not in err for err in losers), losers
    assert [p.version for p in history(place, "churn") if p.target == "Production"] == [winner]
    assert verify(place).ok
