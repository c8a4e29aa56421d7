"""Results of earlier runs in place of running: those of this workspace, and those that a team shares."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nbops.errors import NbopsError, NotFoundError
from nbops.pipelines.cache import results
from nbops.pipelines.cache.manifest import Result
from nbops.pipelines.cache.sharing import Team
from nbops.pipelines.outputs import Output
from nbops.pipelines.owners import with_owners
from nbops.pipelines.running.planning import Plan, Planner
from nbops.pipelines.running.recording import Recorder
from nbops.pipelines.running.state import StageState
from nbops.pipelines.spec import Stage
from nbops.pipelines.staleness.effects import effect_of
from nbops.pipelines.staleness.inputs import files_of_parameters, without
from nbops.pipelines.staleness.parts import Parts, key_of
from nbops.tracking.parts import file_part
from nbops.workspace import Workspace
from nbops.workspace.caching import cache_settings

_log = logging.getLogger("nbops.pipelines")


class Reuse:
    """Results for one run of a pipeline.

    Parameters
    ----------
    workspace
        Where results are kept.
    planner, recorder
        Of that run.

    Raises
    ------
    SettingsError
        ``[cache]`` of ``nbops.toml`` cannot be used.
    """

    def __init__(self, workspace: Workspace, planner: Planner, recorder: Recorder) -> None:
        self._workspace, self._planner, self._recorder = workspace, planner, recorder
        self._settings = cache_settings(workspace)
        self._team = Team(workspace, self._settings)

    def take(self, stage: Stage, plan: Plan, place: Path) -> tuple[StageState | None, str]:
        """Put back what a stage gave when it was made of the same.

        Parameters
        ----------
        place
            Folder of the stage in this run.

        Returns
        -------
        tuple
            Its state, and from when and whom it is; or none, and perhaps why a result could not be used.
        """
        if not self._settings.results or stage.name in self._planner.forced or self._effect(stage, plan):
            return None, ""
        for parts in self._possible(stage, plan):
            result = self._find(stage, key_of(parts), lacking=plan.parts["inputs"].keys() - parts["inputs"].keys())
            if result is None:
                continue
            try:
                state = results.restore(self._workspace, result, self._planner.pipeline, stage, place)
                state = self._adopted(stage, plan, replace(state, parts=parts), result)
            except NbopsError as error:
                return None, f"the kept result cannot be used: {error.message}"
            self._planner.states.write(stage.name, state)
            if result.foreign:
                # From here on it is ours, with the paths that it has here.
                self._kept(stage, state, at=result.at, by=result.by)
            return state, _told(result)
        return None, ""

    def keep(self, stage: Stage, plan: Plan, state: StageState) -> None:
        """Keep what a stage gave, for the next time and for others; where that cannot be done the log says why."""
        if not self._settings.results or self._effect(stage, plan):
            return
        result = self._kept(stage, state, at=time.time(), by=self._workspace.author)
        if result is not None:
            self._team.push(result)

    def close(self) -> None:
        """Wait until what goes to others is there."""
        self._team.close()

    def _kept(self, stage: Stage, state: StageState, *, at: float, by: str) -> Result | None:
        try:
            return results.keep(self._workspace, self._planner.pipeline, stage, state, at=at, by=by)
        except (NbopsError, OSError) as error:
            said = error.message if isinstance(error, NbopsError) else str(error)
            _log.info("the result of stage %r is not kept: %s", stage.name, said)
            return None

    def _effect(self, stage: Stage, plan: Plan) -> str:
        return effect_of(stage, self._planner.around.asked(stage.source, plan.parameters.values))

    def _find(self, stage: Stage, key: str, lacking: set[str]) -> Result | None:
        found = results.find(self._workspace, key) or self._team.pull(key)
        if found is None or not lacking <= {item.name for item in found.files}:
            return None
        return found

    def _possible(self, stage: Stage, plan: Plan) -> list[Parts]:
        """Give the parts as they are, and as they are if the files that parameters name are written by the stage itself."""
        pipeline = self._planner.pipeline
        named = files_of_parameters(pipeline, stage.parameters, self._planner.around.digests)
        own = [str(pipeline.folder / name) for name in named]
        fewer = {**plan.parts, "inputs": without(plan.parts["inputs"], pipeline.folder, own)}
        return [plan.parts] if fewer == plan.parts else [plan.parts, fewer]

    def _adopted(self, stage: Stage, plan: Plan, state: StageState, result: Result) -> StageState:
        """Give a stage a run here, if its models belong to one that is not known here."""
        if not result.foreign and self._knows(state.outputs):
            return state
        run = self._recorder.stage(stage, plan.parameters.values, f"restored: {_told(result)}")
        outputs = with_owners(self._workspace, run.run_id, state.outputs)
        notebook = Path(state.notebook)
        part = file_part(notebook.read_bytes(), notebook.name, "notebook")
        self._recorder.stage_done(run, outputs, [part], None, "FINISHED")
        return replace(state, run_id=run.run_id, outputs=outputs)

    def _knows(self, outputs: Mapping[str, Output]) -> bool:
        search = importlib.import_module("nbops.tracking.search")
        try:
            for item in outputs.values():
                if item.kind == "model":
                    search.get_run(self._workspace, str(item.value).partition("/")[0])
        except NotFoundError:
            return False
        return True


def _told(result: Result) -> str:
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(result.at))
    return f"the result of {day}" + (f" by {result.by}, shared" if result.foreign else "")
