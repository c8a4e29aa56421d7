"""A forked kernel against a normal one."""

from __future__ import annotations

import json
import re

# What a cell can see of its kernel, as JSON.
STATE = """
def state():
    import gc, json, locale, logging, os, signal, sys, warnings
    import __main__
    shell = get_ipython()
    own = "nbops-"
    return json.dumps({
        "filters": [repr(each) for each in warnings.filters],
        "path": sys.path,
        "folder": os.getcwd(),
        "argv": [word for word in sys.argv if own not in word],
        "orig_argv": [word for word in sys.orig_argv if own not in word],
        "flags": repr(sys.flags), "options": repr(sys._xoptions),
        "environment": {n: v for n, v in os.environ.items() if n != "_MLFLOW_TELEMETRY_SESSION_ID"},
        "main": sorted(vars(__main__)),
        "names": sorted(shell.user_ns),
        "hidden": sorted(shell.user_ns_hidden),
        "folders": [str(each) for each in _dh],
        "start": shell.starting_dir,
        "signals": {str(n): str(signal.getsignal(n)) for n in signal.valid_signals()},
        "root": [str(logging.root.level), str(logging.root.handlers)],
        "gc": [gc.isenabled(), gc.get_threshold()],
        "app": str(type(shell.parent.parent)),
        "leader": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
        "packages": sorted({n.partition(".")[0] for n in sys.modules} - set(sys.stdlib_module_names)),
        "limits": sys.getrecursionlimit(), "locale": locale.setlocale(locale.LC_ALL), "interpreter": sys.executable,
    })
print(state())
"""

# One after the other in one kernel; what each shows and leaves behind is compared.
CELLS = {
    "nothing": "",
    "output": "import os, sys; print('high'); print('wrong', file=sys.stderr); print(repr(os.read(0, 9)))",
    "environment": "from nbops.capture.environment import read_environment; print(read_environment())",
    "warnings": "import warnings; warnings.warn('old', DeprecationWarning); warnings.warn('soon', FutureWarning)",
    "errors": "1 / 0",
    "numbers": "import numpy as np, random; random.seed(1); np.random.seed(2); print(random.random(), np.random.rand(3))",
    "frames": "import pandas as pd; frame = pd.DataFrame({'a': [1, 2], 'b': list('xy')}); frame",
    "models": """
from sklearn.ensemble import RandomForestClassifier
X = np.random.default_rng(0).random((300, 4))
print(RandomForestClassifier(20, random_state=0).fit(X, X[:, 0] > 0.5).predict_proba(X[:5]).tolist())
""",
    "figures": "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show(); print(plt.get_backend(), sorted(plt.rcParams.items()))",
    "mlflow": "import mlflow, tqdm.auto; print(tqdm.auto.tqdm); print(read_environment())",
    "options": "print([(name, pd.get_option(name)) for name in sorted(dir(pd.options))])",
    "metadata": "import importlib.metadata; print(importlib.metadata.version('numpy'), importlib.util.find_spec('torch_is_not_here'))",
}
PROCESS = re.compile(r"(?<=ipykernel_)\d+")


def test_a_forked_kernel_is_as_a_normal_one(large):
    forked, normal = (large.kernel(warm=warm, FOO="bar", JPY_SESSION_NAME="here.ipynb") for warm in (True, False))
    assert (forked.how, normal.how) == ("forked", "normal")
    for name, cell in CELLS.items():
        shown, expected = forked.run(cell), normal.run(cell)
        assert PROCESS.sub("", shown) == PROCESS.sub("", expected), name
        state, wanted = json.loads(forked.run(STATE)), json.loads(normal.run(STATE))
        for what, value in wanted.items():
            assert state[what] == value, f"{what} after {name}"


def test_siblings_draw_different_random_numbers(large):
    draw = "import random, numpy as np, uuid, multiprocessing as mp; print(random.random(), np.random.rand(), mp.current_process().authkey.hex())"
    drawn = [large.kernel().run(draw).split() for _ in range(3)]
    for each in zip(*drawn, strict=True):
        assert len(set(each)) == 3


def test_threads_and_libraries_work_after_the_fork(large):
    kernel = large.kernel()
    assert kernel.how == "forked"
    shown = kernel.run("""
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from concurrent.futures import ProcessPoolExecutor
X = np.random.default_rng(0).random((3000, 50)); y = X[:, 0] > 0.5
assert RandomForestClassifier(20, n_jobs=2).fit(X, y).score(X, y) > 0.9
assert KNeighborsClassifier(n_jobs=2).fit(X, y).score(X, y) > 0.5
assert np.allclose(X.T @ X, np.einsum("ij,ik->jk", X, X)) and np.linalg.svd(X)[1][0] > 0
pd.DataFrame(X).add_prefix("c").to_parquet("frame.parquet"); assert pd.read_parquet("frame.parquet").shape == X.shape
with ProcessPoolExecutor(2) as pool: print(list(pool.map(abs, [-1, -2])))
from joblib import Parallel, delayed
print(Parallel(n_jobs=2)(delayed(abs)(number) for number in (-3, -4)))
""")
    assert shown == "[1, 2]\n[3, 4]\n"


def test_what_a_user_has_written_runs_in_the_kernels_own_place(place, tmp_path, monkeypatch):
    """Kernels that wait were made elsewhere, before anybody knew the folder and the variables."""
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00-mine.py").write_text(
        "import os; seen = (os.getcwd(), os.environ['FLAVOUR'], __session__)\n"
    )
    monkeypatch.setenv("IPYTHONDIR", str(profile.parent))
    place.environment["IPYTHONDIR"] = str(profile.parent)
    assert place.ensure() == ""
    kernel = place.kernel(FLAVOUR="vanilla", JPY_SESSION_NAME="a.ipynb")
    assert kernel.how == "forked"
    assert kernel.run("print(seen)") == f"{(str(place.folder), 'vanilla', 'a.ipynb')}\n"
    (profile / "ipython_kernel_config.py").write_text("c.InteractiveShellApp.exec_lines = ['mine = 1']\n")
    kernel = place.kernel(FLAVOUR="vanilla", JPY_SESSION_NAME="a.ipynb")
    assert kernel.how == "forked"
    assert kernel.run("print(mine)") == "1\n"
