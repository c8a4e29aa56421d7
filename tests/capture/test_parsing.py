"""Parsing in many threads at once gives every thread its tree (Python 3.11 raises SystemError now and then)."""

import ast
from concurrent.futures import ThreadPoolExecutor

from nbops.capture.parsing import parse

_SOURCE = "\n".join(
    f"x{i} = [f(a, b={i}) for a in range({i}) if (a + {i}) * [1, (2, {{3: 4}})][0]]" for i in range(200)
)


def test_many_threads():
    whole = ast.dump(ast.parse(_SOURCE))
    with ThreadPoolExecutor(6) as pool:
        assert all(ast.dump(tree) == whole for tree in pool.map(parse, [_SOURCE] * 24))
