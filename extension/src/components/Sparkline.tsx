import React from 'react';

interface ISparklineProps {
  readonly values: readonly number[];
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
}

const EDGE = 3;

/** A line without axes; the label says in words what it shows. */
export function Sparkline({ values, label, width = 190, height = 36 }: ISparklineProps): React.JSX.Element {
  const low = Math.min(...values);
  const spread = Math.max(...values) - low;
  const points = values.map((value, i): [number, number] => [
    EDGE + (i / Math.max(1, values.length - 1)) * (width - 2 * EDGE),
    spread > 0 ? height - EDGE - ((value - low) / spread) * (height - 2 * EDGE) : height / 2
  ]);
  const [x, y] = points[points.length - 1] ?? [EDGE, height / 2];
  return (
    <svg
      className="nbops-sparkline"
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <title>{label}</title>
      <polyline
        className="nbops-line"
        points={points.map(p => p.map(n => n.toFixed(1)).join(',')).join(' ')}
      />
      <circle className="nbops-dot" cx={x.toFixed(1)} cy={y.toFixed(1)} r="2.6" />
    </svg>
  );
}
