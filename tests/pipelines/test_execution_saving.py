"""How an executing notebook is kept: no kernel is needed for that."""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.errors import PipelineError, WorkspaceError
from nbops.pipelines.executing.cleaning import Cleaner
from nbops.pipelines.executing.journal import executed_json, journal_of, read_executed
from nbops.pipelines.executing.saving import file_saver
from nbops.pipelines.executing.streams import LastLine, Pieces, carried_out, last_line, shortened

_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def _book(*sources: str):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells, metadata={"title": "größe"})


def _printed(text: str):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def test_the_file_is_as_nbformat_writes_it(tmp_path):
    book = _book("1", "print('a\\nb')")
    book.cells.insert(0, nbformat.v4.new_markdown_cell("# a\n\nb", id="text"))
    book.cells[2].outputs = [_printed("a\nb\n"), nbformat.v4.new_output("display_data", {"text/html": "<b>\n</b>"})]
    saver = file_saver(tmp_path / "a.ipynb", book, Cleaner({}))
    saver.begin()
    saver.close()
    assert (tmp_path / "a.ipynb").read_text(encoding="utf-8") == nbformat.writes(book) + "\n"
    assert read_executed(tmp_path / "a.ipynb") == book == saver.kept()
    empty = nbformat.v4.new_notebook()
    saver = file_saver(tmp_path / "b.ipynb", empty, Cleaner({}))
    saver.begin()
    assert json.loads((tmp_path / "b.ipynb").read_text()) == empty


@settings(max_examples=25, deadline=None)
@given(st.lists(_TEXT, min_size=1, max_size=4), st.integers(0, 400))
def test_nothing_that_was_finished_is_lost_when_the_journal_is_torn(tmp_path_factory, texts, torn):
    path = tmp_path_factory.mktemp("kept") / "a.ipynb"
    book = _book(*("1" for _ in texts))
    saver = file_saver(path, book, Cleaner({}))
    saver.begin()
    whole = []
    for index, text in enumerate(texts):
        book.cells[index].outputs = [_printed(text)]
        book.cells[index].execution_count = index + 1
        saver.finished(index)
        whole.append(journal_of(path).stat().st_size)
    journal = journal_of(path)
    assert read_executed(path).cells == book.cells
    left = max(whole[-1] - torn, 0)
    journal.write_bytes(journal.read_bytes()[:left])
    found = read_executed(path).cells
    kept = sum(size <= left + 1 for size in whole)  # a line is whole also without its end
    assert [cell.outputs for cell in found] == [cell.outputs for cell in book.cells[:kept]] + [[]] * (len(texts) - kept)
    saver.close()
    assert not journal.exists()
    assert read_executed(path).cells == book.cells


def test_a_journal_of_another_notebook_counts_for_nothing(tmp_path):
    path = tmp_path / "a.ipynb"
    book = _book("1", "2")
    path.write_text(nbformat.writes(book))
    journal_of(path).write_text('{"nbops": 1, "cells": 3}\n{"cell": 0, "outputs": [1]}\n')
    assert executed_json(path)["cells"][0]["outputs"] == []
    with pytest.raises(PipelineError, match="is no executed notebook"):
        read_executed(tmp_path / "missing.ipynb")


def test_secrets_are_in_neither_notebook_nor_journal(tmp_path):
    book = _book("print('staple-battery')", "password = 'staple-battery'")
    book.metadata["papermill"] = {"parameters": {"token": "abcde", "alpha": 1}}
    saver = file_saver(tmp_path / "a.ipynb", book, Cleaner({"MY_API_KEY": "correct-horse"}))
    saver.begin()
    book.cells[0].outputs = [
        _printed("correct-horse staple-battery"),
        nbformat.v4.new_output("display_data", {"application/json": {"a": ["staple-battery", 1]}, "image/png": "aaaa"}),
        nbformat.v4.new_output("error", ename="E", evalue="staple-battery", traceback=["correct-horse"]),
    ]
    saver.finished(0)
    during = [path.read_text() for path in tmp_path.iterdir()]
    saver.close()
    for text in (*during, (tmp_path / "a.ipynb").read_text(), str(saver.kept())):
        assert not any(secret in text for secret in ("staple-battery", "correct-horse", "abcde"))
    assert saver.kept().metadata.papermill.parameters == {"token": "[redacted]", "alpha": 1}
    assert saver.kept().cells[0].outputs[1].data["image/png"] == "aaaa"
    # The notebook that executes is left as it is.
    assert "staple-battery" in book.cells[1].source


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        file_saver(tmp_path / "file" / "a.ipynb", _book("1"), Cleaner({})).begin()


def test_what_is_printed_piece_by_piece_is_one_text():
    outputs, pieces = [_printed("a")], Pieces()
    assert pieces.add(outputs, _printed("b"))
    assert pieces.add(outputs, _printed("c"))
    error = nbformat.v4.new_output("stream", name="stderr", text="d")
    assert not pieces.add(outputs, error)
    outputs.append(error)
    assert not pieces.add(outputs, nbformat.v4.new_output("display_data"))
    assert not pieces.add([], error)
    pieces.settle()
    assert [output.text for output in outputs] == ["abc", "d"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo\n", "one\ntwo\n"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("long line\rab\r\nnext", "abng line\nnext"),
        ("\x1b[32mlong\x1b[0m\rab", "ab"),
        ("\r\r\n", "\n"),
    ],
)
def test_carriage_returns_are_carried_out(text, shown):
    assert carried_out(text) == shown


def test_the_last_line_is_the_newest_state():
    line = LastLine()
    assert line.text == ""
    for text in ("epoch 1\n", "\x1b[31m 10%\x1b[0m", "\r 20%", "\r 30%\r", "\n\n  \n"):
        line.add(text)
    assert line.text == "30%"
    for number in range(3000):
        line.add(f"\rstep {number:5d}")
    assert line.text == "step  2999"
    line.add("x" * 100_000)
    assert line.text == ""  # half a line may hold half a secret
    assert last_line("a\r\n") == "a"
    assert len(shortened("y" * 5000)) == 200
