"""A self-contained HTML page: one static file, no script, no request, light and dark."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from nbops.views.html import UNTYPESET
from nbops.workspace.blobs import write_atomically

# JupyterLab's names, so that a fragment looks right in a notebook and in a page of its own.
_STYLE = """
:root{--jp-layout-color1:#fff;--jp-layout-color2:#f0f0f0;--jp-border-color2:#e0e0e0;--jp-ui-font-color1:rgba(0,0,0,.87);
--jp-ui-font-color2:rgba(0,0,0,.6);--jp-ui-font-color3:#9e9e9e;--jp-brand-color1:#1976d2;--jp-success-color1:#2e7d32;
--jp-warn-color1:#b34e00;--jp-error-color1:#c62828;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--jp-layout-color1:#212121;--jp-layout-color2:#303030;--jp-border-color2:#424242;
--jp-ui-font-color1:rgba(255,255,255,.87);--jp-ui-font-color2:rgba(255,255,255,.6);--jp-ui-font-color3:#8a8a8a;
--jp-brand-color1:#64b5f6;--jp-success-color1:#81c784;--jp-warn-color1:#ffb74d;--jp-error-color1:#e57373}}
body{margin:0 auto;padding:22px 26px 40px;max-width:960px;background:var(--jp-layout-color1)}
h1{font-size:22px;font-weight:600;margin:0 0 4px}h2{font-size:15px;font-weight:600;margin:26px 0 6px}
@media print{:root{--jp-layout-color1:#fff;--jp-layout-color2:#f0f0f0;--jp-border-color2:#ccc;--jp-ui-font-color1:#000;--jp-ui-font-color2:#444;
--jp-ui-font-color3:#9e9e9e;--jp-brand-color1:#1565c0;--jp-success-color1:#1b5e20;--jp-warn-color1:#bf360c;--jp-error-color1:#b71c1c;color-scheme:light}
body{max-width:none;padding:0}details{break-inside:avoid}details>*{display:block}
details::details-content{content-visibility:visible;height:auto;block-size:auto;overflow:visible}}
"""
FRAGMENT_STYLE = """
.nbops{color:var(--jp-ui-font-color1,#212121);font:13px/1.45 var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif)}
.nbops .dim{color:var(--jp-ui-font-color2,#616161)}.nbops .num{font-variant-numeric:tabular-nums}
.nbops .mono{font-family:var(--jp-code-font-family,Menlo,"DejaVu Sans Mono",monospace);font-size:12px}
.nbops .good{color:var(--jp-success-color1,#2e7d32)}.nbops .warn{color:var(--jp-warn-color1,#e65100)}.nbops .bad{color:var(--jp-error-color1,#d32f2f)}
.nbops .lead{font-size:15px;margin:6px 0 12px;max-width:78ch}.nbops small{font-size:11px}
.nbops table{border-collapse:collapse;width:100%;margin:0;table-layout:auto;color:inherit;font:inherit}
.nbops th{font-weight:500;text-align:left;color:var(--jp-ui-font-color2,#616161);font-size:11px}
.nbops table td,.nbops table th{padding:4px 12px 4px 0;border:0;border-bottom:1px solid var(--jp-border-color2,#e0e0e0);vertical-align:middle;text-align:left;background:none}
.nbops table :is(td,th):not(.num){text-align:left!important}.nbops table :is(td,th).num{text-align:right!important}.nbops .counts{display:flex;flex-wrap:wrap;gap:8px 26px;margin:0 0 12px}
.nbops .counts b{font-size:18px;font-weight:500;display:block}.nbops summary{cursor:pointer;padding:6px 0;color:var(--jp-ui-font-color2,#616161)}
.nbops .pill{display:inline-block;border:1px solid currentColor;border-radius:9px;padding:0 7px;font-size:11px;line-height:16px}
.nbops .scroll{overflow-x:auto;position:relative}.nbops td.num{white-space:nowrap}.nbops th{overflow-wrap:normal}.nbops .when{white-space:nowrap}.nbops .told{min-width:180px}
"""


def page(title: str, body: str, style: str = "") -> str:
    """Wrap a body, which must be escaped already, into a whole page; ``style`` is added to that of every page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>{_STYLE}{FRAGMENT_STYLE}{style}</style></head>"
        f'<body class="nbops">{body}</body></html>'
    )


def fragment(body: str, style: str = "") -> str:
    """Wrap a body, which must be escaped already, for the output of a notebook cell."""
    return f'<style>{FRAGMENT_STYLE}{style}</style><div class="nbops {UNTYPESET}">{body}</div>'


def write_document(path: str | os.PathLike[str], html: str) -> Path:
    """Write a page so that it is whole or absent; folders are made.

    Raises
    ------
    WorkspaceError
        The file cannot be written.
    """
    target = Path(path)
    write_atomically(target, html.encode("utf-8"))
    return target
