"""In what two runs of a stage differ, the most telling first. Standard library only."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbops.pipelines.passing import Parameters
from nbops.pipelines.secrets import is_marked
from nbops.records import Difference

_CONTEXT = 2
_LINES = 60


def difference(before: Mapping[str, Any], after: Mapping[str, Any], parameters: Parameters) -> str:
    """Say in a few words what differs most tellingly; empty when nothing does."""
    found = differences(before, after, parameters.sources)
    if not found:
        return ""
    first = found[0]
    others = sum(item.part == "package" for item in found) - 1
    return f"{first.told} and {others} more packages" if first.part == "package" and others > 0 else first.told


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], sources: Mapping[str, Sequence[str]]
) -> tuple[Difference, ...]:
    """Give everything in which the parts of a stage differ.

    Parameters
    ----------
    before, after
        Parts as :func:`nbops.pipelines.staleness.parts.parts_of` gives them.
    sources
        Parameter to the stages from which it comes.
    """
    return tuple(
        item
        for tell in (_parameters, _code, _files, _modules, _upstream, _outputs, _environment, _kernel, _packages)
        for item in tell(before, after, sources)
    )


def _parameters(
    before: Mapping[str, Any], after: Mapping[str, Any], sources: Mapping[str, Any]
) -> Iterator[Difference]:
    changed = [
        (is_marked(old) or is_marked(new), name, old, new) for name, old, new in _changed(before, after, "parameters")
    ]
    # What can be shown comes first.
    for secret, name, old, new in sorted(changed, key=lambda item: item[0]):
        # What a person has not written would only be a digest.
        hidden = secret or name in sources
        if name in sources:
            told = f"{name} from {' and '.join(sources[name])} changed"
        elif hidden:
            told = f"parameter {name} changed"
        elif old is _NONE:
            told = f"parameter {name} is now {_short(new)}"
        elif new is _NONE:
            told = f"parameter {name} is no longer set"
        else:
            told = f"parameter {name} changed {_short(old)} -> {_short(new)}"
        texts = ("", "") if hidden else (_text(old), _text(new))
        yield Difference(part="parameter", name=name, old=texts[0], new=texts[1], told=told)


def _code(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    # The first states held the number of a cell beside its digest.
    old = [cell[1] if isinstance(cell, list) else cell for cell in before.get("notebook", [])]
    new = after.get("notebook", [])
    if old == new:
        return
    found = list(_cells_differ(before, after, old, new))
    if len(old) != len(new):
        word = "added to" if len(new) > len(old) else "removed from"
        told = f"cells {word} the notebook"
        yield Difference(part="code", name="", told=told, diff=found[0].diff if len(found) == 1 else "")
        yield from found if len(found) > 1 else ()
    else:
        yield from found


def _cells_differ(
    before: Mapping[str, Any], after: Mapping[str, Any], old: Sequence[str], new: Sequence[str]
) -> Iterator[Difference]:
    was, now = before.get("cells", []), after.get("cells", [])
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for step in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + step if i1 + step < i2 else None, j1 + step if j1 + step < j2 else None
            # A cell that is gone has the number that it had.
            numbers, at, word = (
                (now, j, "edited" if i is not None else "is new") if j is not None else (was, i, "is gone")
            )
            number = numbers[at][0] if at is not None and at < len(numbers) else (at or 0) + 1
            told = f"notebook cell {number} {word}"
            yield Difference(part="code", name=str(number), told=told, diff=_diff(_cell(was, i), _cell(now, j)))


def _cell(cells: Sequence[Sequence[Any]], at: int | None) -> str:
    return str(cells[at][1]) if at is not None and at < len(cells) else ""


def _diff(old: str, new: str) -> str:
    """Give the lines that differ, with a little around them."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=_CONTEXT))[2:]
    return "\n".join([*lines[:_LINES], "…"] if len(lines) > _LINES else lines)


def _files(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    for name, old, new in _changed(before, after, "inputs"):
        yield _digests("input", name, old, new, f"input {name} {_happened(old, new)}")


def _modules(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    for name, old, new in _changed(before, after, "modules"):
        chains = after if new is not _NONE else before
        through = tuple(str(step) for step in chains.get("chains", {}).get(name, ()))
        yield _digests("module", name, old, new, f"module {name} {_happened(old, new)}", through)


def _upstream(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    old, new = before.get("upstream", {}), after.get("upstream", {})
    for stage in {**new, **old}:
        if stage not in old:
            yield Difference(part="upstream", name=stage, told=f"stage {stage} now comes before")
        elif stage not in new:
            yield Difference(part="upstream", name=stage, told=f"stage {stage} no longer comes before")
        else:
            for name, was, now in _changed(old, new, stage):
                told = f"{name} of {stage} {_happened(was, now)}" if name else f"stage {stage} changed"
                yield _digests("upstream", f"{stage}.{name}" if name else stage, was, now, told)


def _outputs(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    old, new = before.get("outputs", []), after.get("outputs", [])
    for name in sorted({*old, *new} - ({*old} & {*new})):
        told = f"output {name} is {'now' if name in new else 'no longer'} declared"
        yield Difference(part="output", name=name, told=told)


def _environment(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    for name, old, new in _changed(before, after, "environment"):
        told = f"environment variable {name} {_happened(old, new)}"
        hidden = is_marked(old) or is_marked(new)
        yield Difference(
            part="environment",
            name=name,
            old="" if hidden else _text(old),
            new="" if hidden else _text(new),
            told=told,
        )


def _kernel(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    old, new = str(before.get("kernel", "")), str(after.get("kernel", ""))
    if old != new:
        yield Difference(part="kernel", name="", old=old, new=new, told=f"kernel {old or '(none)'} -> {new}")


def _packages(before: Mapping[str, Any], after: Mapping[str, Any], _: object) -> Iterator[Difference]:
    for name, old, new in _changed(before, after, "packages"):
        was, now = _text(old), _text(new)
        told = f"{name} {was or '(absent)'} -> {now or '(absent)'}"
        yield Difference(part="package", name=name, old=was, new=now, told=told)


class _Nothing:
    """Stands where one side has no value: ``None`` is a value."""


_NONE = _Nothing()


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], part: str) -> Iterator[tuple[str, Any, Any]]:
    old, new = before.get(part, {}), after.get(part, {})
    for name in {**new, **old}:
        was, now = old.get(name, _NONE), new.get(name, _NONE)
        # 1 and True are equal and not the same.
        if was is _NONE or now is _NONE or json.dumps(was, sort_keys=True) != json.dumps(now, sort_keys=True):
            yield name, was, now


def _happened(old: Any, new: Any) -> str:
    return "is new" if old is _NONE else "is gone" if new is _NONE else "changed"


def _digests(part: Any, name: str, old: Any, new: Any, told: str, through: tuple[str, ...] = ()) -> Difference:
    return Difference(part=part, name=name, old=_text(old)[:12], new=_text(new)[:12], told=told, through=through)


def _text(value: Any) -> str:
    if value is _NONE:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= 40 else text[:39] + "…"
