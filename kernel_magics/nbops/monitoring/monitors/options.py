"""The options of a check are tried before it is kept: otherwise every look would end in the same error."""

from __future__ import annotations

from collections.abc import Mapping

from nbops.errors import NbopsError, UsageError
from nbops.monitoring import arguments
from nbops.records import Check
from nbops.workspace import Workspace


def check_options(workspace: Workspace, check: Check) -> None:
    """Check the options that are handed on to what compares and validates.

    Raises
    ------
    UsageError
        One cannot be used; the message names the check.
    """
    given = check.options
    try:
        if "alpha" in given:
            arguments.level(given["alpha"])
        arguments.smallest(given.get("min_effect"))
        if "thresholds" in given:
            _thresholds(given["thresholds"])
        if given.get("importance"):
            # Late: what compares is costly to import, and JupyterLab's server asks here too.
            from nbops.monitoring.weighing import checked_weights

            checked_weights(given["importance"])
        if given.get("rules"):
            _rules(workspace, str(given["rules"]))
    except NbopsError as error:
        raise UsageError(f"The check {check.name!r}: {error.message}", hint=error.hint) from None


def _thresholds(thresholds: object) -> None:
    if isinstance(thresholds, Mapping):
        from nbops.monitoring.thresholds import fixed_thresholds

        fixed_thresholds(thresholds)
    elif thresholds not in ("calibrated", "learned"):
        raise UsageError(
            f"thresholds are 'calibrated', 'learned' or a table of fixed ones, not {thresholds!r}.",
            hint="In nbops.toml: thresholds = {psi = 0.2}",
        )


def _rules(workspace: Workspace, said: str) -> None:
    from nbops.data.reading import path_of
    from nbops.data.rulesets import load_rules
    from nbops.data.rulesfile import read_rules

    file = path_of(workspace.root / said)
    read_rules(file) if file.is_file() else load_rules(workspace, said)
