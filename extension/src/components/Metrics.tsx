import React from 'react';
import type { IMetricLine } from '../model/card';
import { formatNumber } from '../model/format';
import type { ITrans } from '../tokens';

/** A difference in shape, figure and words: better and worse are never told by colour alone. */
export function Delta({ line, trans }: { line: IMetricLine; trans: ITrans }): React.JSX.Element | null {
  if (line.delta === null || line.delta === 0) {
    return null;
  }
  const up = line.delta > 0;
  const size = formatNumber(Math.abs(line.delta));
  const words =
    line.better === null
      ? up
        ? trans.__('%1 more than before', size)
        : trans.__('%1 less than before', size)
      : line.better
        ? trans.__('better than before by %1', size)
        : trans.__('worse than before by %1', size);
  const tone = line.better === null ? 'nbops-dim' : line.better ? 'nbops-good' : 'nbops-bad';
  return (
    <span className={`nbops-delta ${tone}`} title={words}>
      <span aria-hidden="true">
        {up ? '▲' : '▼'} {size}
      </span>
      <span className="nbops-hidden">{words}</span>
    </span>
  );
}

/** What a metric is compared to, in words. */
export function compared(line: IMetricLine, trans: ITrans): string {
  if (line.before === null) {
    return '';
  }
  return line.delta === 0 ? trans.__('as before') : trans.__('was %1', formatNumber(line.before));
}

/** A metric, large, with what it is compared to below. */
export function BigMetric({ line, trans }: { line: IMetricLine; trans: ITrans }): React.JSX.Element {
  const note = compared(line, trans);
  return (
    <div className="nbops-metric">
      <div className="nbops-metric-value">
        {formatNumber(line.value)} <Delta line={line} trans={trans} />
      </div>
      <div className="nbops-metric-name">
        {line.name}
        {note && ` · ${note}`}
      </div>
    </div>
  );
}
