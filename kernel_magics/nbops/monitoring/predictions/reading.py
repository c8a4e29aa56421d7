"""Read predictions, and the profiles that are kept instead of their inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbops.data.profile import Profile
from nbops.monitoring import arguments
from nbops.monitoring.predictions.entries import INPUT, SCORE, moment
from nbops.monitoring.predictions.journal import Wanted, day_of
from nbops.monitoring.predictions.log import prediction_journal
from nbops.monitoring.predictions.together import joined
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

# Before the name of an input that is one of the log's own.
BESIDE = "input_"
LABEL = ("label", "label_at")
FIXED = ("prediction_id", "at", "version", "digest", "output", "latency")


def read_predictions(
    workspace: Workspace,
    model: str,
    start: float | None = None,
    end: float | None = None,
    columns: Sequence[str] | None = None,
    version: int | None = None,
    *,
    newest: int | None = None,
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
    newest
        Only so many, the newest of these: days are read from the last one back until there are enough.

    Returns
    -------
    DataFrame
        ``prediction_id``, ``at`` (seconds since the epoch), ``version``, ``digest``, ``output``, ``score`` or one ``score_<class>``
        for each class, ``latency`` (seconds), and the inputs by their names; an input whose name is one of these has ``input_``
        before it.

    Raises
    ------
    UsageError
        No model can have that name, or ``columns``, ``version`` or ``newest`` is of no use.
    DataError
        A file is damaged, or a time is none.
    """
    columns = None if columns is None else arguments.names(columns, "columns")
    version = None if version is None else arguments.count(version, "version", least=0)
    newest = None if newest is None else arguments.count(newest, "newest", least=0)
    start, end = moment(start), moment(end)
    names = None if columns is None else {*stored(columns), "prediction_id", "version"}
    wanting = None if names is None else names.__contains__
    if newest is None:
        frame = read_entries(workspace, model, start, end, version, wanting)
    else:
        frame = _newest(workspace, model, newest, start, end, version, wanting)
    wanted = [*frame.columns] if columns is None else [name for name in columns if name in frame.columns]
    chosen: pd.DataFrame = frame[wanted]
    return chosen


def _newest(
    workspace: Workspace,
    model: str,
    rows: int,
    start: float | None,
    end: float | None,
    version: int | None,
    wanted: Wanted,
) -> pd.DataFrame:
    journal, asked = prediction_journal(workspace, model), max(rows, 1)
    while True:
        begin = journal.beginning(asked, end)
        last = begin is None or (start is not None and begin <= start)
        frame = read_entries(workspace, model, start if last else begin, end, version, wanted)
        # None of them are still columns and types, which only a day that has some can tell.
        if last or len(frame) >= max(rows, 1):
            return frame.iloc[max(0, len(frame) - rows) :].reset_index(drop=True)
        # Some are of other versions, after the end, or there twice.
        asked *= 2


def read_entries(
    workspace: Workspace, model: str, start: float | None, end: float | None, version: int | None, wanted: Wanted
) -> pd.DataFrame:
    """Read predictions as :func:`read_predictions` does; ``wanted`` says which columns, by the names they are kept under."""
    journal = prediction_journal(workspace, model)
    tables = [table for table in journal.read(moment(start), moment(end), wanted) if table.num_rows]
    if not tables:
        import pandas as pd

        return pd.DataFrame({name: [] for name in FIXED}).astype({"prediction_id": str})
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


def input_names(frame: pd.DataFrame) -> list[str]:
    """Give the names of the inputs in a frame of predictions."""
    ours = {*FIXED, "label", "label_at", SCORE}
    return [str(name) for name in frame.columns if name not in ours and not str(name).startswith(f"{SCORE}_")]


def model_inputs(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the inputs of a frame of :func:`read_predictions`, by the names that the model knows them by."""
    names = [str(name) for name in frame.columns if str(name).startswith(BESIDE) or not is_ours(str(name))]
    return frame[names].rename(columns={name: name.removeprefix(BESIDE) for name in names if is_ours(name)})


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


def stored(columns: Sequence[str]) -> list[str]:
    """Give the names that columns of a frame may be kept under."""
    found: list[str] = []
    for name in columns:
        plain = name.removeprefix(BESIDE)
        found += [name, f"{INPUT}{name}", f"{INPUT}{plain}"]
    return found


def _shown(names: Any) -> dict[str, str]:
    found = {}
    for name in map(str, names):
        if name.startswith(INPUT):
            plain = name.removeprefix(INPUT)
            found[name] = f"{BESIDE}{plain}" if is_ours(plain) else plain
    return found


def is_ours(name: str, more: Sequence[str] = ()) -> bool:
    """Whether an input's name is one of the log's, or one that such an input is given."""
    while name.startswith(BESIDE):
        name = name.removeprefix(BESIDE)
    return name in {*FIXED, *more, SCORE} or name.startswith(f"{SCORE}_")


def own_name(name: str) -> str:
    """Give the name by which the model knows an input."""
    return name.removeprefix(BESIDE) if is_ours(name, LABEL) else name
