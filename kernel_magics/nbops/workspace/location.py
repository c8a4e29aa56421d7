"""Find the workspace of a notebook or folder, and name every path inside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbops.errors import WorkspaceError
from nbops.workspace.rooting import root_of
from nbops.workspace.settings import Setting, quoted, read_settings

DATA_FOLDER = ".nbops"
_IGNORE = "# Written by nbops: runs, models and data versions of this workspace stay out of git.\n*\n"


@dataclass(frozen=True)
class Workspace:
    """A workspace: an absolute root and the settings in force there.

    ``origin`` says how the root was found: ``environment``, ``nbops.toml``, ``git`` or ``folder``.
    Creating a ``Workspace`` writes nothing; :meth:`ensure` does.
    """

    root: Path
    origin: str
    settings: Mapping[str, Setting]

    @property
    def data(self) -> Path:
        """Folder of everything nbops writes here."""
        return self.root / DATA_FOLDER

    @property
    def outbox(self) -> Path:
        """SQLite file that receives every run first."""
        return self.data / "outbox.db"

    @property
    def blobs(self) -> Path:
        """Content store: files named by their sha256."""
        return self.data / "blobs"

    @property
    def locks(self) -> Path:
        """Lock files."""
        return self.data / "locks"

    @property
    def reports(self) -> Path:
        """Folder of HTML reports."""
        return self.data / "reports"

    @property
    def pipelines(self) -> Path:
        """Folder of executed stage notebooks and their outputs."""
        return self.data / "pipelines"

    @property
    def results(self) -> Path:
        """Folder of what is kept of successful stages, by their keys."""
        return self.pipelines / "results"

    @property
    def predictions(self) -> Path:
        """Folder of what models have predicted, and of the labels that came later."""
        return self.data / "predictions"

    @property
    def courier_log(self) -> Path:
        """What the courier has to say."""
        return self.data / "courier.log"

    @property
    def mlflow_artifacts(self) -> Path:
        """Folder of MLflow's artifacts when MLflow's store is the local one."""
        return Path(self.settings["mlflow_artifacts"].value)

    @property
    def ledger_uri(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.settings["ledger_uri"].value

    @property
    def mlflow_uri(self) -> str:
        """Tracking URI of the MLflow store that mirrors the ledger."""
        return self.settings["mlflow_tracking_uri"].value

    @property
    def experiment(self) -> str:
        """Experiment of runs that name none."""
        return self.settings["experiment"].value

    @property
    def author(self) -> str:
        """Who is written down as the author of runs and versions."""
        return self.settings["author"].value

    @property
    def readonly(self) -> bool:
        """Whether the sidebar may only look."""
        return self.settings["readonly"].value == "true"

    @property
    def courier_wanted(self) -> bool:
        """Whether processes of this workspace start the courier by themselves."""
        return self.settings["courier"].value == "true"

    @cached_property
    def writable(self) -> bool:
        """Whether the data folder exists or can be made, and takes files."""
        try:
            self.ensure()
        except WorkspaceError:
            return False
        return True

    def ensure(self) -> None:
        """Create the data folder with its ``.gitignore``; do nothing if both are there.

        Raises
        ------
        WorkspaceError
            The folder cannot be made or does not take files.
        """
        ignore = self.data / ".gitignore"
        try:
            if ignore.exists():
                if not os.access(self.data, os.W_OK):
                    raise PermissionError(f"no permission to write {self.data}")
                return
            for folder in (self.data, self.blobs, self.locks):
                folder.mkdir(parents=True, exist_ok=True)
            import tempfile

            descriptor, name = tempfile.mkstemp(dir=self.data, prefix=".gitignore-")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(_IGNORE)
            Path(name).replace(ignore)
        except OSError as error:
            raise WorkspaceError(
                f"{self.data} cannot be written: {error.strerror or error}.",
                hint="Give yourself write permission there, or set NBOPS_WORKSPACE to a folder you can write.",
            ) from error


def find_workspace(start: str | os.PathLike[str] | None = None) -> Workspace:
    """Find the workspace that ``start`` belongs to. Writes nothing.

    ``NBOPS_WORKSPACE`` wins; else the nearest folder upwards with ``nbops.toml``; else the git root; else the
    folder itself.

    Parameters
    ----------
    start
        A notebook's path or a folder; the working directory by default. It need not exist.

    Raises
    ------
    WorkspaceError
        ``NBOPS_WORKSPACE`` names no folder, or there is no working directory.
    SettingsError
        ``nbops.toml`` or an environment variable cannot be used.
    """
    chosen = os.environ.get("NBOPS_WORKSPACE")
    if chosen:
        root = Path(chosen).expanduser().absolute()
        if root.exists() and not root.is_dir():
            raise WorkspaceError(f"NBOPS_WORKSPACE names {root}, which is not a folder.")
        return _at(root, "environment")
    found, origin = root_of(str(_start_folder(start)))
    return _at(Path(found), origin)


def _start_folder(start: str | os.PathLike[str] | None) -> Path:
    try:
        path = Path(start).expanduser().absolute() if start else Path.cwd()
    except OSError as error:
        raise WorkspaceError("The working directory is gone.", hint="Change to a folder that exists.") from error
    path = Path(os.path.normpath(path))
    return path.parent if path.suffix and not path.is_dir() else path


def _at(root: Path, origin: str) -> Workspace:
    data = root / DATA_FOLDER
    defaults = {
        "experiment": root.name or "default",
        "author": _user(),
        "ledger_uri": sqlite_url(data / "ledger.db"),
        "mlflow_tracking_uri": sqlite_url(data / "mlflow.db"),
        "mlflow_artifacts": str(data / "mlartifacts"),
        "readonly": "false",
        "courier": "true",
        "checkpoint_limit": "1 GiB",
    }
    return Workspace(root=root, origin=origin, settings=read_settings(root, defaults))


def sqlite_url(path: Path) -> str:
    """Give the SQLAlchemy URL of an SQLite file."""
    return "sqlite:///" + quoted(path.as_posix())


def sqlite_path(uri: str) -> Path | None:
    """Give the file that a URL names, if it is one of an SQLite file."""
    if not uri.startswith("sqlite:///"):
        return None
    from urllib.parse import unquote

    return Path(unquote(uri.removeprefix("sqlite:///").partition("?")[0]))


def _user() -> str:
    # On a hub all servers may run as one user, and the hub knows better.
    for variable in ("JUPYTERHUB_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        if os.environ.get(variable):
            return os.environ[variable]
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (OSError, KeyError, ImportError, AttributeError):
        return "unknown"
