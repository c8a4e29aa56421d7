import React from 'react';
import { formatNumber, toNumber } from '../model/format';
import type { MetricPoint } from '../records';
import type { ITrans } from '../tokens';

interface ISeriesProps {
  readonly name: string;
  readonly points: readonly MetricPoint[];
  readonly trans: ITrans;
}

const WIDTH = 280;
const HEIGHT = 90;
const LEFT = 4;
const BOTTOM = 14;

/** The points of one metric over its steps. */
export function Series({ name, points, trans }: ISeriesProps): React.JSX.Element | null {
  const real = points
    .map(point => ({ step: point.step, value: toNumber(point.value) }))
    .filter(point => Number.isFinite(point.value));
  if (real.length < 2) {
    return null;
  }
  const values = real.map(point => point.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [real[0].step, real[real.length - 1].step];
  const x = (step: number, i: number) =>
    LEFT + (last > first ? (step - first) / (last - first) : i / (real.length - 1)) * (WIDTH - 2 * LEFT);
  const y = (value: number) =>
    high > low ? HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - BOTTOM - 14) : HEIGHT / 2;
  const line = real.map((p, i) => `${x(p.step, i).toFixed(1)},${y(p.value).toFixed(1)}`).join(' ');
  const label = trans.__(
    '%1: %2 points, lowest %3, highest %4, last %5',
    name,
    real.length,
    formatNumber(low),
    formatNumber(high),
    formatNumber(values[values.length - 1])
  );
  return (
    <figure className="nbops-series">
      <figcaption>{name}</figcaption>
      <svg role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        <title>{label}</title>
        <polyline className="nbops-line" points={line} />
        <text x={LEFT} y={10}>
          {formatNumber(high)}
        </text>
        <text x={LEFT} y={HEIGHT - 2}>
          {formatNumber(low)}
        </text>
        <text x={WIDTH - LEFT} y={HEIGHT - 2} textAnchor="end">
          {trans.__('step %1', last)}
        </text>
      </svg>
    </figure>
  );
}

/** The series of all metrics that have more than one point. */
export function AllSeries({ points, trans }: Omit<ISeriesProps, 'name'>): React.JSX.Element {
  const byName = new Map<string, MetricPoint[]>();
  for (const point of points) {
    const list = byName.get(point.name);
    if (list) {
      list.push(point);
    } else {
      byName.set(point.name, [point]);
    }
  }
  return (
    <>
      {[...byName].map(([name, list]) => (
        <Series key={name} name={name} points={list} trans={trans} />
      ))}
    </>
  );
}
