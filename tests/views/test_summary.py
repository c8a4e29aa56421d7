"""The end of a stage notebook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

import nbops


def test_text_and_html_tell_the_same_and_nothing_of_it_is_markup():
    found = nbops.summary(
        "Train <b>",
        "ridge learnt from 331 rows of <script>alert(1)</script>.",
        {"mae": (44.2, 41.0, 47.5), "rows": np.int64(1331), "share": np.float64(0.25), "clear": True, "none": None},
        {"model": Ridge(), "table": pd.DataFrame({"a": [1]}), "path": Path("a/b.parquet"), "list": ["x", "y"]},
    )
    text, html = str(found), found._repr_html_()
    for part in ("44.2 (41 – 47.5)", "1,331", "0.25", "yes", "–", "Ridge", "1 rows × 1 columns", "a/b.parquet", "x, y"):
        assert part in text
        assert part in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "Train &lt;b&gt;" in html
    assert found._repr_mimebundle_() == {"text/html": html, "text/plain": text}


def test_what_is_long_is_cut():
    found = nbops.summary("T", "Did.", gave={"long": "x" * 5000, "many": list(range(5000))})
    assert max(map(len, str(found).splitlines())) < 120
