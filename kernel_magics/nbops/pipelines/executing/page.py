"""An executed notebook as one static HTML page that asks nothing of the network."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from nbconvert.exporters import HTMLExporter
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from nbops.pipelines.executing.execution import SAVE_TAG

_STYLE = """
:root{color-scheme:light dark}
body{margin:0 auto;padding:20px 26px 40px;max-width:980px;font:14px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;
background:#fff;color:#212121}
pre,code{font:12.5px/1.45 Menlo,"DejaVu Sans Mono",monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
.highlight,.jp-InputArea .highlight{background:#f7f7f7;border:1px solid #e0e0e0;padding:6px 10px;border-radius:2px;color:#212121}
.jp-Cell,.cell{margin:0 0 12px}.jp-OutputArea-output,.output_area{margin:4px 0 0;padding-left:10px;overflow-x:auto}
.jp-InputPrompt,.jp-OutputPrompt,.prompt,.anchor-link{display:none}img{max-width:100%}
table{border-collapse:collapse;font-size:13px}td,th{padding:3px 10px 3px 0;border-bottom:1px solid #e0e0e0;text-align:left}
header{border-left:3px solid #2e7d32;padding:4px 12px;margin:0 0 18px}header.failed{border-color:#d32f2f}header p{margin:0;color:#616161}
.ansi-red-fg,.ansi-red-intense-fg{color:#d32f2f}.ansi-green-fg{color:#2e7d32}.ansi-cyan-fg{color:#00838f}.ansi-bold{font-weight:600}
@media (prefers-color-scheme:dark){body{background:#212121;color:#e0e0e0}header p{color:#9e9e9e}td,th{border-color:#424242}
.highlight,.jp-InputArea .highlight{background:#2b2b2b;border-color:#424242;color:#e0e0e0}
:root{--jp-layout-color0:#111;--jp-layout-color1:#212121;--jp-layout-color2:#303030;--jp-border-color1:#616161;--jp-border-color2:#424242;
--jp-ui-font-color0:#fff;--jp-ui-font-color1:rgba(255,255,255,.87);--jp-ui-font-color2:rgba(255,255,255,.6);--jp-ui-font-color3:#8a8a8a;
--jp-content-font-color1:#e0e0e0;--jp-brand-color1:#64b5f6;--jp-success-color1:#81c784;--jp-warn-color1:#ffb74d;--jp-error-color1:#e57373}}
"""
# The page runs no scripts; those that an output would fetch (an interactive plot, a widget) are not even named.
_REMOTE = re.compile(r"<script\b[^>]*\bsrc\s*=\s*[\"']?(?:https?:)?//[^>]*>\s*</script>", re.IGNORECASE)


def page_of(notebook: Any, title: str, subtitle: str, *, failed: bool = False) -> str:
    """Give an executed notebook as a whole page.

    Parameters
    ----------
    notebook
        As nbformat has it.
    title, subtitle
        Text for the head of the page.
    failed
        Whether a cell raised.
    """
    remove = Config({"TagRemovePreprocessor": {"enabled": True, "remove_cell_tags": [SAVE_TAG]}})
    exporter = HTMLExporter(config=remove, template_name="basic")
    body, _ = exporter.from_notebook_node(notebook)
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    night = HtmlFormatter(style="monokai").get_style_defs(".highlight")
    mark = ' class="failed"' if failed else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>{colours}@media (prefers-color-scheme:dark){{{night}}}{_STYLE}</style></head><body>"
        f"<header{mark}><strong>{escape(title)}</strong><p>{escape(subtitle)}</p></header>"
        f"{_REMOTE.sub('', body)}</body></html>"
    )
