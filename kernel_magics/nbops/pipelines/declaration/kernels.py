"""Which kernel a stage runs in, and whether it is installed, without asking Jupyter where that can be avoided."""

from __future__ import annotations

from nbops.pipelines.declaration.problems import meant
from nbops.pipelines.declaration.stages import Stage
from nbops.pipelines.staleness.interpreters import USUAL, kernel_folders


def kernel_note(stage: Stage) -> str:
    """Say in which kernel a stage runs, and why where its notebook does not say so."""
    named = stage.kernel or stage.source.kernel
    if not named:
        return f"{USUAL} ({stage.written.name} names no kernel)"
    if named == USUAL or is_installed(named):
        return named
    return f"{USUAL} ({named} is not installed here)"


def missing_kernel(stage: Stage) -> tuple[str, str] | None:
    """Say that the kernel of a stage is missing, with a hint; nothing where there is one that will do.

    A notebook in Python runs in ``python3`` where its own kernel is not installed: many name one that only their author has.
    """
    named = stage.kernel or stage.source.kernel
    usual = named in {"", USUAL} or (not stage.kernel and stage.source.is_python)
    if usual or is_installed(named):
        return None
    known = sorted({USUAL, *_known()})
    language = "" if stage.kernel else f" ({stage.source.language})"
    return f"the kernel {named!r}{language} is not installed.", meant(named, known) or f"There are {', '.join(known)}."


def is_installed(name: str) -> bool:
    """Tell whether there is a kernel of a name."""
    if any((folder / name / "kernel.json").is_file() for folder in kernel_folders()):
        return True
    return name in _known()


def _known() -> frozenset[str]:
    # Only where a kernel was not found in the usual places: what Jupyter says decides.
    from jupyter_client.kernelspec import KernelSpecManager

    return frozenset(KernelSpecManager().find_kernel_specs())
