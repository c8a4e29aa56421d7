"""Real data for the demo: the diabetes study that scikit-learn bundles, in real units.

442 patients (Efron, Hastie, Johnstone and Tibshirani 2004, Least Angle Regression). The earlier intake are those
younger than 55; the later cohort, those of 55 and older, is a natural subpopulation that differs in more than age. No row
is invented or changed.
"""

from __future__ import annotations

from pathlib import Path

from nbops.workspace.blobs import write_atomically

AGE = 55
# What scikit-learn calls s1 to s6 and target, in the words of its description.
_NAMES = {
    "s1": "cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "cholesterol_hdl_ratio",
    "s5": "log_triglycerides",
    "s6": "glucose",
    "target": "progression",
}


def write_cohorts(folder: Path) -> tuple[Path, Path]:
    """Write ``earlier.csv`` and ``later.csv`` and give their paths; files that are there already stay.

    Raises
    ------
    WorkspaceError
        The folder cannot be written.
    """
    earlier, later = folder / "earlier.csv", folder / "later.csv"
    if not (earlier.exists() and later.exists()):
        from nbops.data.reading import read_table

        patients = read_table("sklearn:diabetes").rename(columns=_NAMES)
        for path, chosen in ((earlier, patients["age"] < AGE), (later, patients["age"] >= AGE)):
            if not path.exists():
                write_atomically(path, patients[chosen].to_csv(index=False).encode())
    return earlier, later
