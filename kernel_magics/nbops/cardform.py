"""The form of a model card in a notebook: the static card, and a field for everything only a person can say."""

from __future__ import annotations

from typing import Any

from nbops.errors import NbopsError
from nbops.registry.card import KNOWN, edit_card, model_card
from nbops.views.html import escape
from nbops.views.model_card import card_html
from nbops.workspace import Workspace


class CardForm:
    """A live form over the card of one version.

    Parameters
    ----------
    workspace
        Where the model is.
    name, version
        Whose card.
    """

    def __init__(self, workspace: Workspace, name: str, version: int) -> None:
        import ipywidgets

        self._workspace, self._name, self._version = workspace, name, version
        card = model_card(workspace, name, version)
        self._picture = ipywidgets.HTML(card_html(card))
        wide = ipywidgets.Layout(width="100%", max_width="860px", height="64px")
        self.fields: dict[str, Any] = {
            field.name: ipywidgets.Textarea(value=field.text, description=field.title, layout=wide)
            for field in card.fields
            if field.name not in KNOWN
        }
        for area in self.fields.values():
            area.style.description_width = "170px"
        self.save = ipywidgets.Button(description="Save", button_style="primary", tooltip="nbops card --set")
        self.save.on_click(lambda _: self._save())
        self.message = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self._picture, *self.fields.values(), self.save, self.message])

    def _save(self) -> None:
        texts = {name: area.value for name, area in self.fields.items()}
        try:
            card = edit_card(self._name, self._version, texts, workspace=self._workspace)
        except NbopsError as error:
            said = str(error)
        else:
            self._picture.value = card_html(card)
            said = f"Saved as revision {card.revision}."
        self.message.value = f'<div role="status">{escape(said)}</div>'
