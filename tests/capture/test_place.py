"""Where a cell stands."""

from __future__ import annotations

from dataclasses import replace

from nbops.capture import analyse
from nbops.capture.place import key_of, locate


def test_the_front_end_tells():
    found = locate({"nbops": {"path": "a/b.ipynb", "cell_id": "c1", "root": "/srv"}}, {}, {}, execution_count=4)
    assert (found.notebook, found.cell_id, found.execution_count, found.source) == (
        "/srv/a/b.ipynb",
        "c1",
        4,
        "jupyterlab",
    )


def test_without_a_root_the_session_name_helps():
    environ = {"JPY_SESSION_NAME": "/srv/a/b.ipynb"}
    assert locate({"nbops": {"path": "a/b.ipynb"}}, {}, environ).notebook == "/srv/a/b.ipynb"
    # Renamed since the kernel was started.
    assert locate({"nbops": {"path": "a/new.ipynb"}}, {}, environ).notebook == "/srv/a/new.ipynb"
    assert locate({"nbops": {"path": "RTC:a/b.ipynb"}}, {}, environ).notebook == "/srv/a/b.ipynb"


def test_other_sources_in_order():
    environ = {"NBOPS_NOTEBOOK": "/p/stage.ipynb", "JPY_SESSION_NAME": "/srv/x.ipynb"}
    assert locate({}, {}, environ).source == "papermill"
    code = locate({"cellId": "vscode-notebook-cell:/n.ipynb#W1"}, {"__vsc_ipynb_file__": "/n.ipynb"}, {})
    assert (code.source, code.notebook, code.cell_id) == ("vscode", "/n.ipynb", "W1")
    assert locate({"cellId": "c2"}, {}, {"JPY_SESSION_NAME": "/srv/x.ipynb"}).source == "jupyter-server"
    assert locate(None, {}, {}).source == "ipython"


def test_odd_metadata_is_no_trouble():
    assert locate({"nbops": "text", "cellId": 3}, {"__vsc_ipynb_file__": 1}, {}).notebook == ""


def test_the_key_is_stable_where_it_should_be():
    cell = locate({"nbops": {"path": "/b.ipynb", "cell_id": "c1"}}, {}, {})
    assert key_of(cell, "/x", analyse("a = 1")) == key_of(replace(cell, execution_count=9), "/y", analyse("b = 2"))
    nowhere = locate(None, {}, {})
    first = key_of(nowhere, "/x", analyse("m = SVC(C=1)"))
    assert first == key_of(nowhere, "/x", analyse("m = SVC(C=2)"))
    assert first != key_of(nowhere, "/x", analyse("m = LinearSVC(C=2)"))
    assert first != key_of(nowhere, "/z", analyse("m = SVC(C=1)"))
