"""The profile of whatever data there is: a frame, or files that are read piece by piece and never whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from nbops.data import parts
from nbops.data.profile import Profile, profile_frame
from nbops.data.reading import read_table
from nbops.data.sources import parts_of
from nbops.errors import DataError


def profile_source(source: Any, reference: Profile | None = None, columns: Sequence[str] | None = None) -> Profile:
    """Profile data without holding them in memory.

    Parameters
    ----------
    source
        A DataFrame; the path of a file, folder or pattern that :func:`nbops.data.sources.parts_of` finds; ``sklearn:NAME``;
        or a :class:`~nbops.data.profile.Profile`, which is given back.
    reference
        Take kinds and shifts from this profile, so that both can be compared and merged.
    columns
        Only these; all by default.

    Raises
    ------
    NotFoundError
        There is nothing there.
    DataError
        It cannot be read, or has two columns of one name, or lacks one of ``columns``.
    """
    if isinstance(source, Profile):
        kept = source.columns if columns is None else tuple(c for c in source.columns if c.name in columns)
        return Profile(source.rows, kept, source.duplicates)
    if hasattr(source, "iloc") or (isinstance(source, str) and source.startswith("sklearn:")):
        frame = read_table(source)
        return profile_frame(frame if columns is None else frame[list(columns)], reference)
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(f"A {type(source).__name__} is no table.", hint="Give a path or a DataFrame.")
    paths = parts_of(source)
    wanted = tuple(columns or ())
    if reference is None:
        reference = parts.plan(parts.pieces_of(paths, wanted))
    elif wanted:
        reference = parts.only(reference, wanted)
    return parts.profile_of(parts.together(parts.count(path, reference) for path in paths), reference)
