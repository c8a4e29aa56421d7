import React from 'react';
import { formatDate, toNumber } from '../model/format';
import { figureOf, figures } from '../model/monitorWords';
import type { CheckSeries } from '../records';
import type { ITrans } from '../tokens';
import { courseWords } from './MonitorRow';

interface ICheckChartProps {
  readonly series: CheckSeries;
  readonly trans: ITrans;
}

const WIDTH = 300;
const HEIGHT = 84;
const EDGE = 5;
const TOP = 6;
const BOTTOM = 16;

/** The course of a check over its looks, with the limit where it begins to matter. */
export function CheckChart({ series, trans }: ICheckChartProps): React.JSX.Element | null {
  const { values, at } = series;
  const real = figures(values);
  if (real.length === 0) {
    return null;
  }
  const limit = series.limit === null ? null : toNumber(series.limit);
  const marks = limit !== null && Number.isFinite(limit) ? [...real, limit] : real;
  const [low, high] = [Math.min(...marks), Math.max(...marks)];
  const x = (i: number) => EDGE + (i / Math.max(1, values.length - 1)) * (WIDTH - 2 * EDGE);
  const y = (value: number) =>
    high > low
      ? HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - BOTTOM - TOP)
      : (HEIGHT - BOTTOM + TOP) / 2;
  const label = courseWords(series, trans);
  const last = values.length - 1;
  return (
    <svg className="nbops-check-chart" role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      <title>{label}</title>
      {limit !== null && (
        <>
          <line className="nbops-limit-line" x1={0} x2={WIDTH} y1={y(limit)} y2={y(limit)} />
          <text x={WIDTH / 2} y={HEIGHT - 3} textAnchor="middle">
            {trans.__('- - limit %1', figureOf(limit, series.kind))}
          </text>
        </>
      )}
      {pieces(values).map(piece => (
        <polyline
          key={piece[0][0]}
          className="nbops-line"
          points={piece.map(([i, value]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}
        />
      ))}
      {values.map(
        (value, i) =>
          value !== null &&
          (i === last || values.length < 40) && (
            <circle
              key={i}
              className={i === last ? `nbops-mark nbops-mark-${series.state}` : 'nbops-mark'}
              cx={x(i).toFixed(1)}
              cy={y(toNumber(value)).toFixed(1)}
              r={i === last ? 3 : 1.6}
            />
          )
      )}
      {at.length > 1 && (
        <>
          <text x={0} y={HEIGHT - 3}>
            {formatDate(at[0])}
          </text>
          <text x={WIDTH} y={HEIGHT - 3} textAnchor="end">
            {formatDate(at[at.length - 1])}
          </text>
        </>
      )}
    </svg>
  );
}

type Piece = [number, number][];

/** The lines between gaps: a look without a value joins nothing. */
function pieces(values: CheckSeries['values']): Piece[] {
  const found: Piece[] = [];
  let open: Piece | null = null;
  values.forEach((value, i) => {
    const number = value === null ? NaN : toNumber(value);
    if (!Number.isFinite(number)) {
      open = null;
      return;
    }
    if (open === null) {
      open = [];
      found.push(open);
    }
    open.push([i, number]);
  });
  return found;
}
