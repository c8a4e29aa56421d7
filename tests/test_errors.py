"""Errors are one line, carry a hint and cross processes."""

import inspect
import pickle

import pytest

from nbops import errors


def _all():
    found = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, errors.NbopsError)]
    for cls in found:
        if cls is errors.StageFailed:
            yield cls("train", 3, "ValueError: no", "out.ipynb")
        elif cls is errors.InvalidPipeline:
            yield cls("p.toml:3: It is broken.", (("p.toml", 3, 0, "It is broken."),), hint="Mend it.")
        elif cls is errors.MissingExtraError:
            yield cls("Serving", "serve")
        elif cls is errors.PromotionConflict:
            yield cls("churn", "Production", 2, None)
        elif cls is errors.PromotionRefused:
            yield cls("churn", 1, "Production", ("it has no approval",), ("approvals",), hint="Ask for one.")
        else:
            yield cls("It is broken.", hint="Mend it.")


@pytest.mark.parametrize("error", list(_all()), ids=lambda e: type(e).__name__)
def test_each_error(error):
    assert "\n" not in str(error)
    assert error.hint and error.hint in str(error)
    assert error._render_traceback_() == [f"{type(error).__name__}: {error}"]
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (str(back), back.hint) == (str(error), error.hint)
    assert inspect.getdoc(type(error))


def test_missing_extra_is_an_import_error():
    assert isinstance(errors.MissingExtraError("Serving", "serve"), ImportError)


def test_a_notebook_shows_one_line(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("from nbops.errors import DataError\nraise DataError('It is broken.', hint='Mend it.')")
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert "DataError: It is broken. Mend it." in shown.out + shown.err
