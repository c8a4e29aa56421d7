"""Mirror runs of the ledger into MLflow, each step idempotent: a courier that dies anywhere starts over to the same end."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nbops.errors import NbopsError
from nbops.records import ArtifactRef, DataRef, MetricPoint, ModelRef, Run
from nbops.tracking import mlflow_store
from nbops.tracking.mlflow_model import write_model
from nbops.tracking.mlflow_names import model_name, safe_name, safe_names, short_name
from nbops.tracking.placing import Placing
from nbops.workspace import Workspace
from nbops.workspace.blobs import read

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

Item = TypeVar("Item")

RUN_TAG = "nbops.run_id"
MODEL_TAG = "nbops.model_digest"
_METRICS, _PARAMS, _TAGS = 1000, 100, 100
_LONGEST_PARAM, _LONGEST_TAG = 6000, 8000


class Mirror:
    """Writes runs into one MLflow store. Needs mlflow; lives in the courier.

    Parameters
    ----------
    workspace
        Whose store.
    """

    def __init__(self, workspace: Workspace) -> None:
        mlflow_store.prepare_environment()
        mlflow_store.ensure(workspace)
        self._workspace = workspace
        import mlflow

        # MLflow looks a logged model up in the process's own store when a version is made of it.
        mlflow.set_tracking_uri(workspace.mlflow_uri)
        self._client: MlflowClient = mlflow_store.client(workspace)
        self._experiments: dict[str, str] = {}

    @property
    def client(self) -> MlflowClient:
        """The MLflow client of the store."""
        return self._client

    def deliver(self, run: Run, series: Sequence[MetricPoint], parent: str) -> tuple[str, str]:
        """Bring one ended run into MLflow, whole.

        Parameters
        ----------
        run
            The run of the ledger.
        series
            All points of its metrics.
        parent
            MLflow's id of the parent run, empty for none.

        Returns
        -------
        tuple of str
            MLflow's ids of run and experiment.
        """
        target, others = self._target(run, parent)
        run_id = target.info.run_id
        self._log_values(run, series, target)
        self._log_data(run, target)
        self._log_files(run, run_id)
        for ref in run.models:
            if ref.digest:
                self._log_model(run, ref, target)
        for other in others:
            self._client.set_tag(other.info.run_id, "mlflow.parentRunId", run_id)
        self._end(run, target)
        return run_id, target.info.experiment_id

    def has(self, run_id: str) -> bool:
        """Whether MLflow still has a run, and not in its bin."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise
        return str(found.info.lifecycle_stage) == "active"

    def _target(self, run: Run, parent: str) -> tuple[MlflowRun, list[MlflowRun]]:
        """Find the MLflow run that is ours, or make it; and further runs that the user's code made meanwhile."""
        if run.mlflow_run_id and self.has(run.mlflow_run_id):
            return self._client.get_run(run.mlflow_run_id), []
        experiment = self.experiment(run.experiment)
        where = [experiment]
        if run.uses_mlflow:
            where = [e.experiment_id for e in self._client.search_experiments()]
        found = self._client.search_runs(
            where, f"tags.`{RUN_TAG}` = '{run.run_id}'", order_by=["attributes.start_time"]
        )
        mine = [other for other in found if other.data.tags.get("nbops.mirror") == "1"]
        first = (mine or list(found) or [self._make(run, experiment, parent)])[0]
        self._client.set_tag(first.info.run_id, "nbops.mirror", "1")
        return first, [other for other in found if other.info.run_id != first.info.run_id]

    def _make(self, run: Run, experiment: str, parent: str) -> MlflowRun:
        tags = {RUN_TAG: run.run_id, "nbops.mirror": "1"} | ({"mlflow.parentRunId": parent} if parent else {})
        start = int(run.started_at * 1000)
        return self._client.create_run(experiment, start_time=start, tags=tags, run_name=short_name(run.name))

    def experiment(self, name: str) -> str:
        """Give MLflow's id of an experiment, made if there is none."""
        name = short_name(name)
        if name not in self._experiments:
            found = self._client.get_experiment_by_name(name)
            if found is None:
                location = mlflow_store.artifact_location(self._workspace, name)
                try:
                    self._experiments[name] = self._client.create_experiment(name, artifact_location=location)
                    return self._experiments[name]
                except Exception:
                    # Somebody else has made it meanwhile; anything else shows in the next line.
                    found = self._client.get_experiment_by_name(name)
            if found is None:
                raise RuntimeError(f"MLflow neither has nor makes an experiment {name!r}")
            if found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            self._experiments[name] = found.experiment_id
        return self._experiments[name]

    def _log_values(self, run: Run, series: Sequence[MetricPoint], target: MlflowRun) -> None:
        from mlflow.entities import Metric, Param, RunTag

        there = target.data.params
        params, conflicts = [], []
        keys = safe_names(run.params)
        for name, value in run.params.items():
            key, text = keys[name], value[:_LONGEST_PARAM]
            if key not in there:
                params.append(Param(key, text))
            elif there[key] != text:
                # Parameters of MLflow cannot change; the user's own call came first.
                conflicts.append(RunTag(safe_name(f"nbops.param.{key}"), value[:_LONGEST_TAG]))
        names = safe_names(point.name for point in series)
        metrics = [Metric(names[p.name], p.value, int(p.timestamp * 1000), p.step) for p in series]
        tags = _tags(run)
        labels = safe_names(tags)
        own = [RunTag(labels[k], v[:_LONGEST_TAG]) for k, v in tags.items()]
        run_id = target.info.run_id
        if "nbops.error" in target.data.tags and not run.error:
            # Its end came after it had been taken for dead.
            self._client.delete_tag(run_id, "nbops.error")
        for some in _chunks(metrics, _METRICS):
            self._client.log_batch(run_id, metrics=some)
        for more in _chunks(params, _PARAMS):
            self._client.log_batch(run_id, params=more)
        for rest in _chunks(own + conflicts, _TAGS):
            self._client.log_batch(run_id, tags=rest)

    def _log_data(self, run: Run, target: MlflowRun) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        there = {(i.dataset.name, i.dataset.digest) for i in target.inputs.dataset_inputs} if target.inputs else set()
        inputs = []
        for ref in run.data:
            if (ref.name, ref.fingerprint[:36]) in there or not ref.fingerprint:
                continue
            dataset = Dataset(
                name=ref.name[:500],
                digest=ref.fingerprint[:36],
                source_type="code",
                source=json.dumps({"tags": {"mlflow.source.name": run.cell.notebook, "nbops.origin": ref.origin}}),
                schema=_schema(ref),
                profile=json.dumps({"num_rows": ref.rows, "num_elements": ref.rows * ref.columns}),
            )
            tags = [
                InputTag("mlflow.data.context", ref.context),
                InputTag("nbops.fingerprint", ref.fingerprint),
            ]
            inputs.append(DatasetInput(dataset, tags))
        if inputs:
            self._client.log_inputs(target.info.run_id, inputs)

    def _log_files(self, run: Run, run_id: str) -> None:
        with tempfile.TemporaryDirectory(prefix="nbops-") as name:
            placing = Placing(Path(name))
            if run.code:
                placing.put("source/cell.py", run.code.encode("utf-8", "backslashreplace"))
            for label, text in (("stdout", run.stdout), ("stderr", run.stderr)):
                if text:
                    placing.put(f"output/{label}.txt", text.encode("utf-8", "backslashreplace"))
            if run.error and run.error.traceback:
                placing.put("output/traceback.txt", run.error.traceback.encode("utf-8", "backslashreplace"))
            for ref in run.artifacts:
                if ref.kind not in {"model", "source", "training", "predictions", "profile"}:
                    placing.put(ref.path, _bytes(self._workspace, ref))
            placing.note()
            if not placing.empty():
                self._client.log_artifacts(run_id, name)

    def _log_model(self, run: Run, ref: ModelRef, target: MlflowRun) -> None:
        from mlflow.entities import LoggedModelOutput, LoggedModelStatus

        run_id, experiment = target.info.run_id, target.info.experiment_id
        name = model_name(ref.name)
        found = self._client.search_logged_models([experiment], filter_string=f"source_run_id = '{run_id}'")
        mine = [m for m in found if m.tags.get(MODEL_TAG) == ref.digest and m.name == name]
        logged = mine[0] if mine else None
        if logged is None:
            tags = {MODEL_TAG: ref.digest, RUN_TAG: run.run_id}
            keys = safe_names(run.params)
            params = {keys[k]: v[:_LONGEST_PARAM] for k, v in list(run.params.items())[:_PARAMS]}
            logged = self._client.create_logged_model(experiment, name, run_id, tags=tags, params=params)
        if logged.status != LoggedModelStatus.READY:
            with tempfile.TemporaryDirectory(prefix="nbops-") as folder:
                data = read(self._workspace, ref.digest)
                write_model(Path(folder), ref, data, run, logged.model_id, run_id)
                self._client.log_model_artifacts(logged.model_id, folder)
            self._client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
        outputs = target.outputs.model_outputs if target.outputs else []
        if all(output.model_id != logged.model_id for output in outputs):
            self._client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])

    def _end(self, run: Run, target: MlflowRun) -> None:
        run_id = target.info.run_id
        if target.info.run_name != short_name(run.name) and target.data.tags.get("nbops.mirror") == "1":
            self._client.update_run(run_id, name=short_name(run.name))
        end = int((run.ended_at or run.started_at) * 1000)
        self._client.set_terminated(run_id, status=run.status, end_time=end)


