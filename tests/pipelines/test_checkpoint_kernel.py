"""Going on from a failed cell, in real kernels: the end is that of a notebook that never failed."""

from __future__ import annotations

import json
from pathlib import Path

from nbops.pipelines.executing.execution import Executed, Task, execute
from nbops.pipelines.outputs import FOLDER, read_outputs

_HELPER = """
LIMIT, SEEN = 1, []
class Point:
    def __init__(self, x): self.x = x
def see(x):
    SEEN.append(x)
    return LIMIT
"""

_CELLS = [
    (
        "%load_ext nbops\nimport logging, math, os, random, sys, warnings\nimport numpy as np, pandas as pd\nimport xml.dom.minidom\nfrom random import randint\n"
        "from helper import SEEN, Point\nimport helper, nbops\nrandom.seed(1); np.random.seed(2)"
    ),
    (
        "from dataclasses import dataclass\nfrom enum import Enum\nfrom functools import lru_cache\n"
        "class Counter:\n    made = 0\n    def __init__(self):\n        Counter.made += 1\n    def value(self): return total + Counter.made\n"
        "@dataclass\nclass Row:\n    x: int\nclass Colour(Enum):\n    RED = 1\n"
        "factor, total = 3, 10\ndef scale(value): return value * factor\n@lru_cache\ndef cached(value): return scale(value)"
    ),
    (
        "first = [1, 2]; second = first; third = {'list': first}; keys = third.keys()\ncounters = [Counter(), Counter()]\n"
        "point = Point(3); row = Row(4); red = Colour.RED; generator = np.random.default_rng(3); generator.random()\n"
        "frame = pd.DataFrame({'x': [1, 2], 's': ['u', 'v']}); column = frame['x']; numbers = iter([1, 2, 3]); next(numbers)\n"
        "helper.LIMIT = 7; helper.see(5)\nopen_file = open('helper.py')"
    ),
    (
        "os.environ['FROM_A_CELL'] = 'set'; os.environ.pop('TO_GO'); os.makedirs('below', exist_ok=True); os.chdir('below'); sys.path.append('/more')\n"
        "pd.set_option('display.max_rows', 7); np.set_printoptions(precision=3); warnings.filterwarnings('ignore', message='zzz')\n"
        "logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(message)s')\nnbops.output('early', {'n': 1})\n"
        "print('shown', len(password)); _ = random.random(), randint(1, 5)"
    ),
    "made = np.random.rand(2)\nmade",
    "drawn = random.random(), np.random.rand()\nif not os.path.exists('../ok'):\n    late = 1\n    raise ValueError('not yet')\nprint(drawn)",
    (
        "factor = 5\nsecond.append(3)\nprint(first is second, third['list'] is first, list(keys), first, scale(2), cached(1), total, Counter.made)\n"
        "print([one.value() for one in counters], isinstance(counters[0], Counter), row == Row(4), red is Colour.RED, type(point) is helper.Point)\n"
        "print(SEEN is helper.SEEN, helper.see(6), SEEN, os.getcwd()[-5:], os.environ['FROM_A_CELL'], 'TO_GO' in os.environ, '/more' in sys.path)\n"
        "print(pd.get_option('display.max_rows'), next(numbers), int(column.sum()), frame.to_dict(), xml.dom.minidom.__name__, password)"
    ),
    (
        "print(random.random(), randint(1, 1000), np.random.rand(), generator.random(), np.array([1 / 3]), Out[7])\n"
        "print(sorted(str(one[1]) for one in warnings.filters if 'zzz' in str(one[1])))\nlogging.info('logged')\ntry:\n    late\nexcept NameError:\n    print('late is not there')"
    ),
    "%%track\nscore = 0.5",
]


def _book(project, cells, tagged=(), **options) -> Path:
    path = project.notebook("a.ipynb", *cells, **options)
    content = json.loads(path.read_text())
    for number in tagged:
        content["cells"][number - 1]["metadata"]["tags"] = ["checkpoint"]
    path.write_text(json.dumps(content))
    return path


def _run(project, name: str, resume: str = "", **options) -> Executed:
    place = project.folder / name
    (place / "outputs").mkdir(parents=True)
    given = {
        "parameters": {}, "variables": (), "folder": project.folder, "target": place / "a.ipynb", "on_cell": lambda at: None,
        "environment": {FOLDER: str(place / "outputs"), "TO_GO": "here", "NBOPS_WORKSPACE": str(project.folder)},
        "checkpoint": place / "checkpoint", "resume": project.folder / resume / "checkpoint" if resume else None,
    }  # fmt: skip
    return execute(Task(source=project.folder / "a.ipynb", **given | options))


