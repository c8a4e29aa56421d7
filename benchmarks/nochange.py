"""A build with nothing to do, 5 stages and 200 inputs, in a cold process: against a bare Python, ploomber and DVC."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from measure import in_turn, report

_ROOT = Path(__file__).parents[1]
_STAGES, _INPUTS, _CELLS = 5, 40, 30
_QUIET = {"DVC_NO_ANALYTICS": "1", "PLOOMBER_STATS_ENABLED": "false", "PYTHONDONTWRITEBYTECODE": ""}


def main(repeats: int = 11) -> bool:
    """Print the figures; give whether the goals are reached."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _project(Path(folder) / "ours")
        actions = {"python -c pass": _call(ours, sys.executable, "-c", "pass"), "nbops": _nbops(ours)}
        said = {}
        for name, make in (("DVC", _dvc), ("ploomber", _ploomber)):
            try:
                actions[name] = make(Path(folder) / name)
            except (OSError, subprocess.SubprocessError) as error:
                said[name] = f"  {name} cannot be measured here: {_told(error)}"
        taken = in_turn(actions, repeats, warm=2)
    bare, own = taken["python -c pass"], taken["nbops"]
    peers = {name: taken[name] / own for name in ("DVC", "ploomber") if name in taken}
    reached = own / bare <= 5 and all(ratio >= 20 for ratio in peers.values())
    report(
        f"a build with nothing to do: {_STAGES} stages, {_STAGES * _INPUTS} inputs, a cold process",
        {
            **{f"{name}, ms": seconds * 1000 for name, seconds in taken.items()},
            "nbops / python -c pass": own / bare,
            **{f"{name} / nbops": ratio for name, ratio in peers.items()},
        },
        "at most 5 times a bare Python, at least 20 times faster than each peer",
        reached,
    )
    for line in said.values():
        print(line)
    return reached


def _project(folder: Path, suffix: str = ".ipynb") -> Path:
    """Write notebooks and inputs, those of stage 2 below ``data/2``, and so on."""
    folder.mkdir(parents=True)
    for stage in range(_STAGES):
        cells = [_code("x = 1\nupstream = None\nproduct = None", ["parameters"])]
        cells += [_code(f"y{number} = [x + {number}]  # cell {number}") for number in range(_CELLS)]
        kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
        (folder / f"s{stage}{suffix}").write_text(json.dumps(book))
        for number in range(_INPUTS):
            path = folder / "data" / str(stage) / f"{number}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(50_000))
    return folder


def _code(source: str, tags: tuple[str, ...] = ()) -> dict:
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _nbops(folder: Path):
    lines = [
        f'[stages.s{stage}]\nnotebook = "s{stage}.ipynb"\ninputs = ["data/{stage}/*.bin"]\n'
        + (f'after = ["s{stage - 1}"]\n' if stage else "")
        for stage in range(_STAGES)
    ]
    (folder / "nbops.toml").write_text("courier = false\n")
    (folder / "pipeline.toml").write_text("\n".join(lines))
    program = Path(sysconfig.get_path("scripts")) / "nbops"
    command = [str(program)] if program.exists() else [sys.executable, "-m", "nbops"]
    run = _call(folder, *command, "pipeline", "run", "pipeline.toml")
    run()
    # Until then what was just written is read again each time.
    time.sleep(2.5)
    run()
    return run


def _dvc(folder: Path):
    """Build the same with DVC: the stage is a command over the same notebook, for which executing it does not matter here."""
    programs = _environment("dvc")
    _project(folder)
    stages = {
        f"s{stage}": {
            "cmd": f"echo {stage} > s{stage}.out",
            "deps": [f"s{stage}.ipynb", f"data/{stage}", *([f"s{stage - 1}.out"] if stage else [])],
            "outs": [f"s{stage}.out"],
        }
        for stage in range(_STAGES)
    }
    (folder / "dvc.yaml").write_text(json.dumps({"stages": stages}))
    _check(folder, programs / "dvc", "init", "--no-scm", "-q")
    _check(folder, programs / "dvc", "repro", "-q")
    return _call(folder, str(programs / "dvc"), "repro", "-q")


def _ploomber(folder: Path):
    """Build the same with ploomber, which looks at code and parameters and not at inputs: functions that write a file."""
    programs = _environment("ploomber")
    _project(folder)
    functions = "\n\n".join(
        f"def s{stage}({'upstream, ' if stage else ''}product):\n"
        + (f"    upstream['s{stage - 1}']\n" if stage else "")
        + "".join(f"    y{number} = [{number}]\n" for number in range(_CELLS))
        + "    open(str(product), 'w').write('x')\n"
        for stage in range(_STAGES)
    )
    (folder / "tasks.py").write_text(functions)
    tasks = [{"source": f"tasks.s{stage}", "product": f"s{stage}.out"} for stage in range(_STAGES)]
    (folder / "pipeline.yaml").write_text(json.dumps({"tasks": tasks}))
    _check(folder, programs / "ploomber", "build")
    return _call(folder, str(programs / "ploomber"), "build")


def _environment(package: str) -> Path:
    """Give the programs of an environment of its own with a package, made once below ``build``."""
    home = _ROOT / "build" / f"bench-{package}"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        print(f"installing {package} into {home.relative_to(_ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True, timeout=300)
        python = home / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet", package, "setuptools<81"]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=900)
        (home / "ready").touch()
    return home / "bin"


def _check(folder: Path, *command: object) -> None:
    subprocess.run(
        list(map(str, command)), cwd=folder, env=os.environ | _QUIET, check=True, capture_output=True, text=True
    )


def _call(folder: Path, *command: str):
    environ = {name: value for name, value in (os.environ | _QUIET).items() if not name.startswith("NBOPS_")}

    def call() -> None:
        subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)

    return call


def _told(error: Exception) -> str:
    text = str(getattr(error, "stderr", "") or error)
    return (text.strip().splitlines() or [type(error).__name__])[-1][:160]


if __name__ == "__main__":
    main()
