"""``nbops metrics`` and ``nbops grafana``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from nbops.cli.options import common, workspace_of


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    metrics = commands.add_parser(
        "metrics",
        help="the latest values and states of monitors for Prometheus",
        epilog="For the textfile collector of node_exporter: nbops metrics --out /var/lib/node_exporter/nbops.prom, by cron.",
    )
    common(metrics)
    metrics.add_argument("--out", metavar="FILE", help="write them there, whole or not at all")
    metrics.set_defaults(func=_metrics)
    grafana = commands.add_parser("grafana", help="a Grafana dashboard for a model, as JSON")
    common(grafana)
    grafana.add_argument("model", help="registered name")
    grafana.add_argument("--out", metavar="FILE", help="write it there instead of printing it")
    grafana.set_defaults(func=_grafana)


def _metrics(options: argparse.Namespace) -> int:
    from nbops.monitoring.exposition import monitor_metrics

    text = monitor_metrics(workspace_of(options))
    if options.json:
        from prometheus_client.parser import text_string_to_metric_families

        samples = [one for family in text_string_to_metric_families(text.decode()) for one in family.samples]
        json.dump(
            [{"name": one.name, "labels": one.labels, "value": one.value} for one in samples], sys.stdout, indent=2
        )
        print()
    else:
        _give(text.decode(), options.out)
    return 0


def _grafana(options: argparse.Namespace) -> int:
    from nbops.monitoring.grafana import grafana_dashboard
    from nbops.registry.writing import check_name

    check_name(options.model)
    _give(json.dumps(grafana_dashboard(options.model), indent=2, ensure_ascii=False) + "\n", options.out)
    return 0


def _give(text: str, out: str | None) -> None:
    if out:
        from nbops.workspace.blobs import write_atomically

        write_atomically(Path(out), text.encode())
    else:
        sys.stdout.write(text)
