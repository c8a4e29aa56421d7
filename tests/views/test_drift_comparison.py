"""Two drift reports against each other, from reports and from their files."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.cli import main
from nbops.errors import DataError, UsageError


@pytest.fixture(scope="module")
def reports():
    random = np.random.default_rng(1)

    def frame(shift_a, shift_b):
        return pd.DataFrame(
            {
                "a": random.normal(shift_a, 1, 1500),
                "b": random.normal(shift_b, 1, 1500),
                "c": random.choice(["x", "y"], 1500),
                "d": random.normal(2, 1, 1500),
            }
        )

    reference = frame(0, 0)
    return [
        nbops.drift(reference, frame(*shifts).assign(d=2.5 + random.normal(size=1500))) for shifts in ((1, 0), (0, 0.6))
    ]


def test_it_says_what_is_new_what_recovered_and_how_far_each_has_moved(reports, tmp_path):
    found = nbops.compare_reports(*reports)
    assert (found.newly_drifted, found.recovered, tuple(found.values["still_drifted"])) == (("b",), ("a",), ("d",))
    columns = {column["name"]: column for column in found.values["columns"]}
    assert columns["a"]["change"] < -0.3 < 0.1 < columns["b"]["change"]
    assert found.values["sentence"] == "b has newly drifted; a has recovered; d is still away."
    assert str(found).startswith("One column newly drifted and one column recovered\n")
    page = found.to_html(tmp_path / "c.html").read_text()
    assert page.index("one column recovered") < page.index("newly drifted</td>")
    assert "<script" not in page and page.count("<symbol") == page.count("<use")
    assert set(found._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_files_say_the_same_on_the_command_line(reports, tmp_path, capsys):
    paths = [str(report.to_json(tmp_path / f"{i}.json")) for i, report in enumerate(reports)]
    assert main(["drift", "--compare", *paths, "--html", str(tmp_path / "c.html"), "--fail"]) == 1
    assert "▼ recovered" in capsys.readouterr().out
    assert (tmp_path / "c.html").read_text().startswith("<!doctype html>")
    assert main(["drift", "--compare", *paths, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(nbops.compare_reports(*reports).to_json())


def test_reports_with_other_references_are_compared_with_a_warning(reports):
    other = {**reports[1].to_dict(), "rows": {"reference": 7, "current": 1500}}
    found = nbops.compare_reports(reports[0], other)
    assert "different references" in found.values["comparable"]
    assert "different references" in str(found)


def test_hostile_reports_stay_text(reports):
    evil = reports[1].to_dict()
    evil["columns"][0].update(name="<script>x</script>", reason="\u202e<img src=x>", kind="\x1b[31m")
    html = nbops.compare_reports(reports[0], evil)._repr_mimebundle_()["text/html"]
    assert "<script>x" not in html and "<img" not in html and "\u202e" not in html


_DRIFTED = '{"columns": [{"name": "a", "status": "drift"%s}]%s}'


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", '{"columns": 3}', '{"columns": [{"name": 1}]}', '"text"'),
        *(_DRIFTED % more for more in ((', "effect": "big"', ""), ("", ', "rows": 5'), ("", ', "about": "x"'))),
    ],
)
def test_what_is_no_report_is_told(content, tmp_path, reports):
    path = tmp_path / "no.json"
    path.write_text(content)
    with pytest.raises(DataError, match="drift report"):
        nbops.compare_reports(reports[0], path)


def test_the_command_writes_page_and_figures(tmp_path, capsys, reports):
    for name in ("a", "b"):
        pd.DataFrame({"x": range(100), "y": [0.5, 1.5] * 50}).to_csv(tmp_path / f"{name}.csv", index=False)
    files = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    assert main(["drift", *files, "--html", str(tmp_path / "r.html")]) == 0
    found = json.loads((tmp_path / "r.html.json").read_text())
    assert found["rows"] == {"reference": 100, "current": 100}
    page = (tmp_path / "r.html").read_text()
    assert "b.csv (100 rows) against a.csv (100 rows)" in page
    assert "nbops drift" in page
    assert main(["drift", *files, "--html", str(tmp_path / "s.html"), "--json-out", str(tmp_path / "o.json")]) == 0
    assert (tmp_path / "o.json").exists() and not (tmp_path / "s.html.json").exists()


def test_plotly_draws_a_column_and_all_of_them(reports):
    figure = reports[0].figure("a")
    assert [trace.name for trace in figure.data] == ["reference", "current"]
    whole = reports[0].plotly()
    assert len(whole.data) == 1 + 2 * 4
    assert sorted(button.label for button in whole.layout.updatemenus[0].buttons) == ["a", "all columns", "b", "c", "d"]
    from nbops.display.plotly_figures import PLOTLY_MIME, figure_bundle

    assert json.loads(json.dumps(figure_bundle(whole)))[PLOTLY_MIME]["data"]
    with pytest.raises(UsageError, match="no column 'zzz'"):
        reports[0].figure("zzz")


def test_plotly_is_imported_only_when_asked_for():
    code = (
        "import sys, pandas as pd, nbops; f = pd.DataFrame({'x': range(60)}); r = nbops.drift(f, f); r._repr_html_(); str(r);"
        "assert 'plotly' not in sys.modules and 'ipywidgets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