def _tags(run: Run) -> dict[str, str]:
    in_notebook = run.cell.notebook.endswith(".ipynb") or run.kind == "cell"
    found = {
        **run.tags,
        RUN_TAG: run.run_id,
        "nbops.kind": run.kind,
        "nbops.cell_id": run.cell.cell_id,
        "nbops.code_digest": run.code_digest,
        "nbops.attempt": str(run.attempt),
        "mlflow.user": run.author,
        "mlflow.source.type": "NOTEBOOK" if in_notebook else "LOCAL",
        "mlflow.source.name": run.cell.notebook,
        "mlflow.source.git.commit": run.git.commit if run.git else "",
        "mlflow.source.git.branch": run.git.branch if run.git else "",
        "nbops.git.dirty": str(run.git.dirty).lower() if run.git and run.git.dirty is not None else "",
        "nbops.error": f"{run.error.type}: {run.error.message}" if run.error else "",
        "nbops.redactions": str(run.redactions) if run.redactions else "",
    }
    return {name: value for name, value in found.items() if value}


def _schema(ref: DataRef) -> str:
    # The form MLflow's own pandas data sets have, so that its UI shows the columns.
    kinds = {"float64": "double", "float32": "float", "int64": "long", "int32": "integer", "bool": "boolean"}
    columns = [
        {
            "type": kinds.get(kind, "datetime" if kind.startswith("datetime") else "string"),
            "name": name,
            "required": True,
        }
        for name, kind in ref.schema.items()
    ]
    text = json.dumps({"mlflow_colspec": columns})
    return text if len(text) < 1_000_000 else json.dumps({"mlflow_colspec": []})


def _bytes(workspace: Workspace, ref: ArtifactRef) -> bytes:
    try:
        return read(workspace, ref.digest)
    except NbopsError as error:
        # A file that is gone must not keep the whole run from MLflow for ever.
        return f"not delivered: {error}".encode()


def _chunks(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    for first in range(0, len(items), size):
        yield list(items[first : first + size])


def describe(error: BaseException) -> str:
    """Give an error of MLflow in one line, without its stack of retries."""
    text: Any = getattr(error, "message", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:300]
