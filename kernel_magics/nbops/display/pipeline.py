"""A pipeline that is declared in Python and shows itself."""

from __future__ import annotations

from nbops.pipelines.declaration.building import PipelineBuilder
from nbops.views.pipeline_graph import graph_html, graph_text


class Pipeline(PipelineBuilder):
    """A pipeline declared in Python, which shows its graph in a notebook and a terminal.

    ``nbops.Pipeline("churn").stage("clean", notebook="clean.ipynb").stage("train", template="train", after="clean").run()``
    """

    def show(self) -> None:
        """Show the graph with what would run."""
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        plan = self.plan()
        if get_ipython() is None:
            print(graph_text(plan))
        else:
            display({"text/plain": graph_text(plan), "text/html": graph_html(plan)}, raw=True)  # type: ignore[no-untyped-call]

    def why(self, stage: str = "") -> None:
        """Say of each stage, of one, or of those of one grid, in what it differs from its last good run.

        Raises
        ------
        PipelineError
            There is no such stage.
        """
        from nbops.pipelines.staleness.explain import why
        from nbops.views.explanation import explanation_text

        print(explanation_text(why(self.as_file(), stage)))
