"""Where a kernel cannot be forked it is a normal one, and the reason is told."""

from __future__ import annotations

import os
import socket
import sys
import threading

import pytest

from nbops.pipelines.warm.asking import place_of
from nbops.pipelines.warm.choices import read_choices
from nbops.pipelines.warm.command import take_apart
from nbops.pipelines.warm.identity import wanted
from nbops.pipelines.warm.reasons import Unforkable


def _wanted(place):
    command = take_apart([sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    return wanted(command, read_choices(place.folder, place.environment), place.environment)


@pytest.fixture
def ready(place):
    """A folder whose kernels have a parent that is ready."""
    assert place.ensure() == ""
    return place


def _normal(kernel) -> str:
    assert kernel.run("print('works')") == "works\n"
    kernel.stop()
    return kernel.how


def test_a_parent_that_is_starting(place, runtime):
    place.modules()
    assert _normal(place.kernel()) == "normal: the warm parent is still starting"
    assert place.ensure() == ""
    assert place.kernel().how == "forked"


def test_a_parent_can_be_waited_for(place, runtime):
    place.modules()
    assert place.kernel(NBOPS_WARM_WAIT="60").how == "forked"


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "PYTHONHASHSEED", "LD_PRELOAD_PATH"])
def test_variables_that_only_a_new_interpreter_heeds(place, name):
    # Not 1, which the machine itself may say.
    assert _normal(place.kernel(**{name: "7"})) == f"normal: {name} is set for it alone"


def test_variables_that_were_read_as_modules_were_imported(place, runtime, code):
    (code / "asks.py").write_text("import os\nFLAVOUR = os.environ.get('FLAVOUR', 'plain')\n")
    place.modules("asks")
    assert place.ensure() == ""
    assert place.kernel().how == "forked"
    kernel = place.kernel(FLAVOUR="vanilla")
    assert kernel.how == "normal: FLAVOUR is not what it was when the warm parent started"
    assert kernel.run("import asks; print(asks.FLAVOUR)") == "vanilla\n"


def test_files_that_stand_in_for_modules(ready):
    (ready.folder / "numpy.py").write_text("word = 'mine'\n")
    kernel = ready.kernel()
    assert kernel.how == f"normal: {ready.folder / 'numpy.py'} stands in for a module that the warm parent has imported"
    assert kernel.run("import numpy; print(numpy.word)") == "mine\n"


def test_a_path_that_is_put_in_front_later_is_heeded(ready):
    (ready.folder / "lib").mkdir()
    (ready.folder / "lib" / "numpy.py").write_text("word = 'mine'\n")
    kernel = ready.kernel()
    assert kernel.how == "forked"
    assert kernel.run("import sys; sys.path.insert(0, 'lib'); import numpy; print(numpy.word)") == "mine\n"


def test_a_folder_with_a_matplotlibrc(ready):
    (ready.folder / "matplotlibrc").write_text("")
    assert _normal(ready.kernel()) == f"normal: there is a matplotlibrc in {ready.folder}"


def test_switched_off(ready):
    assert ready.kernel(NBOPS_WARM="false").how == "normal"
    (ready.folder / "nbops.toml").write_text("[warm]\nenabled = false\n")
    assert ready.kernel().how == "normal"
    assert ready.ensure() == "warm kernels are switched off"


@pytest.mark.parametrize(
    ("table", "said"),
    [("warm = 1", "warm in nbops.toml must be a table"), ("[warm]\nidle = -1", "idle in [warm] of nbops.toml cannot be -1"),
     ("[warm]\nmodule = []", "[warm] of nbops.toml has an unknown key 'module'"), ("[warm]\nmodules = ['a b']", "modules in [warm] of nbops.toml must be names of modules")],
)  # fmt: skip
def test_settings_that_cannot_be_used(place, table, said):
    (place.folder / "nbops.toml").write_text(table)
    assert place.ensure() == f"{said}."
    kernel = place.kernel()
    assert kernel.how == f"normal: {said}"


def test_a_folder_that_cannot_be_written(place, runtime):
    runtime.chmod(0o500)
    if os.geteuid() == 0:
        runtime.chmod(0o777)
    assert _normal(place.kernel()).startswith(f"normal: {runtime} ")


def test_a_folder_that_is_a_link_or_a_file(place, runtime):
    (runtime / "real").mkdir(mode=0o700)
    (runtime / "link").symlink_to(runtime / "real")
    (runtime / "file").touch(0o700)
    for name in ("link", "file"):
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("NBOPS_RUNTIME", str(runtime / name))
            assert _normal(place.kernel()).startswith(f"normal: {runtime / name} ")


def test_a_path_that_is_too_long(place, monkeypatch, tmp_path):
    monkeypatch.setenv("NBOPS_RUNTIME", str(tmp_path / ("long" * 30)))
    assert _normal(place.kernel()).endswith("is too long for sockets")


def test_a_file_in_the_place_of_the_socket(place, runtime):
    at = place_of(_wanted(place)).socket
    at.write_text("precious")
    assert _normal(place.kernel()) == f"normal: {at} is not a socket of this user"
    assert at.read_text() == "precious"


def test_a_program_in_the_place_of_the_parent(place, runtime):
    """It is this user's own, and talks nonsense."""
    at = place_of(_wanted(place)).socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(at))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.send(b"no JSON")

        thread = threading.Thread(target=answer)
        thread.start()
        assert _normal(place.kernel()).startswith("normal: the warm parent does not answer")
        thread.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_socket_of_another_user(place, runtime):
    at = place_of(_wanted(place)).socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(at))
        listener.listen()
        os.chown(at, 65534, -1)
        assert _normal(place.kernel()) == f"normal: {at} is not a socket of this user"


def test_a_parent_that_cannot_start(place, runtime):
    at = place_of(_wanted(place))
    at.failure.write_text("ImportError: no IPython")
    assert _normal(place.kernel()) == "normal: the warm parent cannot start (ImportError: no IPython)"


@pytest.mark.parametrize(
    "words", [["bash", "-c", "x"], ["/usr/bin/env", "-m", "ipykernel_launcher", "-f", "x"], [sys.executable, "-m", "other", "-f", "x"]]
)  # fmt: skip
def test_other_kernels_cannot_be_forked(words):
    with pytest.raises(Unforkable):
        take_apart(words)


def test_a_module_with_effects_that_cannot_be_repeated_is_left_out(place, runtime, code):
    (code / "threads.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    (code / "patches.py").write_text("import textwrap\ntextwrap.dedent = lambda text: 'patched'\n")
    (code / "speaks.py").write_text("print('hello')\n")
    (code / "broken.py").write_text("1 / 0\n")
    place.modules("threads", "patches", "speaks", "broken", "not_installed_at_all")
    assert place.ensure() == ""
    kernel = place.kernel()
    assert kernel.how == "forked"
    assert kernel.run("import textwrap; print(textwrap.dedent('x'))") == "x\n"
    assert kernel.run("import patches; print(textwrap.dedent('x'))") == "patched\n"
    assert kernel.run("import speaks, threads") == "hello\n"
    assert kernel.run("import broken") == "ZeroDivisionError: division by zero"
    (log,) = runtime.glob("*.log")
    said = log.read_text()
    assert "threads starts threads as it is imported: left out" in said
    assert "patches patches textwrap.dedent as it is imported: left out" in said
