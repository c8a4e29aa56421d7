"""An interrupt that came before the cell was reached is raised in the cell, where the user expects it."""

from __future__ import annotations

import ast
from typing import Any


class Stop:
    """An entry for ``shell.ast_transformers``: the next cell begins with the interrupt.

    Raised any earlier it would be taken by IPython for a failure of ours, and the cell would run.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._due = True
        shell.ast_transformers.append(self)

    def visit(self, tree: Any) -> Any:
        """Put the interrupt before the first statement."""
        if self._due and isinstance(tree, ast.Module) and tree.body:
            self._due = False
            raised = ast.parse("raise KeyboardInterrupt").body[0]
            for node in ast.walk(raised):
                ast.copy_location(node, tree.body[0])
            # Nothing may stand before these.
            first = sum(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
            tree.body.insert(first, raised)
        return tree

    def remove(self) -> None:
        """Be gone, after the cell."""
        if self in self._shell.ast_transformers:
            self._shell.ast_transformers.remove(self)
