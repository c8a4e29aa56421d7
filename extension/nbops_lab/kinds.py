"""What kind of thing a field of a request is."""

from __future__ import annotations


def is_text(value: object) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def are_texts(value: object) -> bool:
    """Whether it is a list of texts."""
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def is_number(value: object) -> bool:
    """Whether it is a number, whole or not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """Whether it is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def are_values(value: object) -> bool:
    """Whether it is an object of texts."""
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
