"""Read predictions, labels, and both together as they were known at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import Profile
from nbops.errors import DataError
from nbops.monitoring.predictions.entries import INPUT, SCORE
from nbops.monitoring.predictions.journal import Wanted, day_of
from nbops.monitoring.predictions.log import label_journal, prediction_journal
from nbops.monitoring.predictions.together import joined
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

# Before the name of an input that is one of the log's own.
_BESIDE = "input_"
_LABEL = ("label", "label_at")
FIXED = ("prediction_id", "at", "version", "digest", "output", "latency")


def read_predictions(
    workspace: Workspace,
    model: str,
    start: float | None = None,
    end: float | None = None,
    columns: Sequence[str] | None = None,
    version: int | None = None,
) -> pd.DataFrame:
    """Read the predictions of a model, oldest first, each identifier once.

    Parameters
    ----------
    workspace, model
        Whose predictions.
    start, end
        From ``start`` until before ``end``, in seconds since the epoch; all by default.
    columns
        Only these, of what the frame has; those that nobody logged are left out.
    version
        Only those of this version.

    Returns
    -------
    DataFrame
        ``prediction_id``, ``at`` (seconds since the epoch), ``version``, ``digest``, ``output``, ``score`` or one ``score_<class>``
        for each class, ``latency`` (seconds), and the inputs by their names; an input whose name is one of these has ``input_``
        before it.

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    names = None if columns is None else {*_stored(columns), "prediction_id", "version"}
    frame = _read(workspace, model, start, end, version, None if names is None else names.__contains__)
    wanted = [*frame.columns] if columns is None else [name for name in columns if name in frame.columns]
    chosen: pd.DataFrame = frame[wanted]
    return chosen


def _read(
    workspace: Workspace, model: str, start: float | None, end: float | None, version: int | None, wanted: Wanted
) -> pd.DataFrame:
    tables = [table for table in prediction_journal(workspace, model).read(start, end, wanted) if table.num_rows]
    if not tables:
        import pandas as pd

        return pd.DataFrame({name: [] for name in FIXED})
    frame = joined(tables).to_pandas()
    if version is not None:
        frame = frame[frame["version"] == version]
    frame = frame.drop_duplicates("prediction_id").sort_values("at", kind="stable", ignore_index=True)
    frame = frame.rename(columns=_shown(frame.columns))
    first = [name for name in FIXED if name in frame.columns]
    scores = [name for name in frame.columns if name == SCORE or name.startswith(f"{SCORE}_")]
    rest = [name for name in frame.columns if name not in {*first, *scores}]
    latency = [name for name in first if name == "latency"]
    found: pd.DataFrame = frame[[*(name for name in first if name != "latency"), *scores, *latency, *rest]]
    return found


