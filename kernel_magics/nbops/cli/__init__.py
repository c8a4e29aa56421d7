"""The command line: ``nbops <family> …``, every command with ``--json``.

One thin file per family; each adds its parser and names the function that runs it. Families are imported only
when they are called, so that ``nbops --help`` is quick.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# Command -> (module, what `nbops --help` says).
_FAMILIES = {
    "status": ("status", "show what is in force in this workspace and where it comes from"),
    "doctor": ("doctor", "check every part and say how to mend it"),
    "runs": ("runs", "list and search runs"),
    "show": ("runs", "show one run"),
    "compare": ("runs", "compare two runs"),
    "models": ("models", "list registered models"),
    "register": ("models", "register the model of a run"),
    "versions": ("history", "list the versions of a model"),
    "history": ("history", "who held a lifecycle stage or alias, when and why"),
    "gates": ("gates", "judge a version by the declared gates"),
    "promote": ("promotion", "let a version hold a lifecycle stage or alias"),
    "rollback": ("promotion", "give a stage or alias back to a former holder"),
    "request": ("promotion", "ask for a promotion"),
    "requests": ("promotion", "list what waits for approval"),
    "approve": ("promotion", "let a version through"),
    "reject": ("promotion", "say no to a version"),
    "archive": ("promotion", "archive a version"),
    "vacate": ("promotion", "let nobody hold a stage or alias"),
    "watch": ("watch", "print what happens in the registry, as it happens"),
    "foreign": ("foreign", "what others changed in MLflow's registry; put ours back"),
    "webhooks": ("webhooks", "who is told of events, and what has not arrived"),
    "card": ("card", "show, write or export a model card"),
    "report": ("report", "everything known of a model, as one page for a meeting"),
    "lineage": ("lineage", "what something came from and what came from it"),
    "diff": ("diff", "what changed between two versions of a model"),
    "gc": ("gc", "list or remove what nothing refers to"),
    "audit": ("audit", "read and prove the audit log"),
    "profile": ("profile", "show what the columns of data are, and what to look at"),
    "drift": ("drift", "compare two data sets"),
    "validate": ("validate", "check data against rules, those of other data by default"),
    "rules": ("validate", "list, show, save and compare rules of data"),
    "pipeline": ("pipeline", "run, explain, resume and watch pipelines of notebooks"),
    "retrain": ("retrain", "when models are trained anew, and what was decided"),
    "schedule": ("schedule", "start pipelines by themselves: times, data, drift, promotions"),
    "monitor": ("monitor", "watch models and data: drift, quality, performance, and who is told"),
    "scheduler": ("scheduler", "run the scheduler as a service"),
    "export": ("export", "write a pipeline for GitHub, GitLab, Jenkins, Airflow, Kubeflow, Prefect or make"),
    "new": ("new", "make a project that runs at once"),
    "kernel": ("kernel", "kernels that start fast: install, remove, end their warm parents"),
    "performance": ("performance", "how good a model is by the labels that have arrived"),
    "labels": ("performance", "record labels that have arrived for logged predictions"),
    "predictions": ("performance", "what is logged of a model's predictions"),
    "metrics": ("metrics", "the latest values and states of monitors for Prometheus"),
    "grafana": ("metrics", "a Grafana dashboard for a model, as JSON"),
    "serve": ("serve", "serve a registered model over HTTP"),
    "courier": ("courier", "see the courier, or deliver everything now"),
    "demo": ("demo", "run the whole life cycle on real data"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after ``nbops``; those of the process by default.

    Returns
    -------
    int
        0 when it worked, 1 when it did not, 2 for a wrong call, 130 when interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:2] == ["pipeline", "run"]:
        # Before anything is loaded: most of the time there is nothing to do, and this is how long that takes.
        from nbops.cli.glance import nothing_to_do

        if nothing_to_do(words[2:]):
            return 0
    return _run(words)


def _run(words: Sequence[str]) -> int:
    from nbops.errors import NbopsError

    parser = _parser(words)
    try:
        options = parser.parse_args(words)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return int(options.func(options))
    except NbopsError as error:
        print(f"nbops: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("nbops: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # `nbops runs | head`: the reader is gone, and so must be what the interpreter would still flush.
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    import argparse
    import importlib

    import nbops

    parser = argparse.ArgumentParser(
        prog="nbops",
        description="MLOps without leaving the notebook.",
        epilog="Every command takes --json and -C FOLDER; `nbops COMMAND -h` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"nbops {nbops.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    wanted = next((word for word in words if not word.startswith("-")), None)
    module = _FAMILIES.get(wanted or "", ("", ""))[0]
    for command, (family, text) in _FAMILIES.items():
        if family != module:
            commands.add_parser(command, help=text)
    if module:
        importlib.import_module(f"nbops.cli.{module}").add_parser(commands)
    return parser
