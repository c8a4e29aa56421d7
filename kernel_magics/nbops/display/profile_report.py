"""``nbops.profile``: a profile that shows itself, with remarks on what a person should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from nbops.data.duplicates import repeated_rows
from nbops.data.profile import Profile
from nbops.data.remarks import Remark, remarks_on
from nbops.data.scan import profile_source
from nbops.display.references import resolved
from nbops.errors import UsageError
from nbops.views.profile import PROFILE_MIME, profile_html, profile_text
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ShownProfile(Profile):
    """A profile, also the reference of :func:`nbops.drift`; ``remarks`` say what to look at."""

    remarks: tuple[Remark, ...] = ()

    def __str__(self) -> str:
        return profile_text(self, self.remarks)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        said = {
            "rows": self.rows,
            "duplicates": self.duplicates,
            "remarks": [asdict(remark) for remark in self.remarks],
        }
        columns = [
            {"name": c.name, "kind": c.kind, "dtype": c.dtype, "nulls": c.nulls, "distinct": c.distinct, "mean": c.mean}
            for c in self.columns[:200]
        ]
        return {
            "text/plain": str(self),
            "text/html": profile_html(self, self.remarks),
            PROFILE_MIME: {**said, "columns": columns},
        }


def profile(
    data: Any,
    reference: Profile | None = None,
    *,
    columns: Sequence[str] | None = None,
    target: str = "",
    workspace: Workspace | None = None,
) -> ShownProfile:
    """Profile a frame, file, folder or query, and say what a person should look at.

    Parameters
    ----------
    data, reference, columns
        As for :func:`nbops.data.scan.profile_source`; the data may also be what :func:`nbops.drift` takes as a stored reference,
        such as ``run:WHICH/FRAME``.
    target
        A column of a frame: others that alone tell it almost without error are remarked upon (a shallow tree on one column,
        cross-validated on 2,000 rows at most, that reaches an accuracy or R² of 0.99).

    Raises
    ------
    DataError
        The data cannot be read.
    UsageError
        The target is no column, or the data are no frame.
    """
    data = resolved(data, workspace).data
    made = profile_source(data, reference, columns)
    remarks: tuple[Remark, ...] = ()
    if hasattr(data, "iloc"):
        frame = data if columns is None else data[list(columns)]
        made = replace(made, duplicates=repeated_rows(frame))
        remarks = _leaks(data, target) if target else ()
    elif target and isinstance(data, Profile):
        raise UsageError(
            "A stored profile has no rows to tell a leak from.", hint="Give the data, or leave out the target."
        )
    elif target:
        remarks = _leaks(_rows(data), target)
    remarks = (*remarks_on(made), *remarks)
    return ShownProfile(made.rows, made.columns, made.duplicates, remarks)


def _rows(data: Any) -> pd.DataFrame:
    from nbops.data.sources import read_source

    return read_source(str(data))


def _leaks(frame: pd.DataFrame, target: str) -> tuple[Remark, ...]:
    from nbops.data.typed import settle
    from nbops.pipelines.tabular.leaks import leaking_columns
    from nbops.pipelines.tabular.metrics import REGRESSION
    from nbops.pipelines.tabular.task import task_of

    if target not in map(str, frame.columns):
        raise UsageError(
            f"There is no column {target!r}.", hint=f"There are {', '.join(map(str, frame.columns[:20]))}."
        )
    settled = settle(frame)
    task = task_of(settled.frame[target])
    found = leaking_columns(settled.frame, target, task)
    measure = "R²" if task == REGRESSION else "accuracy"
    return tuple(
        Remark(name, "leak", f"alone tells {target}: {measure} {value:.3f} of a small tree, cross-validated")
        for name, value in found.items()
    )
