"""The registry: registered models, their numbered versions and aliases.

A version is whole or absent: the model's bytes lie in the content store before its row is committed, its number
is given once and never again, and the bytes are checked against their digest at every load.
"""

from nbops.registry.loading import load_model
from nbops.registry.reading import get_model, get_version, list_models
from nbops.registry.writing import register, set_alias

__all__ = ["get_model", "get_version", "list_models", "load_model", "register", "set_alias"]
