"""Small profiles of what a block has at hand: secrets taken out, and of so many rows that it costs little."""

from __future__ import annotations

import contextlib
import datetime
import decimal
from dataclasses import replace
from typing import Any

from nbops.redaction import Redactor, secret_name

PLAIN = (str, int, float, bool, decimal.Decimal, datetime.date, datetime.time, datetime.timedelta, type(None))


class Counted:
    """What was counted of a frame or array: :meth:`told` takes the secrets out that are known by then."""

    def __init__(self, taken: Any, names: tuple[str, ...], whole: Any = None) -> None:
        import numpy as np

        from nbops.data.compact import profile_array

        with np.errstate(all="ignore"):
            self.hidden: list[str] = []
            self._profile = profile_array(taken, names) if not hasattr(taken, "iloc") else self._of_frame(taken, whole)

    def told(self, redactor: Redactor) -> dict[str, Any]:
        """Give it as JSON-able values, with the columns that are ``not_profiled``."""
        from nbops.data.compact import compact

        said = compact(self._profile, redactor.text)
        return {**said, "not_profiled": self.hidden} if self.hidden else said

    def _of_frame(self, taken: Any, whole: Any) -> Any:
        from nbops.data.compact import profile_array
        from nbops.data.profile import Profile, profile_frame

        # Floats go as one array, since pandas spends more on taking a column out than it takes to count it.
        floats = [i for i, kind in enumerate(taken.dtypes) if str(kind) == "float64"]
        array = profile_array(taken.iloc[:, floats].to_numpy(), tuple(str(taken.columns[i]) for i in floats))
        found = dict(zip(floats, array.columns, strict=True))
        for i in set(range(taken.shape[1])) - found.keys():
            # One column that cannot be counted hides no other.
            with contextlib.suppress(Exception):
                if _shows(taken.iloc[:, i]):
                    made = profile_frame(taken.iloc[:, [i]]).columns[0]
                    found[i] = replace(made, kind="identifier") if _numbers_rows(taken, whole, i) else made
        self.hidden = [str(name) for i, name in enumerate(taken.columns) if i not in found]
        return Profile(len(taken), tuple(found[i] for i in sorted(found)))


def spread_rows(rows: int, most: int) -> Any:
    """Give the positions of ``most`` rows spread over ``rows``, ascending; the user's random state is not touched."""
    import numpy as np

    if rows <= most:
        return np.arange(rows)
    # One drawn from each of so many equal stretches, by a generator of our own.
    starts = np.arange(most + 1) * rows // most
    drawn = np.random.Generator(np.random.PCG64(0)).random(most)
    return starts[:-1] + (drawn * np.diff(starts)).astype(np.int64)


def _shows(values: Any) -> bool:
    """Whether values may be named: of a plain kind, and in no column whose name says that it holds secrets."""
    if values.dtype.kind in "biufmM":
        return True
    if secret_name(str(values.name)):
        return False
    return values.dtype != object or all(isinstance(value, PLAIN) for value in values)


def _numbers_rows(taken: Any, whole: Any, position: int) -> bool:
    """Whether a column of whole numbers merely numbers the rows of the frame, which a sample of it does not show."""
    values = taken.iloc[:, position]
    if whole is None or len(whole) == len(taken) or values.dtype.kind not in "iu" or not values.is_unique:
        return False
    return bool(values.max() - values.min() < 2 * len(whole) and whole[taken.columns[position]].is_unique)
