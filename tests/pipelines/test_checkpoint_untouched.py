"""What a cell that raised may have changed before it did."""

from __future__ import annotations

import contextlib
import linecache
import types

import pytest

from nbops.pipelines.checkpoints.untouched import ANYTHING, changed

_EARLIER = """
import json, math, os, random, re, statistics
from collections import defaultdict
from pathlib import Path
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
items, numbers, table = [1, 2], {"a": [1]}, pd.DataFrame({"x": [1, 2]})
array, name, limit, place = np.array([1, 2]), "text", 5, Path("a.csv")
model, rows = LinearRegression(), iter([1, 2])
class Thing:
    def __init__(self, what): self.what = what
    def grow(self): items.append(self.what)
thing = Thing(1)
def pure(values): return sum(value * limit for value in values)
def adds(values): values.append(1)
def adds_global(): items.append(1)
def rebinds():
    global limit
    limit = 6
def calls(values): return adds(values)
def twice(function, values): return [function(value) for value in values]
"""


def _touched(source: str, line: int | None = None) -> tuple[str, ...]:
    """Execute earlier cells and this one in a namespace as a kernel has it, then ask."""
    module = types.ModuleType("__main__")
    cells = vars(module)
    # As a kernel does it, so that the source of functions can be had.
    for file, text in (("<earlier>", _EARLIER), ("<cell>", source)):
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    exec(compile(_EARLIER, "<earlier>", "exec"), cells)
    before = [name for name in cells if not name.startswith("__")]
    with contextlib.suppress(BaseException):
        exec(compile(source, "<cell>", "exec"), cells)
    return changed(source, line or len(source.splitlines()), cells, before)


@pytest.mark.parametrize(
    "source",
    [
        "raise ValueError(f'no {name}')",
        "assert len(items) > 5, table.shape",
        "if not place.exists(): raise FileNotFoundError(place)",
        "fresh = pd.read_csv(place)",
        "table['missing']",
        "part = table[table.x > limit].copy()\npart['y'] = 1\n1 / 0",
        "means = table.groupby('x').mean()\nprint(means, array.sum(), np.mean(array))\nmissing_name",
        "new = LinearRegression().fit(table[['x']], array)\nnew.score(table, items, 5)",
        "own = []\nown.append(1)\nown += [2]\nfor number in range(3): own.append(number)\nraise KeyError",
        "pure(items)\n1 / 0",
        "value = pure([1, 2]) + math.sqrt(limit)\njson.dumps(numbers)\nraise ValueError",
        "items = undefined",  # it raised before it was bound
        "first, *others = table.missing",
        "import numpy as np\nimport os.path\nfrom pathlib import Path\n1 / 0",
        "def later(): items.append(1)\n1 / 0",
        "later = lambda: items.append(1)\nraise ValueError",
        "[str(item) for item in items if item > limit]\nsorted(items, key=lambda one: -one)\n1 / 0",
        "with open('missing') as file: file.read()",
        "random.random(); np.random.rand(); os.environ.get('A'); re.sub('a', 'b', name)\n1 / 0",
        "twice(pure, [[1]])\n1 / 0",
        "Thing(5)\n1 / 0",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError(name) from error",
        "os.environ['A'] = 'b'\n1 / 0",
    ],
)
def test_cells_that_leave_everything_as_it_was(source):
    assert _touched(source) == ()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("items.append(3)\n1 / 0", {"items"}),
        ("alias = items\nalias.append(1)\n1 / 0", {"items"}),
        ("both = [items, numbers]\nboth[0].append(1)\n1 / 0", {"items", "numbers"}),
        ("own = []\nown.append(items)\nown[0].append(1)\n1 / 0", {"items"}),
        ("table['y'] = 1\n1 / 0", {"table"}),
        ("table.loc[0, 'x'] = 1\n1 / 0", {"table"}),
        ("table.attrs['a'] = 1\n1 / 0", {"table"}),
        ("view = array[1:]\nview[0] = 5\n1 / 0", {"array"}),
        ("table.drop(columns='x', inplace=True)\n1 / 0", {"table"}),
        ("np.add(array, 1, out=array)\n1 / 0", {"array"}),
        ("model.fit(table, array)\n1 / 0", {"model", "table", "array"}),
        ("limit = limit + 1\n1 / 0", {"limit"}),
        ("limit += 1\n1 / 0", {"limit"}),
        ("array += 1\n1 / 0", {"array"}),
        ("del name\n1 / 0", {"name"}),
        ("next(rows)\n1 / 0", {"rows"}),
        ("for row in rows: pass\n1 / 0", {"rows"}),
        ("list(rows)\n1 / 0", {"rows"}),
        ("adds(items)\n1 / 0", {"items"}),
        ("calls(items)\n1 / 0", {"items"}),
        ("adds_global()\n1 / 0", {"items"}),
        ("rebinds()\n1 / 0", {"limit"}),
        ("thing.grow()\n1 / 0", {"thing"}),
        ("Thing.count = 1\n1 / 0", {"Thing"}),
        ("twice(adds, [items])\n1 / 0", {"items"}),
        ("list(map(lambda one: items.append(one), [1]))\n1 / 0", {"items"}),
        ("table.x.apply(lambda one: numbers.update(b=one))\n1 / 0", {"numbers"}),
        ("def mine(): items.append(1)\nmine()\n1 / 0", {"items"}),
        ("(lambda: items.append(1))()\n1 / 0", {"items"}),
        ("random.shuffle(items)\n1 / 0", {"items"}),
        ("for key in numbers: numbers[key].append(1)\n1 / 0", {"numbers"}),
        ("try:\n    mine = items\n    1 / 0\nexcept Exception:\n    mine.append(1)\n    raise", {"items"}),
        ("for _ in range(2):\n    try: mine.append(1)\n    except NameError: pass\n    mine = items\n1 / 0", {"items"}),
        ("exec('items.append(1)')\n1 / 0", {ANYTHING}),
        ("from os import *\n1 / 0", {ANYTHING}),
        ("match limit:\n    case 5: items.append(1)\n1 / 0", {ANYTHING}),
        ("get_ipython().run_line_magic('time', 'items.append(1)')\n1 / 0", {ANYTHING}),
    ],
)
def test_cells_that_may_have_changed_something(source, names):
    assert set(_touched(source)) & names
    if ANYTHING not in names:
        assert names <= set(_touched(source))


def test_what_comes_after_the_line_that_raised_does_not_count():
    source = "1 / 0\nitems.append(1)"
    assert _touched(source, 1) == ()
    assert _touched(source, 2) == ("items",)
    assert changed("items.append(", 1, {}, []) == (ANYTHING,)
    assert changed("items.append(1)", None, {}, ["items"]) == ()