def read_labels(workspace: Workspace, model: str, as_of: float | None = None, *, history: bool = False) -> pd.DataFrame:
    """Read the labels of a model as they were known at a time.

    Parameters
    ----------
    workspace, model
        Whose labels.
    as_of
        Only what had arrived until then (inclusive), in seconds since the epoch; all by default.
    history
        All that came, in the order of their arrival, and not only the last of each prediction.

    Returns
    -------
    DataFrame
        ``prediction_id``, ``label``, ``at`` (when it arrived) and ``first_at`` (when the first of this prediction did).

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    import pandas as pd

    end = None if as_of is None else float(np.nextafter(as_of, np.inf))
    tables = [table for table in label_journal(workspace, model).read(None, end) if table.num_rows]
    if not tables:
        return pd.DataFrame({"prediction_id": [], "label": [], "at": [], "first_at": []})
    frame = joined(tables).to_pandas().sort_values(["at", "written"], kind="stable", ignore_index=True)
    repeated = frame.duplicated("prediction_id")
    frame["first_at"] = frame["at"]
    if repeated.any():
        frame["first_at"] = frame.groupby("prediction_id", sort=False)["at"].transform("min")
    found: pd.DataFrame = frame[["prediction_id", "label", "at", "first_at"]]
    if history:
        return found
    last = found.drop_duplicates("prediction_id", keep="last") if repeated.any() else found
    # One that was taken back is no label.
    return last[last["label"].notna()].reset_index(drop=True)


def labelled_predictions(
    workspace: Workspace,
    model: str,
    *,
    as_of: float | None = None,
    start: float | None = None,
    end: float | None = None,
    inputs: Sequence[str] | None = None,
    version: int | None = None,
) -> pd.DataFrame:
    """Read predictions with their labels as known at a time; of the inputs only these, all by default.

    Returns
    -------
    DataFrame
        As :func:`read_predictions`, with ``label`` (missing where none has arrived) and ``label_at``, when the first one did.
    """
    limit = None if as_of is None else float(np.nextafter(as_of, np.inf))
    end = min((one for one in (end, limit) if one is not None), default=None)
    names = set(_stored(inputs or ()))
    frame = _read(
        workspace,
        model,
        start,
        end,
        version,
        None if inputs is None else lambda n: not n.startswith(INPUT) or n in names,
    )
    labels = read_labels(workspace, model, as_of).rename(columns={"first_at": "label_at"}).drop(columns="at")
    clash = {name: f"{_BESIDE}{name}" for name in frame.columns if _is_ours(name, _LABEL) and not _is_ours(name)}
    return frame.rename(columns=clash).merge(labels, on="prediction_id", how="left")


def labelled_rows(
    workspace: Workspace, model: str, window: str = "all", as_of: float | None = None, *, target: str = "label"
) -> pd.DataFrame:
    """Give the newest labelled rows for training: the inputs and the label, oldest first.

    Parameters
    ----------
    workspace, model
        Whose predictions.
    window
        How much of the newest: ``90d``, ``10000 rows`` or ``all``. Days count back from the newest labelled prediction.
    as_of
        As known then, in seconds since the epoch; now by default.
    target
        What the column of the labels is called.

    Raises
    ------
    DataError
        No labelled prediction has its inputs, or an input has the name of the target.
    UsageError
        ``window`` is none.
    """
    from nbops.monitoring.performance.windows import newest

    # Which rows they are is seen without their inputs, so that those of a long log are not in memory all at once.
    chosen = labelled_predictions(workspace, model, as_of=as_of, inputs=[])
    chosen = newest(chosen[chosen["label"].notna()], window)
    if not len(chosen):
        raise _no_rows(model, "no label has arrived")
    frame = labelled_predictions(workspace, model, as_of=as_of, start=float(chosen["at"].min()))
    frame = frame[frame["prediction_id"].isin(chosen["prediction_id"]) & frame["label"].notna()]
    names = input_names(frame)
    if not names:
        raise _no_rows(model, "its inputs are not kept")
    known = {name: _own(name) for name in names}
    if target in known.values():
        raise DataError(f"An input of {model!r} is called {target!r} too.", hint="Give the target another name.")
    return frame[[*names, "label"]].rename(columns={**known, "label": target}).reset_index(drop=True)


def _no_rows(model: str, why: str) -> DataError:
    return DataError(f"There are no labelled rows of {model!r}: {why}.", hint="See: nbops predictions MODEL")


def unknown_labels(workspace: Workspace, model: str, as_of: float | None = None) -> int:
    """Count the labels, as known at a time, of no prediction that is there.

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    labels = read_labels(workspace, model, as_of)
    if not len(labels):
        return 0
    tables = prediction_journal(workspace, model).read(wanted="prediction_id".__eq__)
    # pandas would ask for each text by itself.
    known = pa.chunked_array([c for table in tables for c in table.column("prediction_id").chunks], pa.string())
    there = pc.is_in(pa.array(labels["prediction_id"], pa.string()), value_set=known)
    return int(len(labels) - (pc.sum(there).as_py() or 0))


def input_names(frame: pd.DataFrame) -> list[str]:
    """Give the names of the inputs in a frame of predictions."""
    ours = {*FIXED, "label", "label_at", SCORE}
    return [str(name) for name in frame.columns if name not in ours and not str(name).startswith(f"{SCORE}_")]


def model_inputs(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the inputs of a frame of :func:`read_predictions`, by the names that the model knows them by."""
    names = [str(name) for name in frame.columns if str(name).startswith(_BESIDE) or not _is_ours(str(name))]
    return frame[names].rename(columns={name: name.removeprefix(_BESIDE) for name in names if _is_ours(name)})


def input_profile(
    workspace: Workspace,
    model: str,
    start: float | None = None,
    end: float | None = None,
    version: int | None = None,
) -> Profile | None:
    """Give the profile of inputs that were not kept, of whole days; ``None`` where there is none.

    Raises
    ------
    DataError
        Several versions have profiles that do not add up; name one.
    """
    found: Profile | None = None
    first = "" if start is None else day_of(start)
    last = "9999" if end is None else day_of(end)
    for one in prediction_journal(workspace, model).profiles(start, end):
        if first <= one["day"] <= last and (version is None or one["version"] == version):
            profile = Profile.from_dict(one["profile"])
            found = profile if found is None else found.merge(profile)
    return found


def _stored(columns: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in columns:
        plain = name.removeprefix(_BESIDE)
        found += [name, f"{INPUT}{name}", f"{INPUT}{plain}"]
    return found


def _shown(names: Any) -> dict[str, str]:
    found = {}
    for name in map(str, names):
        if name.startswith(INPUT):
            plain = name.removeprefix(INPUT)
            found[name] = f"{_BESIDE}{plain}" if _is_ours(plain) else plain
    return found


def _is_ours(name: str, more: Sequence[str] = ()) -> bool:
    """Whether an input's name is one of the log's, or one that such an input is given."""
    while name.startswith(_BESIDE):
        name = name.removeprefix(_BESIDE)
    return name in {*FIXED, *more, SCORE} or name.startswith(f"{SCORE}_")


def _own(name: str) -> str:
    """Give the name by which the model knows an input."""
    return name.removeprefix(_BESIDE) if _is_ours(name, _LABEL) else name
