import React from 'react';
import { formatGate, formatNumber } from '../model/format';

/** What something rests on: figures by name, those of several groups as a table. */
export function Evidence({
  evidence
}: {
  evidence: readonly (readonly [string, unknown])[];
}): React.JSX.Element {
  return (
    <dl className="nbops-evidence">
      {evidence.map(([key, value]) => (
        <React.Fragment key={key}>
          <dt>{spaced(key)}</dt>
          <dd className="nbops-num">{isRows(value) ? <Rows rows={value} /> : plain(value)}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

type IRow = Readonly<Record<string, unknown>>;

function isRows(value: unknown): value is readonly IRow[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(row => typeof row === 'object' && row !== null && !Array.isArray(row))
  );
}

const MOST_ROWS = 30;

/** Evidence about several groups of rows, such as slices. */
function Rows({ rows }: { rows: readonly IRow[] }): React.JSX.Element {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))];
  return (
    <table className="nbops-table">
      <thead>
        <tr>
          {names.map(name => (
            <th key={name} scope="col">
              {spaced(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, MOST_ROWS).map((row, i) => (
          <tr key={i}>
            {names.map(name => (
              <td key={name}>{plain(row[name])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function spaced(name: string): string {
  return name.replace(/_/g, ' ');
}

function plain(value: unknown): string {
  if (Array.isArray(value) && value.every(one => typeof one !== 'object')) {
    return value.map(plain).join(', ');
  }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? formatNumber(value) : formatGate(value);
  }
  return typeof value === 'string' || typeof value === 'boolean'
    ? String(value)
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value);
}
