"""On real data a report concludes what a person would."""

import numpy as np
import pandas as pd
import pytest

import nbops


def _by_name(report):
    return {column.name: column for column in report.columns}


@pytest.fixture(scope="module")
def taxi(shared_data):
    months = ("2018-06", "2019-01", "2019-06", "2020-02", "2020-04")
    return {month: pd.read_csv(shared_data(f"nyc_taxi/yellow_{month}.csv")) for month in months}


@pytest.mark.parametrize("year", [2016, 2017, 2018])
def test_employment_of_each_year_has_no_drift_that_matters(shared_data, year):
    reference = pd.read_parquet(shared_data("employment_ma_reference.parquet"))
    current = pd.read_parquet(shared_data("employment_ma_analysis.parquet"))
    report = nbops.drift(reference, current[current.year == year], prediction="prediction")
    assert report.drifted == () and report.matters is False
    assert report.sentence.startswith("The prediction has not moved; no drift that matters: none of ")


def test_wine_of_another_colour_is_another_wine(shared_data):
    red, white = (pd.read_csv(shared_data(f"wine_quality_{c}.csv"), header=None) for c in ("red", "white"))
    report = nbops.drift(red, white)
    assert report.drifted[:3] == ("4", "6", "1") and report.drifted[-1] == "10"
    assert nbops.drift(red.iloc[::2], red.iloc[1::2]).drifted == ()


def test_july_is_not_january(shared_data):
    hours = pd.read_csv(shared_data("bike_sharing_hour.csv"))
    report = nbops.drift(hours[hours.mnth == 1], hours[hours.mnth == 7])
    found = _by_name(report)
    assert report.drifted[:2] == ("temp", "atemp") and {"cnt", "hum"} <= set(report.drifted)
    assert not {"hr", "weekday", "holiday", "workingday"} & set(report.drifted)
    for name in ("instant", "yr", "mnth"):
        assert found[name].status == "not compared", name
    assert not found["dteday"].drifted
    assert found["season"].reason == "was always 1, is now 3"


def test_a_month_of_the_epidemic_is_another_month(taxi):
    report = nbops.drift(taxi["2019-06"], taxi["2020-04"])
    assert {"total_amount", "passenger_count", "payment_type", "tip_amount"} <= set(report.drifted)
    # More riders paid cash, and more rode alone.
    assert _by_name(report)["payment_type"].reason == "1 in 71% → 60% of rows"
    assert "nulls 0.0% → 8.0%" in _by_name(report)["vendor_id"].findings


def test_a_surcharge_that_comes_and_numbers_that_turn_float(taxi):
    found = _by_name(nbops.drift(taxi["2018-06"], taxi["2019-01"]))
    assert found["congestion_surcharge"].reason == "nulls 100.0% → 63.3%"
    assert found["vendor_id"].findings == ("values up to 4, reference ends at 2",)
    found = _by_name(nbops.drift(taxi["2019-06"], taxi["2020-02"]))
    assert str(taxi["2020-02"].vendor_id.dtype) == "float64" and str(taxi["2019-06"].vendor_id.dtype) == "int64"
    assert (found["rate_code_id"].status, found["passenger_count"].status) == ("steady", "steady")


def test_a_day_without_one_value_is_told(shared_data):
    hours = pd.read_csv(shared_data("beijing_pm25.csv"))
    report = nbops.drift(hours[hours.year == 2010], hours.head(24))
    found = _by_name(report)
    assert (found["pm2.5"].status, found["pm2.5"].reason) == ("quality", "nulls 7.6% → 100.0%")
    assert "pm2.5 (nulls 7.6% → 100.0%)" in report.sentence
    assert found["Iws"].reason == "too few rows to tell (24)"
    assert [found[name].reason for name in ("No", "year", "month", "day")] == [
        "identifier",
        "time: year",
        "time: month",
        "time: day",
    ]


def test_halves_of_a_table_are_alike(shared_data):
    adult = pd.read_parquet(shared_data("adult.parquet"))
    order = np.random.default_rng(1).permutation(len(adult))
    assert nbops.drift(adult.iloc[order[::2]], adult.iloc[order[1::2]]).drifted == ()


def test_blank_cells_of_telco_are_told(shared_data):
    frame = pd.read_csv(shared_data("telco_churn.csv"))
    found = _by_name(nbops.drift(frame.iloc[::2], frame.iloc[1::2]))
    assert found["TotalCharges"].status == "steady"
    assert found["TotalCharges"].findings == ("9 blank cells, now 2, count as missing",)
    assert found["customerID"].reason == "identifier"


def test_marks_for_missing_of_credit_are_named(shared_data):
    frame = pd.read_csv(shared_data("credit_scoring.csv"))
    report = nbops.drift(frame.iloc[::2], frame.iloc[1::2])
    assert report.drifted == ()
    assert "99999999 in Income, Assets, Debt reads as a mark for missing" in report.note
    marks = {name: column.sentinels for name, column in _by_name(report).items() if column.sentinels}
    assert {name: sum(found["99999999"]) for name, found in marks.items()} == {"Income": 34, "Assets": 47, "Debt": 18}
    clean = frame[(frame[["Income", "Assets", "Debt"]] < 99_999_999).all(axis=1)]
    told = _by_name(nbops.drift(clean, frame))["Income"]
    assert (told.status, told.reason) == ("quality", "99999999 appears in 34 rows and reads as a mark for missing")
