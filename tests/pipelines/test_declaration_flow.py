"""Cut into stages, a notebook gives what it gives when its cells run one after the other."""

from __future__ import annotations

import copy
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbops.pipelines.outputs import FOLDER, read_outputs
from nbops.pipelines.passing import parameters_of
from nbops.pipelines.spec import load_pipeline

_NUMBERS, _LISTS = st.sampled_from("ijk"), st.sampled_from("uvw")
_SETUP = "i, j, k = 1, 2, 3\nu, v, w = [1], [2], [3]\nd = {}\ndef look():\n    return i + len(u)"
_STATEMENTS = st.one_of(
    st.tuples(_NUMBERS, _NUMBERS).map("{0[0]} = {0[1]} + 1".format),
    st.tuples(_NUMBERS, _LISTS).map("{0[0]} = sum({0[1]})".format),
    st.tuples(_LISTS, _LISTS, _NUMBERS).map("{0[0]} = {0[1]} + [{0[2]}]".format),
    st.tuples(_LISTS, _NUMBERS).map("{0[0]}.append({0[1]})".format),
    st.tuples(_LISTS, _NUMBERS).map("{0[0]}[0] = {0[1]}".format),
    st.tuples(_LISTS, _NUMBERS).map("{0[0]} += [{0[1]}]".format),
    st.tuples(_LISTS, _NUMBERS).map("if {0[1]} % 2:\n    {0[0]}.insert(0, {0[1]})".format),
    st.tuples(_NUMBERS, _LISTS).map("for {0[0]} in [*{0[1]}, 7]:\n    pass".format),
    st.tuples(_NUMBERS, _LISTS).map("{0[0]} = max([one * 2 for one in {0[1]}])".format),
    _NUMBERS.map("d['{0}'] = {0}".format),
    _NUMBERS.map("{0} = look()".format),
    st.just("def own():\n    return k + d.get('k', 0)\nj = own()"),
)
_CELLS = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c", "d"]), _STATEMENTS), min_size=1, max_size=9)
_NAMES = ("i", "j", "k", "u", "v", "w", "d")


def _in_stages(path, folder):
    """Run the notebooks of the stages in one process; give the values of each variable in the order of the stages."""
    pipeline = load_pipeline(path)
    outputs, found = {}, {}
    for stage in pipeline.stages:
        namespace = {"__name__": "__main__"}
        values = folder / stage.slug
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(FOLDER, str(values))
            namespace |= copy.deepcopy(parameters_of(pipeline, stage, outputs).injected)
            for cell in json.loads(stage.notebook.read_text())["cells"]:
                exec(cell["source"], namespace)
        outputs[stage.name] = read_outputs(values) if values.is_dir() else {}
        found[stage.name] = {name: namespace[name] for name in _NAMES}
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_CELLS)
def test_stages_give_what_the_whole_notebook_gives(project, cells):
    shutil.rmtree(project.folder / ".nbops", ignore_errors=True)
    tags = [f"stage:{name}" if name else "" for name, _ in cells]
    tags[0] = tags[0] or "stage:a"
    # A stage that goes on further down may close a circle; that is told, and not what is looked at here.
    seen = [tag for tag in tags if tag]
    blocks = [tag for tag, before in zip(seen, [None, *seen], strict=False) if tag != before]
    if len(set(blocks)) < len(blocks):
        names = iter(range(100))
        tags = [f"stage:s{next(names)}" if tag else "" for tag in tags]
    path = project.tagged(("", _SETUP), *zip(tags, (source for _, source in cells), strict=True))
    whole: dict = {}
    exec(_SETUP, whole)
    wanted, stage = {}, ""
    for tag, (_, source) in zip(tags, cells, strict=True):
        stage = tag.removeprefix("stage:") or stage
        exec(source, whole)
        wanted[stage] = copy.deepcopy({name: whole[name] for name in _NAMES})
    found = _in_stages(path, project.folder / "values")
    shutil.rmtree(project.folder / "values", ignore_errors=True)
    read = {stage.name: set(stage.source.receives) for stage in load_pipeline(path).stages}
    for name, values in found.items():
        # What a stage neither takes nor makes is as it stands before all of them.
        touched = {one for one in _NAMES if values[one] != _BEFORE[one]} | read[name]
        assert {one: values[one] for one in touched} == {one: wanted[name][one] for one in touched}


_BEFORE: dict = {}
exec(_SETUP, _BEFORE)
