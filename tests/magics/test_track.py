"""``%%track`` in a real kernel and in a plain IPython shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from jupyter_client import KernelManager

RUN_MIME = "application/vnd.nbops.run.v1+json"


class Kernel:
    """A kernel that says what a cell showed."""

    def __init__(self, folder, **environment):
        # Not over TCP: the port chosen for a kernel may be another kernel's by the time it binds it.
        self.manager = KernelManager(transport="ipc", ip=os.path.join(tempfile.mkdtemp(prefix="nbops-"), "kernel"))
        self.manager.start_kernel(cwd=str(folder), env={**os.environ, **environment})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code, **options):
        shown = []
        reply = self.client.execute_interactive(code, output_hook=shown.append, timeout=90, **options)
        return Shown(shown, reply["content"])

    def send(self, code, metadata):
        """Run a cell with metadata on the request, as a front end does."""
        message = self.client.session.msg("execute_request", {"code": code, "silent": False, "store_history": True})
        message["metadata"] = metadata
        self.client.shell_channel.send(message)
        shown = []
        while True:
            found = self.client.get_iopub_msg(timeout=60)
            if found["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if found["msg_type"] == "status" and found["content"]["execution_state"] == "idle":
                return Shown(shown, {})
            shown.append(found)

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        shutil.rmtree(os.path.dirname(self.manager.ip))


class Shown:
    """What one cell showed."""

    def __init__(self, messages, reply):
        self.messages, self.reply = messages, reply

    def stream(self, name):
        return "".join(
            m["content"]["text"] for m in self.messages if m["msg_type"] == "stream" and m["content"]["name"] == name
        )

    @property
    def cards(self):
        bundles = [m["content"].get("data", {}) for m in self.messages]
        return [bundle[RUN_MIME] for bundle in bundles if RUN_MIME in bundle]

    @property
    def run(self):
        (card,) = self.cards
        return card["run"]

    @property
    def results(self):
        return [m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] == "execute_result"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("tracked")
    (found / "nbops.toml").write_text('experiment = "tests"\ncourier = false\n')
    return found


@pytest.fixture(scope="module")
def kernel(folder):
    started = Kernel(folder)
    started.run("%load_ext nbops")
    yield started
    started.stop()


def test_a_run_and_its_card(kernel):
    shown = kernel.run("%%track named --tag a=1\nprint('hi')\nx = sum([0.5, 1])\nx")
    run = shown.run
    assert (run["name"], run["experiment"], run["tags"], run["status"]) == ("named", "tests", {"a": "1"}, "FINISHED")
    assert run["metrics"] == {"x": 1.5}
    assert run["stdout"] == "hi\n"
    assert run["code"] == "print('hi')\nx = sum([0.5, 1])\nx"
    assert shown.results == ["1.5"]
    assert set(shown.messages[-2]["content"]["data"]) == {RUN_MIME, "text/html", "text/plain"}


def test_a_second_run_of_a_cell_is_compared(kernel):
    kernel.run("%%track\nrate = 0.1\nloss = rate * 3")
    card = kernel.run("%%track\nrate = 0.2\nloss = rate * 3").cards[0]
    assert card["run"]["attempt"] == 2
    changed = {c["name"]: (c["before"], c["after"]) for c in card["changes"]}
    assert changed["rate"] == ("0.1", "0.2")
    assert len(card["history"]) == 1


def test_the_front_end_says_where_the_cell_is(kernel, folder):
    metadata = {"cellId": "c7", "nbops": {"path": "sub/n.ipynb", "cell_id": "c7", "root": str(folder)}}
    cell = kernel.send("%%track\nx = 1.5 * 2", metadata).run["cell"]
    assert cell["notebook"] == (folder / "sub" / "n.ipynb").as_posix()
    assert (cell["cell_id"], cell["source"]) == ("c7", "jupyterlab")


@pytest.mark.parametrize(
    "code",
    [
        "%%track\n%%time\nx = 0.5 * 3",
        "%%time\n%%track\nx = 0.5 * 3",
        "%%capture box\n%%track\nx = 0.5 * 3\nprint(x)",
        "%%track\nget_ipython().run_cell('%%track\\nx = 0.5 * 3')",
        "%%track\nimport asyncio\nawait asyncio.sleep(0)\nx = 0.5 * 3",
        "get_ipython().run_cell_magic('track', '', 'x = 0.5 * 3')",
        "%%track\n!echo\nx = 0.5 * 3",
    ],
)
def test_nested_and_direct(kernel, code):
    assert len(kernel.run(code).cards) == 1
    assert kernel.run("x").results == ["1.5"]


def test_wrong_options_are_one_line_and_run_nothing(kernel):
    shown = kernel.run("%%track --nmae a\nwrong_ran = 1")
    assert shown.reply["status"] == "error"
    (message,) = [m["content"] for m in shown.messages if m["msg_type"] == "error"]
    assert message["traceback"] == ["UsageError: %%track has no option --nmae. Did you mean --name?"]
    assert shown.cards == []
    assert kernel.run("'wrong_ran' in globals()").results == ["False"]


def test_help(kernel):
    shown = kernel.run("%%track -h\nx = 1")
    assert "--experiment NAME" in shown.stream("stdout")
    assert shown.cards == []
    page = kernel.run("%%track?").reply["payload"][0]["data"]["text/plain"]
    assert "Track this cell" in page


def test_expressions_in_options(kernel):
    kernel.run("depth = 4")
    assert kernel.run("%%track --name run-{depth + 1}\ny = 1").run["name"] == "run-5"
    shown = kernel.run("%%track --name run-{nope}\ny = 2")
    assert "nbops: {nope} cannot be evaluated" in shown.stream("stderr")
    assert shown.run["status"] == "FINISHED"


def test_blank_and_silent_cells_make_no_run(kernel):
    assert kernel.run("%%track\n\n").cards == []
    assert kernel.run("%%track\nx = 1", silent=True).cards == []


def test_syntax_error_and_exception(kernel):
    assert kernel.run("%%track\ndef (:").run["error"]["type"] == "SyntaxError"
    shown = kernel.run("%%track\nx = 2\n1 / 0")
    assert shown.reply["ename"] == "ZeroDivisionError"
    assert shown.run["status"] == "FAILED"
    assert "line 2" in shown.run["error"]["traceback"]
    assert "\x1b" not in shown.run["error"]["traceback"]


@pytest.mark.parametrize(
    "code", ["import time\ntime.sleep(60)", "import asyncio\nfor _ in range(600):\n    await asyncio.sleep(0.1)"]
)
def test_interrupt(kernel, code):
    def interrupt():
        time.sleep(2)
        kernel.manager.interrupt_kernel()

    stopper = threading.Thread(target=interrupt)
    stopper.start()
    shown = kernel.run("%%track\n" + code)
    stopper.join()
    assert shown.run["status"] == "KILLED"
    # The next cell is tracked as if nothing had happened.
    assert kernel.run("%%track\nx = 1.5 * 1").run["status"] == "FINISHED"


def test_a_5000_line_cell(kernel):
    code = "\n".join(f"v{i} = {i}.5 + {i}" for i in range(5000))
    run = kernel.run("%%track\n" + code).run
    assert len(run["metrics"]) == 5000


def test_surrogates_and_nul_in_output(kernel):
    assert kernel.run("%%track\nprint('a\\x00b', '🐦', '\\x1b[31m')").run["status"] == "FINISHED"


def test_a_pending_wipe_is_not_triggered_by_the_card(kernel):
    shown = kernel.run("%%track\nfrom IPython.display import clear_output\nprint('stay')\nclear_output(wait=True)")
    assert shown.cards == []
    assert len(kernel.run("%%track\nclear_output(wait=True)\nprint('new')").cards) == 1


def test_figures_are_the_bytes_shown(kernel):
    code = "%%track\n%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\n_ = plt.plot([2, 1])"
    artifacts = kernel.run(code).run["artifacts"]
    assert [a["path"] for a in artifacts] == ["figures/figure_1.png", "figures/figure_2.png"]


def test_secrets_do_not_reach_the_disk(kernel, folder):
    shown = kernel.run("%%track\npassword = 'swordfish-1234'\nprint(password, 'https://me:swordfish-1234@host')")
    assert shown.run["redactions"] >= 1
    assert "replaced before anything was written" in shown.messages[-2]["content"]["data"]["text/plain"]
    kernel.run("import gc; gc.collect()")
    # The kernel printed it; nothing of ours holds the literal or the URL.
    assert "swordfish-1234@" not in json.dumps(shown.cards)
    assert "'swordfish-1234'" not in json.dumps(shown.cards)


def test_no_writable_workspace(tmp_path):
    (tmp_path / "file").write_text("")
    kernel = Kernel(tmp_path, NBOPS_WORKSPACE=str(tmp_path / "file" / "below"))
    try:
        kernel.run("%load_ext nbops")
        shown = kernel.run("%%track\nx = 3\nx")
        assert shown.results == ["3"]
        assert shown.cards == []
        (line,) = shown.stream("stderr").splitlines()
        assert line.startswith("nbops: this cell is not tracked: ")
    finally:
        kernel.stop()


def test_unload_and_reload_restore(tmp_path):
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    kernel = Kernel(tmp_path)
    state = (
        "ip = get_ipython(); import os\n"
        "[len(ip.input_transformers_cleanup), len(ip.ast_transformers), {k: len(v) for k, v in ip.events.callbacks.items()},"
        " sorted(ip.magics_manager.magics['line']), sorted(ip.magics_manager.magics['cell']), sorted(os.environ)]"
    )
    try:
        before = kernel.run(state).results
        kernel.run("%load_ext nbops")
        kernel.run("%%track\nx = 1")
        kernel.run("%reload_ext nbops")
        assert len(kernel.run("%%track\nx = 1").cards) == 1
        kernel.run("import nbops; nbops.load_ipython_extension(get_ipython())")
        assert len(kernel.run("%%track\nx = 1").cards) == 1
        kernel.run("%unload_ext nbops")
        assert kernel.run(state).results == before
        kernel.run("%load_ext nbops")
        assert len(kernel.run("%%track\n%unload_ext nbops\nx = 2").cards) == 1
        assert kernel.run(state).results == before
    finally:
        kernel.stop()


def test_mlflow_in_the_cell(tmp_path):
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext nbops")
        assert kernel.run("import sys; 'mlflow' in sys.modules").results == ["False"]
        kernel.run("%%track\nx = 1")
        assert kernel.run("'mlflow' in sys.modules").results == ["False"]
        shown = kernel.run(
            "%%track\nimport mlflow\nrun = mlflow.start_run(run_name='mine')\nmlflow.log_metric('m', 0.5)"
        )
        assert shown.run["uses_mlflow"]
        assert kernel.run("mlflow.active_run() is None").results == ["True"]
        assert kernel.run("mlflow.get_run(run.info.run_id).info.status").results == ["'FINISHED'"]
        kernel.run("%%track\nrun = mlflow.start_run(run_name='bad')\n1 / 0")
        assert kernel.run("mlflow.get_run(run.info.run_id).info.status").results == ["'FAILED'"]
        kernel.run("outer = mlflow.start_run(run_name='outer')")
        kernel.run("%%track\nmlflow.log_param('p', 1)")
        assert kernel.run("mlflow.active_run().info.run_id == outer.info.run_id").results == ["True"]
        assert (tmp_path / ".nbops" / "mlflow.db").exists()
        assert not (tmp_path / "mlflow.db").exists()
    finally:
        kernel.stop()


def test_in_a_terminal(tmp_path):
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    code = (
        "%load_ext nbops\nget_ipython().run_cell('%%track seen\\nprint(\"out\")\\nx = 0.5 * 3\\nx')\n"
        "import sys, os; print(os.path.exists('.nbops/outbox.db'))\n"
    )
    (tmp_path / "script.ipy").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "script.ipy"],
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert "out\n" in done.stdout
    assert "seen · finished" in done.stdout
    assert "True" in done.stdout


def test_loading_imports_the_standard_library_only(tmp_path):
    code = (
        "import sys\nfrom IPython.core.interactiveshell import InteractiveShell\nip = InteractiveShell.instance()\n"
        "before = set(sys.modules)\nip.run_line_magic('load_ext', 'nbops')\n"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}\nprint(sorted(new - sys.stdlib_module_names - {'IPython'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['nbops']", done.stderr
