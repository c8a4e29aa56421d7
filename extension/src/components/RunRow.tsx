import React from 'react';
import { formatAgo, formatDuration, formatNumber } from '../model/format';
import { statusSign } from '../model/words';
import { Sign } from './Sign';
import type { RunRow } from '../records';
import type { ITrans } from '../tokens';

interface IRunLineProps {
  readonly row: RunRow | undefined;
  /** The metric by which the list is sorted, if it is. */
  readonly metric: string;
  readonly now: number;
  readonly trans: ITrans;
}

const PARAMS = 4;

/** One line of the list: state, name, the figure that counts; below it what made it and when. */
export function RunLine({ row, metric, now, trans }: IRunLineProps): React.JSX.Element {
  if (!row) {
    return <div className="nbops-row nbops-faint">…</div>;
  }
  const { figure, title } = figureOf(row, metric, trans);
  return (
    <div className="nbops-row">
      <Sign sign={statusSign(row.status, trans)} quiet />
      <span className="nbops-row-name">{row.name}</span>
      <span className={`nbops-num ${row.status === 'FINISHED' ? '' : 'nbops-dim'}`} title={title}>
        {figure}
      </span>
      <span className="nbops-row-below nbops-dim">
        <span className="nbops-cut" title={row.error || undefined}>
          {row.error || summary(row)}
        </span>
        {row.origin === 'mlflow' && (
          <span className="nbops-pill" title={trans.__('Made with plain MLflow, not captured by nbops.')}>
            mlflow
          </span>
        )}
        {row.delivery === 'failed' && (
          <span className="nbops-warn" title={trans.__('MLflow does not take it yet; nbops keeps trying.')}>
            ▲ {trans.__('not delivered')}
          </span>
        )}
        <span className="nbops-push">
          {row.status === 'RUNNING' ? trans.__('running') : formatAgo(row.started_at, now, trans)}
        </span>
      </span>
    </div>
  );
}

function figureOf(row: RunRow, metric: string, trans: ITrans): { figure: string; title: string } {
  if (row.status === 'RUNNING') {
    const cell = row.execution_count === null ? '' : trans.__('cell %1', row.execution_count);
    return { figure: cell, title: cell };
  }
  if (row.status !== 'FINISHED') {
    return { figure: statusSign(row.status, trans).word, title: row.error };
  }
  const name = metric || Object.keys(row.metrics)[0];
  if (name !== undefined && name in row.metrics) {
    const figure = formatNumber(row.metrics[name]);
    return { figure, title: `${name} = ${figure}` };
  }
  const duration = metric ? '–' : formatDuration(row.duration);
  return { figure: duration, title: metric ? trans.__('no %1', metric) : trans.__('duration') };
}

function summary(row: RunRow): string {
  const params = Object.entries(row.params).slice(0, PARAMS);
  return params.length > 0 ? params.map(([name, value]) => `${name} ${value}`).join(' · ') : row.experiment;
}
