"""Model cards: what is known of a version, what a person has written about it, and what is missing.

The fields follow Mitchell et al., "Model cards for model reporting", 2019. Facts are generated at each look; texts are
kept as revisions, each under its digest with an audit event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited
from nbops.ledger.chain import canonical
from nbops.records import CardField, GateReport, Identity, ModelCard, ModelVersion, Run
from nbops.registry.examination import report_of
from nbops.registry.facts import facts_of
from nbops.registry.policy import read_policy
from nbops.registry.reading import get_version
from nbops.registry.targets import PRODUCTION
from nbops.tracking.search import get_run
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.identity import who

# What only a person can say.
WRITTEN = {
    "intended_use": "Intended use",
    "out_of_scope": "Uses it is not for",
    "limitations": "Limitations and risks",
    "ethical_considerations": "Ethical considerations",
    "owner": "Who answers for it",
}
KNOWN = {
    "model": "Model",
    "training": "Training",
    "training_data": "Training data",
    "input_example": "Input example",
    "seeds": "Seeds",
    "metrics": "Metrics",
    "evaluation": "Evaluation",
    "environment": "Environment",
}
# Named as missing even where no policy asks for them: a card without these says little.
_EXPECTED = ("intended_use", "limitations", "owner")
_LONGEST = 20_000


def model_card(workspace: Workspace, name: str, version: int | str) -> ModelCard:
    """Give the card of a version as it stands.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    """
    found = get_version(workspace, name, version)
    required = (*_EXPECTED, *read_policy(workspace, PRODUCTION).card)
    with open_ledger(workspace).connect() as connection:
        row = _newest(connection, found)
        report = _report(connection, found)
    written: Mapping[str, str] = row["content"] if row else {}
    known = _known(workspace, found, report)
    names = [*KNOWN, *WRITTEN, *(n for n in (*written, *required) if n not in KNOWN and n not in WRITTEN)]
    fields = tuple(_field(key, known, written, key in required) for key in dict.fromkeys(names))
    return ModelCard(
        model=name,
        version=found.version,
        revision=row["revision"] if row else 0,
        digest=row["digest"] if row else "",
        fields=fields,
        missing=tuple(field.name for field in fields if field.required and field.source == "missing"),
        actor=row["actor"] if row else "",
        at=row["at"] if row else 0.0,
    )


def edit_card(
    name: str,
    version: int | str,
    texts: Mapping[str, str],
    *,
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> ModelCard:
    """Write fields of a card; an empty text takes a field out. What is not named stays.

    Parameters
    ----------
    name, version
        Whose card.
    texts
        Field name -> text. Names of your own are welcome.
    identity
        Who writes; this process's user by default.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    UsageError
        A field is one that is generated, has no proper name, or is too long.
    """
    workspace = workspace or find_workspace()
    identity, found = identity or who(workspace), get_version(workspace, name, version)
    for key, text in texts.items():
        _check(key, text)
    with audited(workspace, identity, "card", model=name, version=found.version) as change:
        row = _newest(change.connection, found)
        before: dict[str, str] = dict(row["content"]) if row else {}
        after = {**before, **{key: text.strip() for key, text in texts.items()}}
        content = {key: text for key, text in after.items() if text}
        if content == before:
            change.nothing()
        else:
            number = (row["revision"] if row else 0) + 1
            values = {"model": name, "version": found.version, "revision": number, "content": content}
            digest = hashlib.sha256(canonical(values).encode()).hexdigest()
            change.connection.execute(
                tables.model_cards.insert().values(**values, digest=digest, actor=identity.name, at=change.at)
            )
            change.row(tables.model_cards, (name, found.version, number))
            changed = sorted(key for key in {*before, *content} if before.get(key) != content.get(key))
            change.detail |= {"revision": number, "card": digest, "fields": changed}
    return model_card(workspace, name, found.version)


def missing_fields(
    connection: Connection, workspace: Workspace, version: ModelVersion, wanted: Sequence[str]
) -> tuple[str, ...]:
    """Give which of ``wanted`` the card of a version lacks."""
    row = _newest(connection, version)
    written: Mapping[str, str] = row["content"] if row else {}
    known = _known(workspace, version, _report(connection, version))
    return tuple(key for key in wanted if not (written.get(key) or known.get(key)))


def _field(key: str, known: Mapping[str, str], written: Mapping[str, str], required: bool) -> CardField:
    title = KNOWN.get(key) or WRITTEN.get(key) or key.replace("_", " ").capitalize()
    if key in KNOWN:
        text = known.get(key, "")
        source = "known" if text else "missing"
        return CardField(name=key, title=title, text=text, source=source, required=required, generated=True)
    text = written.get(key, "")
    return CardField(name=key, title=title, text=text, source="written" if text else "missing", required=required)


def _known(workspace: Workspace, version: ModelVersion, report: GateReport | None) -> dict[str, str]:
    run = _run(workspace, version)
    found = {
        "model": f"{version.class_name}, {version.task or 'no known task'}, {len(version.features)} features, "
        f"stored as {version.serialization or 'unknown'}, {version.size:,} bytes, sha256 {version.digest[:12]}",
        "metrics": _pairs(version.metrics, "{:.4g}"),
    }
    if run is not None:
        where = run.cell.notebook.rpartition("/")[2]
        git = f", commit {run.git.commit[:10]}{' with changes' if run.git.dirty else ''}" if run.git else ""
        parameters = f"; parameters {_pairs(version.params, '{}')}" if version.params else ""
        found["training"] = f"run {run.name} by {run.author}" + (f" in {where}" if where else "") + git + parameters
        found["training_data"] = "; ".join(
            f"{ref.name}: {ref.rows:,} rows, {ref.columns} columns, {ref.fingerprint[:12]}"
            + (f", from {ref.origin}" if ref.origin else "")
            for ref in run.data
            if ref.context == "read"
        )
        if run.environment is not None:
            stands = ("scikit-learn", "numpy", "pandas", "scipy")
            packages = [f"{key} {run.environment.packages[key]}" for key in stands if key in run.environment.packages]
            found["environment"] = ", ".join([f"Python {run.environment.python}", *packages])
    found |= _trained(found.get("training_data", ""), facts_of(workspace, version))
    if report is not None:
        verdict = "all gates pass" if report.passed else "not all gates pass"
        gates = "; ".join(f"{g.name} {g.value:.4g} ({g.verdict})" for g in report.gates if g.value is not None)
        found["evaluation"] = f"{verdict} for {report.target}: {gates}" if gates else f"{verdict} for {report.target}"
    return found


def _trained(data: str, facts: Mapping[str, Any]) -> dict[str, str]:
    found = {"seeds": _pairs(facts["seeds"], "{}")}
    if training := facts["training"]:
        sampled = f", profiled on {training['sampled']:,}" if training["sampled"] < training["rows"] else ", profiled"
        sure = "" if training["found_by"] == "fit" else " (or rows of it)"
        found["training_data"] = "; ".join(
            filter(None, [data, f"fitted on {training['name']}{sure}: {training['rows']:,} rows{sampled}"])
        )
    if example := facts["input_example"]:
        shown = dict(zip(example["columns"][:12], example["data"][0], strict=False))
        left = len(example["columns"]) - len(shown)
        found["input_example"] = _pairs(shown, "{}") + (f" and {left} more" if left > 0 else "")
    return found


def _pairs(values: Mapping[str, Any], form: str) -> str:
    return ", ".join(f"{key} {form.format(value)}" for key, value in values.items())


def _run(workspace: Workspace, version: ModelVersion) -> Run | None:
    try:
        return get_run(workspace, version.run_id)
    except NotFoundError:
        return None


def _newest(connection: Connection, version: ModelVersion) -> Any:
    c = tables.model_cards
    where = (c.c.model == version.model, c.c.version == version.version)
    return connection.execute(select(c).where(*where).order_by(c.c.revision.desc()).limit(1)).mappings().first()


def _report(connection: Connection, version: ModelVersion) -> GateReport | None:
    g = tables.gate_reports
    where = (g.c.model == version.model, g.c.version == version.version, g.c.artifact_digest == version.digest)
    row = connection.execute(select(g).where(*where).order_by(g.c.created_at.desc()).limit(1)).mappings().first()
    return None if row is None else report_of(dict(row))


def _check(key: str, text: str) -> None:
    if key in KNOWN:
        raise UsageError(f"The field {key} of a model card is generated.", hint=f"Write {', '.join(WRITTEN)}.")
    if not key.isidentifier() or len(key) > 60:
        raise UsageError(f"{key!r} cannot name a field of a model card.", hint="Use letters, digits and _.")
    if len(text) > _LONGEST:
        raise UsageError(f"The field {key} is longer than {_LONGEST:,} characters.")
