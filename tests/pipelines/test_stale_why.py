"""Why a stage would run: every difference from its last good run, told so that a person can act on it."""

from __future__ import annotations

import json
import os

import pytest

from nbops.cli import main
from nbops.errors import PipelineError
from nbops.pipelines.staleness.explain import why
from nbops.views.explanation import explanation_html, explanation_text

_TEXT = (
    'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ninputs = ["in.txt"]\noutputs = ["made.txt"]\nparameters = {scale = 4, key_token = "abcdefgh"}\n'
    '[stages.a.environment]\nMODE = "slow"\n[stages.b]\nnotebook = "b.ipynb"\nafter = ["a"]\n[stages.c]\nnotebook = "c.ipynb"\nafter = ["b"]\n'
)


def _write(project, **files):
    for name, text in files.items():
        path = project.folder / name.replace("__", "/", 1)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def _told(found) -> list[str]:
    return [item.told for item in found.differences]


def test_everything_that_differs_is_told(project, capsys):
    project.notebook(
        "a.ipynb",
        "from lib import words\nx = scale\nif fail:\n    raise ValueError",
        "open('made.txt', 'w').write('m')",
        parameters="scale = 1\nfail = False\nkey_token = ''",
        outputs=["x"],
    )
    project.notebook("b.ipynb", "y = x + 1", parameters="x = 0", outputs=["y"])
    project.notebook("c.ipynb", "z = y", parameters="y = 0")
    _write(
        project,
        **{
            "in.txt": "one",
            "lib__words.py": "from lib import more\n",
            "lib__more.py": "ONE = 1\n",
            "lib____init__.py": "",
        },
    )
    project.pipeline(_TEXT)
    assert {(item.stage, item.status, item.reason) for item in why(project.file)} == {
        ("a", "stale", "never ran"),
        ("b", "stale", "never ran"),
        ("c", "stale", "never ran"),
    }
    built = project.run()
    assert built.status == "succeeded", built.error
    assert [(item.status, item.differences) for item in why(project.file)] == [("current", ())] * 3

    # All at once; the code of c is changed as well.
    project.notebook(
        "a.ipynb",
        "# a remark",
        "from lib import words\nx = scale * 2\nif fail:\n    raise ValueError",
        "open('made.txt', 'w').write('m')",
        parameters="scale = 1\nfail = False\nkey_token = ''",
        outputs=["x"],
    )
    project.notebook("c.ipynb", "z = y - 1", parameters="y = 0")
    _write(project, **{"in.txt": "two", "lib__more.py": "ONE = 2\n"})
    project.pipeline(
        _TEXT.replace("scale = 4", "scale = 6")
        .replace("abcdefgh", "hgfedcba")
        .replace('"slow"', '"fast"')
        .replace('"made.txt"]', '"made.txt", "x"]')
    )
    a, b, c = why(project.file)
    assert (a.status, a.reason, a.run_id) == ("stale", "parameter scale changed 4 -> 6", built.stage("a").run_id)
    assert _told(a) == [
        "parameter scale changed 4 -> 6",
        "parameter key_token changed",
        "notebook cell 4 edited",
        "input in.txt changed",
        "module lib/more.py changed",
        "environment variable MODE changed",
    ]
    by_part = {item.part: item for item in a.differences}
    assert "-x = scale\n+x = scale * 2" in by_part["code"].diff
    assert by_part["module"].through == ("a.ipynb", "lib/words.py")
    assert (by_part["environment"].old, by_part["environment"].new) == ("slow", "fast")
    text = explanation_text((a, b, c))
    assert "abcdefgh" not in text + json.dumps([item.old for item in a.differences])
    assert "(by a.ipynb -> lib/words.py -> lib/more.py)" in text
    assert (b.status, b.differences) == ("waits", ())
    assert "a, which comes before" in b.reason
    assert (c.status, _told(c)) == ("stale", ["notebook cell 3 edited"])
    assert [item.stage for item in why(project.file, "c")] == ["c"]
    html = explanation_html((a, b, c))
    assert "<script" not in html
    assert "+x = scale * 2" in html

    assert main(["pipeline", "why", str(project.file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["status"] for item in found] == ["stale", "waits", "stale"]
    assert main(["pipeline", "why", str(project.file), "a", "--set", "a.fail=true"]) == 0
    assert "parameter fail is now true" in capsys.readouterr().out
    with pytest.raises(PipelineError, match="no stage 'd'"):
        why(project.file, "d")

    # What is kept is told of; what has failed since is not what differences are against.
    project.pipeline(_TEXT.replace("scale = 4", "scale = 4, fail = true"))
    assert project.run().status == "failed"
    a, *_ = why(project.file)
    assert a.reason == "failed last time"
    assert "parameter fail is now true" in _told(a)
    assert a.run_id == built.stage("a").run_id
    project.notebook(
        "a.ipynb",
        "from lib import words\nx = scale\nif fail:\n    raise ValueError",
        "open('made.txt', 'w').write('m')",
        parameters="scale = 1\nfail = False\nkey_token = ''",
        outputs=["x"],
    )
    _write(project, **{"in.txt": "one", "lib__more.py": "ONE = 1\n"})
    project.pipeline(_TEXT)
    a, *_ = why(project.file)
    assert (a.status, a.differences, a.cached) == ("stale", (), True)
    (project.folder / "made.txt").unlink()
    assert project.run().stage("a").status == "skipped"
    (project.folder / "made.txt").write_text("edited")
    a, *_ = why(project.file)
    assert _told(a) == ["output made.txt is gone or changed"]
    assert os.listdir(project.folder / ".nbops" / "pipelines" / "p" / "good")
