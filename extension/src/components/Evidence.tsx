import React from 'react';
import { formatGate, formatMoment, formatNumber, shortDigest } from '../model/format';

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
          <dd className="nbops-num">{shown(key, value)}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

function shown(key: string, value: unknown): React.ReactNode {
  if (isRows(value)) {
    return <Rows rows={value} />;
  }
  if (typeof value === 'number' && /(^|_)(at|as_of|since|until)$/.test(key) && value > EPOCH) {
    return formatMoment(value);
  }
  if (typeof value === 'string' && /^[0-9a-f]{32,}$/.test(value)) {
    return <code title={value}>{shortDigest(value)}</code>;
  }
  return isRow(value) ? <Evidence evidence={Object.entries(value)} /> : plain(value);
}

type IRow = Readonly<Record<string, unknown>>;

function isRow(value: unknown): value is IRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRows(value: unknown): value is readonly IRow[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

const MOST_ROWS = 30;
// Seconds since the epoch from 2001 on; smaller numbers are counts.
const EPOCH = 1e9;

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
