"""Counting the values of a column as what it is known to be."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbops.data import values as v
from nbops.data.counted import Counted, flags_among
from nbops.data.distinct import Distinct, Hashing, Seen
from nbops.data.histogram import Scale, scale_of
from nbops.data.numbers import NumberCounts
from nbops.data.planning import decide, fits, natural, parsed_numbers
from nbops.data.profile import ColumnProfile
from nbops.data.scratch import PIECE
from nbops.data.sums import Moments
from nbops.data.texts import CLASSES, TOKENS, draws_of_texts, hashes_of_texts
from nbops.data.times import HOURS, WEEKDAYS, hours_and_weekdays, range_of
from nbops.data.values import Values, number_word
from nbops.data.vectors import looks_of_vectors
from nbops.data.words import WordCounts

Array = np.ndarray[Any, Any]


def count(values: Values, known: ColumnProfile, before: Counted | None = None) -> Counted:
    """Count values by the kind and shift of a known column, or as what they are where they cannot be of that kind.

    ``before`` is what they will be added to, which may spare work.
    """
    if known.kind == "empty" or not fits(known, values):
        known = natural(known.name, values)
    found = Counted(known.kind, values.rows, values.nulls, texts=values.text_cells)
    found.types = frozenset({v.type_name(values.dtype)})
    if values.form == v.WORDS:
        found.blank = _blank(values)
    if values.form == v.NOTHING:
        found.kind = "empty"
        found.types = frozenset()
    else:
        if before is not None and known.kind in {"number", "time"} and (alike := before.of_kind(known.kind)):
            found.distinct = alike.numbers.distinct if alike.numbers is not None else alike.distinct
        _WAYS[known.kind](found, values, known)
    return found


def count_more(found: Counted, values: Values) -> bool:
    """Count values into what was found of earlier ones, if these and those are numbers; this spares adding both up each time."""
    if found.kind != "number" or found.numbers is None or values.form != v.NUMBERS:
        return False
    missing = found.numbers.missing
    found.numbers.take(values.parts or (values.numbers,))
    found.rows += values.rows
    found.nulls += values.nulls + found.numbers.missing - missing
    found.types |= {v.type_name(values.dtype)}
    return True


def profile_values(name: str, values: Values, reference: ColumnProfile | None = None) -> ColumnProfile:
    """Profile the values of one column, as what the reference says it is or, without one, as what they are."""
    known = decide(name, values) if reference is None else reference
    return count(values, known).finished(known)


def number_column(base: ColumnProfile, numbers: Array, reference: ColumnProfile | None = None) -> ColumnProfile:
    """Fill in what is known of a column of numbers, an array of shape ``(n,)``; NaN is missing, and counted already."""
    given = reference.scale if reference is not None and reference.kind == "number" else scale_of(numbers)
    found = Counted("number", base.rows, base.nulls, base.blank, types=frozenset({base.dtype}))
    found.numbers = NumberCounts.of(numbers, given)
    return found.finished(base)


def _count_numbers(found: Counted, values: Values, known: ColumnProfile) -> None:
    before, found.distinct = found.distinct, Distinct()
    found.numbers = NumberCounts(known.scale, moments=Moments(known.unit))
    if values.form == v.NUMBERS:
        arrays = values.parts or (values.numbers,)
    elif values.form == v.FLAGS:
        arrays = (np.repeat([0.0, 1.0], values.flags),)
    else:
        arrays = (np.repeat(*_read_words(found, values)),)
    found.numbers.take(arrays, before)
    found.nulls += found.numbers.missing


def _read_words(found: Counted, values: Values) -> tuple[Array, Array]:
    """Read texts as numbers; keep the words, should too few of them be any."""
    read = parsed_numbers(values.words)
    usable = ~np.isnan(read)
    found.parsed = int(values.counts[usable].sum())
    found.nulls += int(values.counts[~usable].sum())
    found.words = WordCounts.of_pairs(values.words.to_pylist(), values.counts)
    return read[usable], values.counts[usable]


def _count_words(found: Counted, values: Values, known: ColumnProfile) -> None:
    if values.form == v.FLAGS:
        found.words = WordCounts.of_pairs(["False", "True"], np.array(values.flags))
    elif values.form == v.NUMBERS and values.numbers is not None:
        numbers = values.numbers[~np.isnan(values.numbers)] if not values.whole else values.numbers
        found.nulls += len(values.numbers) - len(numbers)
        different, counts = np.unique(numbers, return_counts=True)
        found.words = WordCounts.of_pairs([number_word(value) for value in different.tolist()], counts)
    elif values.words is not None and values.counts is not None:
        texts = values.words.to_pylist()
        if known.kind == "category" and known.parsed >= 0.5 and values.text_cells:
            texts = [_as_in_numbers(text) for text in texts]
        found.words = WordCounts.of_pairs(texts, values.counts)


def _as_in_numbers(text: str) -> str:
    """Write a whole number as such: ``1.0`` is the same value as ``1``; ``007`` is a name."""
    head, point, tail = text.partition(".")
    plain = point and tail.strip("0") == "" and tail and (head.lstrip("-").isdigit())
    return head if plain else text


def _count_flags(found: Counted, values: Values, known: ColumnProfile) -> None:
    if values.form == v.FLAGS:
        found.words = WordCounts.of_pairs(["False", "True"], np.array(values.flags))
        return
    # Whether enough of them are truth values is seen at the end, of all rows.
    _count_words(found, values, known)
    if values.form == v.WORDS:
        found.parsed = sum(flags_among(found.words).values())


def _count_times(found: Counted, values: Values, known: ColumnProfile) -> None:
    own, utc = values.own, values.utc
    if values.form == v.WORDS and values.words is not None and values.counts is not None:
        from nbops.data.typed import times_of_texts

        read = times_of_texts(values.words.to_pylist())
        usable = ~np.isnat(read)
        found.parsed = int(values.counts[usable].sum())
        found.nulls += int(values.counts[~usable].sum())
        found.words = WordCounts.of_pairs(values.words.to_pylist(), values.counts)
        own = utc = np.repeat(read[usable], values.counts[usable])
    hours, weekdays = hours_and_weekdays(own)
    found.minimum, found.maximum = range_of(utc)
    found.distinct = _distinct_times(found.distinct, utc)
    _add_aspect(found, "hour", HOURS, hours)
    _add_aspect(found, "weekday", WEEKDAYS, weekdays)


def _count_identifiers(found: Counted, values: Values, known: ColumnProfile) -> None:
    if values.numbers is not None:
        numbers = values.numbers[~np.isnan(values.numbers)] if not values.whole else values.numbers
        found.nulls += len(values.numbers) - len(numbers)
        found.distinct = _distinct_numbers(numbers)
    elif values.words is not None:
        found.distinct = Distinct.of(hashes_of_texts(values.words), values.counts)


def _count_texts(found: Counted, values: Values, known: ColumnProfile) -> None:
    import pyarrow.compute as pc

    found.distinct = Distinct.of(hashes_of_texts(values.words), values.counts)
    lengths = pc.utf8_length(values.words).to_numpy(zero_copy_only=False).astype(float)
    scale = next((aspect.scale for aspect in known.aspects if aspect.name == "length"), Scale())
    length = Counted("number", found.rows, found.nulls)
    length.numbers = NumberCounts.of(np.repeat(lengths, values.counts), scale)
    found.aspects["length"] = length
    words, letters = draws_of_texts(values.words)
    for name, drawn, known_words in (
        ("tokens", words, tuple(map(str, range(TOKENS)))),
        ("characters", letters, CLASSES),
    ):
        there = drawn >= 0
        by_place = np.bincount(drawn[there], values.counts[there], len(known_words)).astype(np.int64)
        _add_aspect(found, name, known_words, by_place)


def _count_vectors(found: Counted, values: Values, known: ColumnProfile) -> None:
    scales = {aspect.name: aspect.scale for aspect in known.aspects}
    for name, numbers in looks_of_vectors(values.vectors).items():
        aspect = Counted("number", found.rows, found.nulls)
        aspect.numbers = NumberCounts.of(numbers, scales.get(name, Scale()))
        aspect.nulls += aspect.numbers.missing
        found.aspects[name] = aspect


def _count_nothing(found: Counted, values: Values, known: ColumnProfile) -> None:
    """Of what is nested only rows and missing ones are told."""


def _add_aspect(found: Counted, name: str, words: tuple[str, ...], counts: Array) -> None:
    aspect = Counted("category", found.rows)
    aspect.words = WordCounts.of_pairs(words, counts)
    aspect.nulls = found.rows - aspect.words.total
    found.aspects[name] = aspect


def _distinct_times(before: Distinct, times: Array) -> Distinct:
    seen, hashing = Seen(before), Hashing(np.empty(min(len(times), PIECE), np.uint64))
    for first in range(0, len(times), PIECE):
        whole = times[first : first + PIECE].astype("datetime64[us]").view(np.uint64)
        seen.take(hashing.of_times(whole))
    return seen.taken()


def _distinct_numbers(numbers: Array) -> Distinct:
    seen, hashing = Seen(), Hashing(np.empty(min(len(numbers), PIECE), np.uint64))
    for first in range(0, len(numbers), PIECE):
        seen.take(hashing.of_numbers(numbers[first : first + PIECE]))
    return seen.taken()


def _blank(values: Values) -> int:
    import pyarrow.compute as pc

    if values.words is None or values.counts is None or not len(values.words):
        return 0
    empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(values.words)), 0).to_numpy(zero_copy_only=False)
    return int(values.counts[empty].sum())


_WAYS = {
    "number": _count_numbers,
    "category": _count_words,
    "boolean": _count_flags,
    "time": _count_times,
    "identifier": _count_identifiers,
    "text": _count_texts,
    "vector": _count_vectors,
    "nested": _count_nothing,
    "empty": _count_nothing,
}
