"""Which stages run and why: each is looked at when those it comes after are done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nbops.errors import PipelineError
from nbops.pipelines.outputs import Output
from nbops.pipelines.passing import Parameters, parameters_of
from nbops.pipelines.running.state import StageState, States
from nbops.pipelines.secrets import WITHHELD
from nbops.pipelines.spec import Pipeline, Stage
from nbops.pipelines.staleness.parts import Parts, Surroundings, difference, key_of, parts_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a stage before it runs; an empty reason means that it need not."""

    parameters: Parameters
    parts: Parts
    key: str
    reason: str
    state: StageState | None


@dataclass(slots=True)
class Planner:
    """Knows what the stages that are done gave, and decides on the next."""

    pipeline: Pipeline
    states: States
    forced: frozenset[str] = frozenset()
    given: dict[str, Mapping[str, Output]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[Output, ...]] = field(default_factory=dict)
    around: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.around = Surroundings(self.states.workspace)

    def plan(self, stage: Stage) -> Plan:
        """Look at a stage whose upstream stages are done.

        Raises
        ------
        PipelineError
            An input is missing, or two stages give one name.
        """
        state = self.states.read(stage.name)
        parameters = parameters_of(self.pipeline, stage, self.given)
        own = state.written if state is not None else frozenset()
        parts = parts_of(
            self.pipeline, stage, parameters, self.given, self.keys, own, files=self.files, around=self.around
        )
        key = key_of(parts)
        reason = "forced" if stage.name in self.forced else self._reason(state, parts, key, parameters)
        return Plan(parameters, parts, key, reason, state)

    def take(self, stage: str, state: StageState, outputs: Mapping[str, Output] | None = None) -> None:
        """Note what a stage gave that is done. ``outputs`` may hold secrets that its state does not."""
        self.given[stage] = state.outputs if outputs is None else outputs
        self.keys[stage], self.files[stage] = state.key, state.files

    def last(self, stage: Stage) -> StageState:
        """Give the last good run of a stage that is not to run now.

        Raises
        ------
        PipelineError
            There is none, or what it gave is gone.
        """
        state = self.states.read(stage.name)
        if state is None or state.status != "succeeded":
            raise PipelineError(
                f"stage {stage.name!r} has not succeeded yet, and others need it.",
                hint=f"Run it first: --only {stage.name}",
            )
        if gone := self.gone(state):
            raise PipelineError(
                f"output {gone} of stage {stage.name!r} is gone or changed, and others need it.",
                hint=f"Run it again: --only {stage.name} --force",
            )
        return state

    def _reason(self, state: StageState | None, parts: Parts, key: str, parameters: Parameters) -> str:
        if state is None:
            return "never ran"
        if state.key != key:
            return difference(dict(state.parts), parts, parameters) or "changed"
        if state.status != "succeeded":
            return "failed last time" if state.status == "failed" else "was interrupted"
        gone = self.gone(state)
        if gone and any(item.kind == WITHHELD and item.name == gone for item in state.outputs.values()):
            return f"output {gone} is a secret, which is not kept"
        return f"output {gone} is gone or changed" if gone else ""

    def gone(self, state: StageState) -> str:
        """Give the first output that is gone or changed, or nothing."""
        digests = self.around.digests
        for item in (*state.outputs.values(), *state.files):
            there = item.kind != "model" or digests.is_file(self.states.workspace.blobs / item.digest[:2] / item.digest)
            if not there or not item.intact(digests.of):
                return item.name
        return ""
