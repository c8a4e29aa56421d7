"""Read and write tables: files of the usual kinds, and the real data sets that scikit-learn bundles."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.data.delimited import read_delimited
from nbops.errors import DataError, NotFoundError
from nbops.redaction import redact
from nbops.workspace.durability import flush_file

if TYPE_CHECKING:
    import pandas as pd

_BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
_LONGEST_SHOWN = 60
KINDS = (".csv", ".tsv", ".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".feather", ".arrow")


def read_table(source: Any, options: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    source
        Path of a CSV, TSV, Parquet, JSON lines, JSON (list of records) or Feather file, also with a compression
        suffix that pandas knows; ``sklearn:NAME`` for a data set bundled with scikit-learn, in real units where it has
        them and with the column ``target``; a DataFrame is given back as it is.
    options
        For the reader of pandas, such as ``{"sep": ";"}``.

    Raises
    ------
    NotFoundError
        There is no such file or bundled data set; the hint names the closest.
    DataError
        The file is empty, of an unknown kind, or cannot be read.
    """
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return source  # type: ignore[no-any-return]
    if isinstance(source, str) and source.startswith("sklearn:"):
        return _bundled(source.removeprefix("sklearn:"))
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(f"A {type(source).__name__} is no table.", hint="Give a path or a DataFrame.")
    path = path_of(source)
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.", hint=_closest(path))
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.")
    try:
        return _read(path, options or {})
    except DataError:
        raise
    except Exception as error:
        # Readers quote cells.
        said = " ".join(redact(str(error))[0].split())[:200]
        raise DataError(f"{path} cannot be read as {kind_of_file(path)[1:]}: {said}") from error


def path_of(source: str | os.PathLike[str]) -> Path:
    """Give the path that is named, with ``~`` read, whether or not there is anything.

    Raises
    ------
    DataError
        It is empty, longer than paths can be, or leads where one may not look.
    """
    text = os.fspath(source)
    if not text.strip():
        raise DataError("The path of the data is empty.", hint="Give a file, folder or pattern, or a DataFrame.")
    try:
        path = Path(text).expanduser()
        path.is_file()
    except (OSError, RuntimeError) as error:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        why = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
        raise DataError(f"{shown!r} is no path that can be looked up: {why}.", hint="Give a file or folder.") from error
    return path


def write_table(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a table as Parquet or CSV, by suffix, so that the file is whole or absent.

    Raises
    ------
    DataError
        The suffix is another one, or the frame cannot be written so.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in {".parquet", ".csv"}:
        raise DataError(f"{target} is neither .parquet nor .csv.")
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=kind)
    os.close(descriptor)
    try:
        if kind == ".parquet":
            frame.to_parquet(name, write_page_checksum=True)
        else:
            frame.to_csv(name, index=False)
        flush_file(name)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except Exception as error:
        raise DataError(f"{target} cannot be written: {' '.join(str(error).split())[:200]}") from error
    finally:
        # Also when somebody interrupts; after the renaming there is none.
        Path(name).unlink(missing_ok=True)
    return target


def _read(path: Path, options: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    kind = kind_of_file(path)
    readers: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        ".csv": (_delimited, {"low_memory": False}),
        ".tsv": (_delimited, {"low_memory": False, "sep": "\t"}),
        # Pages that carry a checksum are held to it.
        ".parquet": (pd.read_parquet, {"page_checksum_verification": True}),
        ".pq": (pd.read_parquet, {"page_checksum_verification": True}),
        ".feather": (pd.read_feather, {}),
        ".arrow": (pd.read_feather, {}),
        ".jsonl": (pd.read_json, {"lines": True}),
        ".ndjson": (pd.read_json, {"lines": True}),
        ".json": (pd.read_json, {}),
    }
    if kind not in readers:
        raise DataError(f"{path} is of no known kind.", hint=f"Known are {', '.join(KINDS)}.")
    reader, usual = readers[kind]
    if options.get("engine") == "python":
        usual.pop("low_memory", None)
    found: pd.DataFrame = reader(path, **{**usual, **options})
    return found


def _delimited(path: Path, **options: Any) -> pd.DataFrame:
    return read_delimited(path, options)


def kind_of_file(path: Path) -> str:
    """Give the suffix that tells a table's kind, in small letters and without that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] in (["." + name] for name in ("gz", "bz2", "xz", "zst", "zip"))
    chosen = suffixes[-2:-1] if packed else suffixes[-1:]
    return chosen[0] if chosen else ""


def _bundled(name: str) -> pd.DataFrame:
    if name not in _BUNDLED:
        near = difflib.get_close_matches(name, _BUNDLED, 1)
        hint = f"Did you mean sklearn:{near[0]}?" if near else f"Bundled are {', '.join(_BUNDLED)}."
        raise NotFoundError(f"scikit-learn bundles no data set {name!r}.", hint=hint)
    from sklearn import datasets

    options = {"scaled": False} if name == "diabetes" else {}
    frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True, **options).frame
    return frame


def _closest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"The folder {folder} does not exist either."
    near = difflib.get_close_matches(path.name, [other.name for other in folder.iterdir()], 1)
    return f"Did you mean {folder / near[0]}?" if near else ""
