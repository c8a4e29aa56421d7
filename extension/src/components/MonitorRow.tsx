import React from 'react';
import {
  asideLine,
  figureOf,
  figures,
  isTrouble,
  monitorSign,
  standWord,
  subjectOf,
  troubleLine,
  worstSeries
} from '../model/monitorWords';
import type { CheckSeries, MonitorSummary } from '../records';
import type { ITrans } from '../tokens';
import { Sign } from './Sign';
import { Sparkline } from './Sparkline';

interface IMonitorRowProps {
  readonly summary: MonitorSummary;
  readonly now: number;
  readonly trans: ITrans;
}

/** One line of the list: how it stands, name and version; below it what is wrong, how it went, what goes on. */
export function MonitorRow({ summary, now, trans }: IMonitorRowProps): React.JSX.Element {
  const { monitor, state, version } = summary;
  const trouble = troubleLine(summary, trans);
  const watched = versionWords(summary, version, trans);
  const bad = isTrouble(state);
  const series = worstSeries(summary);
  const sign = monitorSign(monitor.problem ? 'error' : state, trans);
  const course = (width: number) =>
    series &&
    figures(series.values).length > 1 && (
      <Sparkline
        values={figures(series.values)}
        label={courseWords(series, trans)}
        width={width}
        height={14}
      />
    );
  return (
    <div className="nbops-row">
      <Sign sign={sign} quiet />
      <span className="nbops-cut" title={[monitor.name, watched].filter(Boolean).join(' ')}>
        <span className="nbops-row-name">{monitor.name}</span>
        <span className="nbops-dim"> {watched}</span>
      </span>
      <span className={`nbops-stand ${bad ? `nbops-${sign.tone}` : 'nbops-dim'}`}>
        {trouble && course(44)}
        {standWord(summary, trans)}
      </span>
      <span className="nbops-row-below nbops-dim">
        {trouble && (
          <span className="nbops-cut" title={trouble}>
            {trouble}
          </span>
        )}
        {!trouble && course(120)}
        <span className="nbops-push">{asideLine(summary, now, trans)}</span>
      </span>
    </div>
  );
}

function versionWords({ monitor }: MonitorSummary, version: number | null, trans: ITrans): string {
  const [model] = monitor.model.split('@');
  if (!model) {
    return '';
  }
  return model === monitor.name && version !== null
    ? trans.__('v%1', version)
    : subjectOf(monitor, version, trans);
}

/** What a course shows, in words. */
export function courseWords({ check, kind, values, limit }: CheckSeries, trans: ITrans): string {
  const real = figures(values);
  const said = trans.__(
    '%1: %2 looks, last %3, lowest %4, highest %5',
    check,
    real.length,
    figureOf(real[real.length - 1] ?? NaN, kind),
    figureOf(Math.min(...real), kind),
    figureOf(Math.max(...real), kind)
  );
  return limit === null ? said : trans.__('%1; limit %2', said, figureOf(limit, kind));
}
