"""CSV files whose rows have more values than the header has names: read with the columns in place, or refused.

pandas takes the first values of such rows for an index, and so moves every column one place to the left. Rows that merely
end in a separator are the usual cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Whoever says one of these says where the columns are.
_SAID = frozenset({"index_col", "names", "usecols"})
_EXTRA = "\x00beyond the header "


def read_delimited(path: Path, options: Mapping[str, Any]) -> pd.DataFrame:
    """Read a CSV with the ``options`` of :func:`pandas.read_csv`.

    Raises
    ------
    DataError
        Rows have values that no column of the header is for.
    """
    import pandas as pd

    return _in_place(pd.read_csv(path, **options, **_names(path, options)), path)


def delimited_pieces(path: Path, rows: int, options: Mapping[str, Any]) -> Iterator[pd.DataFrame]:
    """Read a CSV in pieces of at most ``rows`` rows, one at least.

    Raises
    ------
    DataError
        As for :func:`read_delimited`.
    """
    import pandas as pd

    named = _names(path, options)
    with closing(pd.read_csv(path, chunksize=rows, **options, **named)) as pieces:
        found = False
        for piece in pieces:
            found = True
            yield _in_place(piece, path)
    if not found:
        yield pd.read_csv(path, **{**options, "nrows": 0})


def _names(path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give names for the values beyond the header, as options; the first row decides, as it does for pandas."""
    import pandas as pd

    if _SAID & options.keys() or not isinstance(options.get("header", 0), (int, str)):
        return {}
    first = pd.read_csv(path, **{**options, "nrows": 1})
    if not len(first) or isinstance(first.index, pd.RangeIndex):
        return {}
    extra = [f"{_EXTRA}{place}" for place in range(first.index.nlevels)]
    header = options.get("header", 0)
    return {"names": [*map(str, first.columns), *extra], "header": 0 if header == "infer" else header}


def _in_place(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    extra = [name for name in frame.columns if isinstance(name, str) and name.startswith(_EXTRA)]
    if not extra:
        return frame
    named = len(frame.columns) - len(extra)
    if frame[extra].notna().any(axis=None):
        raise DataError(
            f"{path} has {named + len(extra)} values in a row where its header names {named} columns.",
            hint="Give every column a name in the header.",
        )
    return frame.iloc[:, :named]
