"""What :func:`nbops.monitoring.drift.drift` is called with, checked before anything is read: one line for each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from nbops.errors import UsageError


def level(alpha: Any) -> float:
    """Give the false-alarm rate as a number.

    Raises
    ------
    UsageError
        It is none between 0 and 1.
    """
    found = _real(alpha)
    if found is None or not 0 < found < 1:
        raise UsageError(f"alpha must be a number between 0 and 1, not {_shown(alpha)}.", hint="alpha=0.05")
    return found


def smallest(min_effect: Any) -> float | None:
    """Give the smallest effect that counts as a number, ``None`` where none is given.

    Raises
    ------
    UsageError
        It is none from 0 to below 1.
    """
    found = None if min_effect is None else _real(min_effect)
    if min_effect is not None and (found is None or not 0 <= found < 1):
        raise UsageError(
            f"min_effect must be a number from 0 to below 1, not {_shown(min_effect)}.", hint="min_effect=0.05"
        )
    return found


def names(given: Any, option: str) -> list[str]:
    """Give names of columns as texts, each once: of one name, or of several.

    Raises
    ------
    UsageError
        These are no names.
    """
    one = isinstance(given, (str, int)) and not isinstance(given, bool)
    if not one and (isinstance(given, (Mapping, bytes, bool)) or not isinstance(given, Iterable)):
        raise UsageError(
            f"{option} takes the name of a column or a list of them, not {_shown(given)}.", hint=f'{option}=["age"]'
        )
    return list(dict.fromkeys(str(name) for name in ([given] if one else given)))


def some_names(given: Any, option: str) -> list[str] | None:
    """Give names of columns, ``None`` for ``None``.

    Raises
    ------
    UsageError
        These are no names, or there is none among them.
    """
    if given is None:
        return None
    found = names(given, option)
    if not found:
        raise UsageError(f"{option} names no column.", hint=f"Leave {option} out for all.")
    return found


def window_count(windows: Any, *, learn: bool) -> int | Sequence[Any] | None:
    """Check the windows of the reference that limits are learned from.

    Raises
    ------
    UsageError
        They are neither a number nor data sets, or nothing is learned.
    """
    if windows is None:
        return None
    if not learn:
        raise UsageError("Windows of the reference are for limits learned from them.", hint='thresholds="learned"')
    if isinstance(windows, int) and not isinstance(windows, bool) and windows > 0:
        return windows
    if isinstance(windows, (list, tuple)):
        return windows
    raise UsageError(
        f"reference_windows takes a number of windows or a list of data sets, not {_shown(windows)}.",
        hint="reference_windows=12",
    )


def text(given: Any, option: str, example: str) -> str:
    """Give what must be a text.

    Raises
    ------
    UsageError
        It is none.
    """
    if not isinstance(given, str):
        raise UsageError(f"{option} takes a text, not {_shown(given)}.", hint=f"{option}={example!r}")
    return given


def count(given: Any, option: str, *, least: int = 1) -> int:
    """Give what must be a whole number.

    Raises
    ------
    UsageError
        It is none, or below ``least``.
    """
    if not isinstance(given, Integral) or isinstance(given, bool) or given < least:
        raise UsageError(f"{option} takes a whole number from {least} on, not {_shown(given)}.", hint=f"{option}=1000")
    return int(given)


def _real(given: Any) -> float | None:
    return float(given) if isinstance(given, Real) and not isinstance(given, bool) else None


def _shown(given: Any) -> str:
    if isinstance(given, (str, int, float, type(None))):
        return repr(given) if len(repr(given)) <= 60 else f"{repr(given)[:59]}…"
    return f"a {type(given).__name__}"
