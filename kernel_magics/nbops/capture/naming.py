"""Names and ids of runs. Drawn from the system, never from the random state of the user."""

from __future__ import annotations

import os

_ADJECTIVES = (
    "agile amber ample bold brave bright brisk calm candid clear clever cosy crisp deft eager early easy exact fair "
    "fleet fond frank free fresh gentle glad golden grand happy hardy honest humble jolly keen kind light lively "
    "loyal lucky lucid mellow merry mild neat nimble noble patient placid plain polite prime proud quick quiet "
    "ready robust rosy sage serene sharp shy silver simple sleek smart snug sober solid spry steady still subtle "
    "sunny sure swift tidy tranquil trim true vivid warm wise witty"
)
_NOUNS = (
    "alder ash aspen badger beech birch bison bittern brook cedar clover comet condor crane curlew cypress dale "
    "delta dove dune eagle egret elm falcon fern finch fjord fox gannet glade grove grouse gull harbor hare hawk "
    "hazel heron hill ibis iris jay juniper kestrel lake larch lark linnet lynx magpie maple marten meadow merlin "
    "moor moss newt oak orca oriole osprey otter owl pine plover poplar puffin quail raven reed ridge robin rowan "
    "sable seal shore sparrow spruce stork swallow swan swift teal tern thrush trout vale vole walnut willow wren "
    "yew"
)


def new_run_id() -> str:
    """Give a fresh id: 32 hexadecimal digits, as MLflow's."""
    return os.urandom(16).hex()


def new_name() -> str:
    """Give a readable name such as ``brisk-heron``."""
    drawn = os.urandom(4)
    return f"{_pick(_ADJECTIVES, drawn[:2])}-{_pick(_NOUNS, drawn[2:])}"


def _pick(words: str, drawn: bytes) -> str:
    choices = words.split()
    return choices[int.from_bytes(drawn, "big") % len(choices)]