def _shown(done: Executed) -> list:
    return [
        (
            cell.get("execution_count"),
            [(output.get("text"), output.get("data", {}).get("text/plain")) for output in cell.get("outputs", [])],
        )
        for cell in done.notebook.cells
    ]


def test_a_notebook_that_goes_on_ends_as_one_that_never_failed(project):
    (project.folder / "helper.py").write_text(_HELPER)
    _book(project, _CELLS, parameters="password = ''")
    given = {"parameters": {"password": "hunter2hunter2"}, "variables": ["score"]}
    failed = _run(project, "one", **given)
    assert (failed.failure.cell, failed.failure.message) == (8, "not yet")
    assert (failed.checkpoint, failed.checkpoint_cell, failed.checkpoint_problem) == (True, 8, "")
    kept = [path for path in (project.folder / "one" / "checkpoint").rglob("*") if path.is_file()]
    assert not any(b"hunter2hunter2" in path.read_bytes() for path in kept)

    (project.folder / "ok").write_text("")
    resumed = _run(project, "two", resume="one", **given)
    assert (resumed.failure, resumed.resumed) == (None, "from cell 8")
    assert not (project.folder / "two" / "checkpoint").exists()
    whole = _run(project, "three", **given)
    assert whole.failure is None
    # The first cells are those of the run that failed; what is random in them is so by its seed.
    assert _shown(resumed)[:-2] == _shown(whole)[:-2]
    assert "late is not there" in str(_shown(resumed))
    found = [read_outputs(project.folder / name / "outputs") for name in ("two", "three")]
    assert found[0] == found[1]
    assert (found[0]["early"].value, found[0]["score"].value) == ({"n": 1}, 0.5)


def test_of_a_cell_that_changed_something_the_state_before_counts(project):
    """A state is kept unasked when enough work has come together, and by the tag."""
    cells = [
        "import os, time, signal\nitems = []\nmodel = {'fitted': False}\ntime.sleep(1.2)",
        "items.append(1)\nprint('second')",
        "items.append(2)\nif not os.path.exists('ok'):\n    raise ValueError",
        "table = (row for row in items)\nitems.append(3)",
        "if not os.path.exists('fine'):\n    os.kill(os.getpid(), signal.SIGKILL)\nprint(items)",
    ]
    _book(project, cells)
    failed = _run(project, "one")
    assert (failed.checkpoint, failed.checkpoint_cell) == (True, 3)
    assert failed.checkpoint_problem == "cell 4 may have changed 'items' before it failed"

    # Cells may be mended on the way, those before the kept state aside.
    (project.folder / "ok").write_text("")
    cells[3] = "items.append(4)"
    _book(project, cells, tagged=[5])
    killed = _run(project, "two", resume="one")
    assert killed.resumed == "from cell 3"
    assert (killed.failure.cell, killed.failure.type) == (6, "DeadKernelError")
    assert (killed.checkpoint, killed.checkpoint_cell) == (True, 6)

    (project.folder / "fine").write_text("")
    done = _run(project, "three", resume="two")
    assert (done.failure, done.resumed) == (None, "from cell 6")
    assert _shown(done)[2] == (2, [("second\n", None)])
    assert _shown(done)[5] == (5, [("[1, 2, 4]\n", None)])


def test_what_cannot_be_kept_is_named_and_what_is_spoilt_starts_again(project):
    cells = [
        "import os, sqlite3\nconnection = sqlite3.connect(':memory:')",
        "class Odd:\n    def __reduce__(self): return open, ('spoilt',)\nodd = Odd() if os.path.exists('odd') else 1\nprint('again')",
        "if not os.path.exists('ok'):\n    raise ValueError",
        "connection.execute('select 1')",
    ]
    _book(project, cells)
    failed = _run(project, "one")
    assert not failed.checkpoint
    assert failed.checkpoint_problem == "'connection' is a sqlite3.Connection"

    _book(project, [*cells[:3], "odd"])
    (project.folder / "odd").write_text("")
    failed = _run(project, "two", resume="one")
    assert failed.resumed == "from the start: no state was kept"
    assert failed.checkpoint_cell == 4
    (project.folder / "ok").write_text("")
    done = _run(project, "three", resume="two")
    assert done.failure is None
    assert done.resumed.startswith("from the start: FileNotFoundError: [Errno 2] No such file or directory: 'spoilt'")
    assert _shown(done)[2] == (2, [("again\n", None)])
