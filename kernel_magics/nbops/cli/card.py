"""``nbops card``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import UsageError
from nbops.views.document import page, write_document
from nbops.views.model_card import card_html, card_markdown, card_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    card = commands.add_parser("card", help="show, write or export a model card")
    common(card)
    card.add_argument("name", help="registered model")
    card.add_argument("version", help="number or alias")
    card.add_argument("--set", action="append", default=[], metavar="FIELD=TEXT", help="write a field (repeat)")
    card.add_argument("--markdown", action="store_true", help="print Markdown")
    card.add_argument("--html", metavar="FILE", help="write a self-contained page")
    card.add_argument("--check", action="store_true", help="exit code 4 if required fields are missing")
    card.set_defaults(func=_card)


def _card(options: argparse.Namespace) -> int:
    from nbops.registry.card import edit_card, model_card

    workspace = workspace_of(options)
    texts = dict(_pair(text) for text in options.set)
    if texts:
        card = edit_card(options.name, options.version, texts, workspace=workspace)
    else:
        card = model_card(workspace, options.name, options.version)
    if options.html:
        title = f"Model card: {card.model} version {card.version}"
        write_document(options.html, page(title, card_html(card)))
    if options.json:
        print_json(card)
    elif options.markdown:
        print(card_markdown(card))
    elif options.html:
        print(f"Written to {options.html}")
    else:
        print(card_text(card))
    return 4 if options.check and card.missing else 0


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"--set {text[:40]}: write it as FIELD=TEXT.")
    return name.strip(), value
