"""Retraining of a model: its policy, what was decided, and every change of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NotFoundError, UsageError
from nbops.faults import Faults
from nbops.records import POLICY_TEXTS, Identity, RetrainDecision, RetrainPolicy
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler
from nbops_lab.confining import confine
from nbops_lab.kinds import are_texts, are_values, is_number, is_text, is_whole
from nbops_lab.pipelines import pipeline_path
from nbops_lab.workspaces import Place

DECISIONS = 50


class RetrainingHandler(NbopsHandler):
    """``retraining/{model}``: the policy of a model and what was decided; set it; remove it."""

    @web.authenticated
    @authorized
    async def get(self, model: str) -> None:
        """Answer ``{"policy", "decisions"}``, the newest decision first; without a policy it is null."""
        place = self.tracked(await self.place())
        self.answer(await self.run(_view, place.workspace, model))

    @web.authenticated
    @authorized
    async def put(self, model: str) -> None:
        """Answer the :class:`~nbops.records.RetrainPolicy` as it is then. A number that is null is the usual one."""
        place = self.writable(await self.place())
        wanted = self.typed(_FIELDS)
        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(_save, place, model, wanted, me))

    @web.authenticated
    @authorized
    async def delete(self, model: str) -> None:
        """Answer an empty object."""
        place = self.writable(await self.place())
        from nbops.scheduling.retraining import remove_policy

        me = await self.run(self.identity, place.workspace)
        await self.run(remove_policy, place.workspace, model, identity=me)
        self.answer({})


class RetrainingActHandler(NbopsHandler):
    """``POST retraining/{model}/pause``, ``resume`` and ``now``."""

    @web.authenticated
    @authorized
    async def post(self, model: str, act: str) -> None:
        """Answer the policy as it is then; ``now`` the decision with status 202: a process of its own carries it out."""
        if act not in _ACTS:
            raise NotFoundError(f"Retraining cannot be {act[:40]!r}.", hint=f"Known: {', '.join(_ACTS)}.")
        place = self.writable(await self.place())
        wanted = self.typed(_ACTS[act])
        me = await self.run(self.identity, place.workspace)
        if act == "now":
            self.answer(await self.run(begin, place.workspace, model, wanted.get("reason", ""), me), 202)
            return
        from nbops.scheduling.retraining import pause_policy

        paused = act == "pause"
        self.answer(await self.run(pause_policy, place.workspace, model, paused=paused, identity=me))


def begin(workspace: Workspace, model: str, reason: str, me: Identity) -> RetrainDecision:
    """Decide that a model is trained anew, and let a process of its own do it.

    Raises
    ------
    NotFoundError
        The model has no policy.
    """
    from nbops.scheduling import retraining

    decision = retraining.retrain_now(workspace, model, reason, identity=me)
    if decision.outcome == "queued":
        retraining.launch_retraining(workspace, decision.id)
    return decision


def _is_number_or_null(value: object) -> bool:
    return value is None or is_number(value)


def _is_whole_or_null(value: object) -> bool:
    return value is None or is_whole(value)


_SHARES = ("holdout", "min_gain", "confidence", "cool_down_hours", "budget_days")
_FIELDS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(POLICY_TEXTS, is_text),
    **dict.fromkeys(_SHARES, _is_number_or_null),
    **dict.fromkeys(("volume", "budget"), _is_whole_or_null),
    "on": are_texts,
    "parameters": are_values,
}
_ACTS: Mapping[str, Mapping[str, Callable[[object], bool]]] = {"pause": {}, "resume": {}, "now": {"reason": is_text}}
_USUAL = {one.name: one.default for one in fields(RetrainPolicy) if one.default is not MISSING}


def _view(workspace: Workspace, model: str) -> dict[str, Any]:
    from nbops.registry.reading import get_model
    from nbops.scheduling.retraining import decisions, policies

    found = next((one for one in policies(workspace) if one.model == model), None)
    decided = decisions(workspace, model, limit=DECISIONS)
    if found is None and not decided:
        # A slip in a name must not look like a model that nobody retrains.
        get_model(workspace, model)
    return {"policy": found, "decisions": decided}


def _save(place: Place, model: str, wanted: Mapping[str, Any], me: Identity) -> RetrainPolicy:
    from nbops.pipelines.running.options import given_parameters
    from nbops.scheduling.retraining import build, policies, set_policy
    from nbops.scheduling.retraining.checking import check_policy

    workspace, faults = place.workspace, Faults()
    before = next((one for one in policies(workspace) if one.model == model), None)
    given = {name: _USUAL[name] if value is None else value for name, value in wanted.items()}
    if "on" in given:
        given["on"] = tuple(given["on"])
    if "parameters" in given:
        with faults.about("parameters"):
            given["parameters"] = given_parameters(f"{name}={text}" for name, text in given["parameters"].items())
    # What was declared elsewhere may lie anywhere; what a page asks for may not.
    if given.get("pipeline") and (before is None or given["pipeline"] != before.pipeline):
        with faults.about("pipeline"):
            pipeline_path(place, given["pipeline"])
    if given.get("source") and (before is None or given["source"] != before.source):
        with faults.about("source"):
            confine(workspace, given["source"])
    policy = build(model, given) if before is None else replace(before, **given)
    if faults:
        check_policy(workspace, policy, faults)
    return set_policy(workspace, policy, identity=me)


def model_of(monitored: str) -> str:
    """Give the name of a monitor's model, without the target it is looked at by.

    Raises
    ------
    UsageError
        It watches none.
    """
    model = monitored.partition("@")[0].strip()
    if not model:
        raise UsageError("The monitor watches no model, so there is nothing to train anew.")
    return model
