"""Every error a user of nbops can meet: one tree, each with a hint that says what to do.

All errors derive from :class:`NbopsError`. In a notebook they are shown as one line, without an internal
traceback, because ``_render_traceback_`` is what IPython asks first (a subclass of IPython's own
``UsageError`` would print everything). On the command line ``str(error)`` is printed the same way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


def meant(word: str, known: Iterable[str]) -> str:
    """Ask, for a hint, whether the closest of the known words was meant; empty where none is close."""
    # Imported only where something is wrong.
    from difflib import get_close_matches

    near = get_close_matches(str(word), list(known), 1)
    return f"Did you mean {near[0]!r}?" if near else ""


class NbopsError(Exception):
    """Base of every error raised on purpose by nbops.

    Parameters
    ----------
    message
        What is wrong and where, in one line.
    hint
        What to do about it, in one line; empty when the message already says it.

    Attributes
    ----------
    field
        What was given wrongly, where one thing was: a form says it beside that field. See :func:`about`.
    further
        What else was given wrongly, where all of it was looked at. See :class:`nbops.faults.Faults`.
    """

    field: str = ""
    further: tuple[NbopsError, ...] = ()

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip() + _told(self.further)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword-only arguments do not survive pickling by default, and ours cross processes.
        return (_rebuild, (type(self), self.message, self.hint, self.__dict__.copy()))

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def _rebuild(cls: type[NbopsError], message: str, hint: str, state: dict[str, Any]) -> NbopsError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.message, error.hint = message, hint
    error.__dict__.update(state)
    return error


@contextlib.contextmanager
def about(field: str) -> Iterator[None]:
    """Say of an error that comes in this block that it is about ``field``, unless it says so itself."""
    try:
        yield
    except NbopsError as error:
        error.field = error.field or field
        raise


def _told(further: Sequence[NbopsError]) -> str:
    """Say how many more there are, and which fields they are about."""
    if not further:
        return ""
    named = ", ".join(dict.fromkeys(error.field for error in further if error.field))
    return f" And {len(further)} more {'is' if len(further) == 1 else 'are'} wrong{named and f': {named}'}."


class UsageError(NbopsError):
    """A magic, command or function was called with arguments that make no sense."""


class WorkspaceError(NbopsError):
    """The workspace cannot be found, read or written."""


class SettingsError(WorkspaceError):
    """``nbops.toml`` or an environment variable holds a value that cannot be used."""


class LedgerError(NbopsError):
    """The ledger cannot be opened, migrated or written."""


class NotFoundError(NbopsError):
    """A run, model, version, data set or file that was named does not exist."""


class TrackingError(NbopsError):
    """A run cannot be captured, delivered or searched."""


class DataError(NbopsError):
    """A frame or file cannot be read, profiled or fingerprinted."""


class ValidationFailed(DataError):
    """Data do not meet the rules they were checked against."""


class RegistryError(NbopsError):
    """A model cannot be registered or changed."""


class MonitorError(NbopsError):
    """A monitor cannot look."""


class PipelineError(NbopsError):
    """A pipeline file is wrong or a pipeline cannot run."""


class PipelineBusy(PipelineError):
    """A pipeline runs already: it does so once at a time in a workspace."""


class InvalidPipeline(PipelineError):
    """A pipeline is declared wrongly: one line for each problem, the first place first.

    Parameters
    ----------
    problems
        All of them, each as file, line (0 in a notebook), cell (0 elsewhere) and what is wrong.
    """

    def __init__(self, message: str, problems: tuple[tuple[str, int, int, str], ...], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class StageFailed(PipelineError):
    """A stage notebook raised.

    Parameters
    ----------
    stage
        Name of the stage.
    cell
        Number of the failing cell, counted from 1 over all cells of the notebook.
    error
        The exception of the cell in one line, as ``ValueError: …``.
    notebook
        Path of the executed notebook, with the traceback in place.
    """

    def __init__(self, stage: str, cell: int, error: str, notebook: str) -> None:
        super().__init__(
            f"stage {stage!r} failed in cell {cell}: {error}",
            hint=f"Open {notebook} to see it; when it is mended, go on with: nbops pipeline resume",
        )
        self.stage, self.cell, self.error, self.notebook = stage, cell, error, notebook

    def __reduce__(self) -> tuple[Any, ...]:
        return (StageFailed, (self.stage, self.cell, self.error, self.notebook))


class StageLost(PipelineError):
    """A stage ended through no fault of its notebook: its kernel did not start, or the worker that had it died."""


class MissingExtraError(NbopsError, ImportError):
    """A feature needs an optional package.

    Parameters
    ----------
    feature
        What the user asked for.
    extra
        The extra of the nbops distribution that brings the package.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional package.", hint=f"Install it with: pip install nbops[{extra}]")
        self.feature, self.extra = feature, extra

    def __reduce__(self) -> tuple[Any, ...]:
        return (MissingExtraError, (self.feature, self.extra))


class PromotionConflict(RegistryError):
    """Somebody else was first: the target is not held by the version that was expected.

    Parameters
    ----------
    model
        Registered model.
    target
        Lifecycle stage or alias.
    holder
        The version that holds it now, ``None`` for nobody.
    expected
        The version that was expected to.
    """

    def __init__(self, model: str, target: str, holder: int | None, expected: int | None) -> None:
        said = "nobody" if expected is None else f"version {expected}"
        held = "nobody holds it" if holder is None else f"version {holder} holds it"
        super().__init__(
            f"{target} of {model} is not held by {said} as expected: {held} now.",
            hint="Look again, and promote against that if it still makes sense.",
        )
        self.model, self.target, self.holder, self.expected = model, target, holder, expected

    def __reduce__(self) -> tuple[Any, ...]:
        return (PromotionConflict, (self.model, self.target, self.holder, self.expected))


class PromotionRefused(RegistryError):
    """Gates, approvals or the model card stand against a promotion.

    Parameters
    ----------
    model, version, target
        What was to be promoted where.
    reasons
        Each in one line; ``kinds`` names what each is about: ``gates``, ``approvals``, ``card``, ``digest``, ``stage``.
    """

    def __init__(
        self, model: str, version: int, target: str, reasons: tuple[str, ...], kinds: tuple[str, ...], *, hint: str = ""
    ) -> None:
        super().__init__(f"{model} version {version} cannot go to {target}: {'; '.join(reasons)}.", hint=hint)
        self.model, self.version, self.target, self.reasons, self.kinds = model, version, target, reasons, kinds

    def __reduce__(self) -> tuple[Any, ...]:
        return (_refused, (self.model, self.version, self.target, self.reasons, self.kinds, self.hint))


def _refused(
    model: str, version: int, target: str, reasons: tuple[str, ...], kinds: tuple[str, ...], hint: str
) -> PromotionRefused:
    return PromotionRefused(model, version, target, reasons, kinds, hint=hint)


class ApprovalRefused(RegistryError):
    """Somebody may not approve or reject a version, or the word does not fit what it is for."""
