"""What a drift report adds to the style of every document."""

REPORT_STYLE = """
.nbops .title{font-size:19px;font-weight:600;margin:0 0 3px;line-height:1.3}.nbops .under{margin:0 0 2px;overflow-wrap:anywhere}
.nbops .lead{overflow-wrap:anywhere}.nbops .counts .push{margin-left:auto}.nbops .counts .wide{max-width:340px}
.nbops .counts span{display:block}.nbops th[scope=row]{font-weight:600;font-size:13px;color:inherit;overflow-wrap:anywhere}
.nbops th[scope=row] small{font-weight:400}.nbops .ranked td{overflow-wrap:anywhere}.nbops .ranked td.num,.nbops .ranked td.state{white-space:nowrap}
.nbops .pair th[scope=row]{font-weight:400;white-space:nowrap;overflow-wrap:normal}.nbops th.num,.nbops th[scope=row] small{white-space:nowrap}.nbops .pair td,.nbops .pair th{padding:3px 10px 3px 0}
.nbops th[scope=row]{min-width:90px}.nbops th.when{overflow-wrap:normal}.nbops .ranked td:nth-child(3){min-width:110px}
.nbops a{color:inherit;text-decoration:underline;text-decoration-color:var(--jp-border-color2,#bdbdbd);text-underline-offset:3px}
.nbops .key{color:var(--jp-ui-font-color3,#9e9e9e)}.nbops .line{color:var(--jp-brand-color1,#1976d2)}
.nbops svg{display:block;max-width:100%;height:auto}
.nbops .ranked svg{max-width:none}
.nbops .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.nbops .pair{display:flex;flex-wrap:wrap;gap:10px 28px;align-items:flex-start;margin:4px 0 12px}.nbops .pair>*{flex:1 1 300px;min-width:0}
.nbops .foot{margin:26px 0 0;padding-top:8px;border-top:1px solid var(--jp-border-color2,#e0e0e0);overflow-wrap:anywhere}
.nbops h2{font-size:15px;font-weight:600;margin:26px 0 6px}.nbops h3{font-size:13px;font-weight:600;margin:12px 0 4px}.nbops p{margin:4px 0 8px}
"""
PRINT_STYLE = """
@page{margin:14mm}
@media print{.nbops{font-size:11px}.nbops .scroll{overflow:visible}.nbops tr,.nbops svg,.nbops .pair,.nbops .counts{break-inside:avoid}
.nbops thead{display:table-header-group}.nbops h2,.nbops h3,.nbops summary{break-after:avoid}.nbops section.columns{break-before:page}
.nbops table td,.nbops table th{padding:3px 8px 3px 0}.nbops .ranked svg{max-width:120px}
.nbops .pair{gap:4px 20px;margin:2px 0 8px}.nbops .pair>div:first-child:not(:last-child){flex:0 1 270px}
.nbops .pair td,.nbops .pair th{padding:1px 8px 1px 0;font-size:9.5px}.nbops h2{margin-top:14px}.nbops summary{padding:3px 0}
body.nbops details{break-inside:auto}}
"""
