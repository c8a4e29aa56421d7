"""Which environment variables are read while something is done: a forked process cannot have read others."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

# What packages ask for to know where they run: on a build server, in a test, in which terminal. Nothing computed depends on it.
_PLACE = frozenset(
    {
        *(
            "PATH",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "SHELL",
            "USER",
            "LOGNAME",
            "DISPLAY",
            "TERM",
            "TERM_PROGRAM",
            "COLUMNS",
            "LINES",
        ),
        *(
            "CI",
            "GITHUB_ACTIONS",
            "GITLAB_CI",
            "JENKINS_URL",
            "BUILDKITE",
            "CIRCLECI",
            "TRAVIS",
            "TF_BUILD",
            "TEAMCITY_VERSION",
        ),
        *(
            "CODEBUILD_BUILD_ARN",
            "BITBUCKET_BUILD_NUMBER",
            "CLOUD_RUN_EXECUTION",
            "RUNBOT_BUILD_NAME",
            "RUNBOT_HOST_URL",
        ),
        *("RUNBOT_WORKER_ID", "PYTEST_CURRENT_TEST", "VIRTUAL_ENV", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"),
        *("MLFLOW_DISABLE_AGENT_HINT", "NO_COLOR", "FORCE_COLOR", "COLORTERM"),
    }
)
# What kernels and packages set themselves: in the environment of somebody who has imported them it says nothing.
ANYWAY = {
    "KMP_DUPLICATE_LIB_OK": "True",
    "KMP_INIT_AT_FORK": "FALSE",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


@contextlib.contextmanager
def reads_noted(names: set[str]) -> Iterator[None]:
    """Add the names of all variables that are asked for in the block. Copying the whole environment asks for none."""
    kind: Any = type(os.environ)
    get, walk = kind.__getitem__, kind.__iter__
    # Whoever copies the whole walks over all names, and then asks for each in the same order.
    walked: deque[object] = deque()

    def noted(self: Any, name: Any) -> Any:
        if walked and walked[0] == name:
            walked.popleft()
        elif isinstance(name, str):
            names.add(name)
        return get(self, name)

    def walking(self: Any) -> Iterator[Any]:
        walked.clear()
        for name in walk(self):
            walked.append(name)
            yield name

    kind.__getitem__, kind.__iter__ = noted, walking
    try:
        yield
    finally:
        kind.__getitem__, kind.__iter__ = get, walk


def differing(names: set[str], here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Give the first of these variables that is not the same here and there, or an empty text."""
    for name in sorted(names - _PLACE):
        if not name.startswith(("JPY_", "_")) and _said(name, here) != _said(name, there):
            return name
    return ""


def _said(name: str, variables: Mapping[str, str]) -> str | None:
    value = variables.get(name)
    return None if value == ANYWAY.get(name) else value
