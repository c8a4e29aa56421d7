"""``nbops pipeline pack`` and ``unpack``."""

from __future__ import annotations

import argparse
from pathlib import Path

from nbops.cli.options import common, print_json, workspace_of


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the actions."""
    pack = actions.add_parser("pack", help="put what was done into one file, for another machine to go on from")
    common(pack)
    pack.add_argument("file", help="the file to write, such as results.tar.gz")
    pack.set_defaults(func=_pack)
    unpack = actions.add_parser("unpack", help="take over what other machines have packed")
    common(unpack)
    unpack.add_argument("file", nargs="*", help="packs, or folders of packs")
    unpack.set_defaults(func=_unpack)


def _pack(options: argparse.Namespace) -> int:
    from nbops.pipelines.cache.carrying import pack
    from nbops.views.text import size

    workspace = workspace_of(options)
    if workspace.courier_wanted:
        from nbops.tracking.courier import flush

        # This machine may be gone the next moment, and with it what MLflow has not been told.
        flush(workspace)
    done = pack(workspace, Path(options.file))
    if options.json:
        print_json(done)
    else:
        print(f"{done.path}: {done.files} files, {size(done.size)}")
    return 0


def _unpack(options: argparse.Namespace) -> int:
    from nbops.pipelines.cache.unpacking import unpack

    done = unpack(workspace_of(options), [Path(file) for file in options.file])
    if options.json:
        print_json(done)
    else:
        print(f"taken over from {len(done.packs)} packs: {done.files} files" if done.packs else "nothing to take over")
    return 0
