"""Columns of any type made numbers for an estimator, by parts of scikit-learn alone: a model loads where nbops is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbops.errors import DataError
from nbops.features.plan import MOST_CATEGORIES, is_time, is_words

if TYPE_CHECKING:
    import pandas as pd


def preparation(ready: pd.DataFrame) -> Any:
    """Give an unfitted preparation: numbers imputed and scaled, one column per category of all others but dates.

    The categories are those of ``ready``. What is missing is none of them, whatever stands for it: an encoder that looked for
    categories itself would tell ``None`` from ``NaN``. Where ``ready`` lacks a category, another column says of a row that it
    has none that is known.

    Raises
    ------
    DataError
        There are only dates.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [name for name in ready.columns if _is_number(ready[name])]
    others = [name for name in ready.columns if name not in numbers and not is_time(ready[name])]
    if not numbers and not others:
        raise DataError("There are only dates to learn from.", hint="Add a step that makes numbers of them.")
    categories = {name: _categories(ready[name]) for name in others}
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    encode = OneHotEncoder(
        categories=list(categories.values()),
        handle_unknown="infrequent_if_exist",
        max_categories=MOST_CATEGORIES,
        sparse_output=False,
    )
    lacking = [name for name in others if ready[name].isna().any()]
    unknown = _unknown([categories[name] for name in lacking])
    numeric = make_pipeline(impute, StandardScaler())
    parts = [("numbers", numeric, numbers), ("words", encode, others), ("unknown", unknown, lacking)]
    return ColumnTransformer([part for part in parts if part[2]], verbose_feature_names_out=False)


def _categories(values: pd.Series) -> list[Any]:
    """Give what a column holds, sorted; of one that holds nothing, a word that stands for no cell."""
    found = values.dropna().astype(object).unique().tolist()
    return sorted(found, key=lambda value: (type(value).__name__, value)) or [""]


def _unknown(categories: list[list[Any]]) -> Any:
    """Give an unfitted transformer that says of each column whether the value is none of its categories."""
    import numpy as np
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

    number = OrdinalEncoder(categories=categories, handle_unknown="use_encoded_value", unknown_value=np.nan)
    return make_pipeline(number, FunctionTransformer(np.isnan, feature_names_out="one-to-one"))


def _is_number(values: pd.Series) -> bool:
    from pandas.api import types

    return bool(types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype) and not is_words(values))
