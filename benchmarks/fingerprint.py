"""nbops.fingerprint against MLflow's dataset digest: time, and what each of them sees."""

import logging
import warnings

import mlflow.data
import pandas as pd
from frame import mixed_frame
from measure import in_turn, report

import nbops


def _edits(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    late, moment, flag, word = (frame.copy() for _ in range(4))
    late.loc[150_000, "f0"] = 5.0
    moment.loc[10, "t"] = pd.Timestamp("2020-01-01")
    flag.loc[10, "b"] = not flag.loc[10, "b"]
    word.loc[199_999, "s"] = "violet"
    return {
        "a number in row 150,000": late,
        "a time in row 10": moment,
        "a truth value in row 10": flag,
        "a word in the last row": word,
        "a dtype": frame.astype({"k": "int32"}),
        "a column name": frame.rename(columns={"f0": "g0"}),
        "the index": frame.set_index(frame.index + 1),
        "the order of rows": frame.iloc[::-1],
        "the order of columns": frame[frame.columns[::-1]],
    }


def main(repeats: int = 5) -> bool:
    """Print the figures; give whether the goal is reached."""
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    frame = mixed_frame()
    times = in_turn(
        {"ours": lambda: nbops.fingerprint(frame), "mlflow": lambda: mlflow.data.from_pandas(frame).digest}, repeats
    )
    ratio = times["mlflow"] / times["ours"]

    def mlflow_digest(data: pd.DataFrame) -> str:
        return str(mlflow.data.from_pandas(data).digest)

    ours, theirs = nbops.fingerprint(frame), mlflow_digest(frame)
    edits = _edits(frame)
    seen = {name: (nbops.fingerprint(edit) != ours, mlflow_digest(edit) != theirs) for name, edit in edits.items()}
    reached = ratio >= 20 and all(mine for mine, _ in seen.values())
    report(
        "fingerprint of 200,000 × 20 against MLflow's digest",
        {
            "nbops.fingerprint, ms": times["ours"] * 1000,
            "MLflow digest, ms": times["mlflow"] * 1000,
            "MLflow / nbops": ratio,
            "edits nbops sees": sum(mine for mine, _ in seen.values()),
            "edits MLflow sees": sum(other for _, other in seen.values()),
            "edits made": len(seen),
        },
        "at least 20 times faster, and every edit seen",
        reached,
    )
    for name, (_, other) in seen.items():
        if not other:
            print(f"  MLflow's digest does not see: {name}")
    return reached


if __name__ == "__main__":
    main()
