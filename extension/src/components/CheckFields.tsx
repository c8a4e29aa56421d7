import React from 'react';
import { fromList } from '../model/assignments';
import { toNumber } from '../model/format';
import { newCheck } from '../model/monitor';
import { kindWord } from '../model/monitorWords';
import type { Check, CheckKind, WireNumber } from '../records';
import type { ITrans } from '../tokens';
import { FieldGroup } from './Field';

interface ICheckFieldsProps {
  readonly checks: readonly Check[];
  readonly onChange: (checks: readonly Check[]) => void;
  readonly trans: ITrans;
}

const KINDS: readonly CheckKind[] = [
  'drift',
  'prediction',
  'quality',
  'performance',
  'estimate',
  'volume',
  'infrastructure'
];
/** Kinds that look at columns, and kinds that measure something. */
const BY_COLUMN: readonly CheckKind[] = ['drift', 'quality'];

/** What is looked at: one line a check, with its limits. */
export function CheckFields({ checks, onChange, trans }: ICheckFieldsProps): React.JSX.Element {
  const change = (index: number, part: Partial<Check>) =>
    onChange(checks.map((one, i) => (i === index ? { ...one, ...part } : one)));
  return (
    <FieldGroup name="checks" legend={trans.__('Checks')}>
      <div className="nbops-wide-table">
        <table className="nbops-table nbops-check-fields">
          <thead>
            <tr>
              <th scope="col">{trans.__('looks at')}</th>
              <th scope="col">{trans.__('called')}</th>
              <th scope="col">{trans.__('columns or metric')}</th>
              <th scope="col">{trans.__('warns beyond')}</th>
              <th scope="col">{trans.__('alerts beyond')}</th>
              <th scope="col">
                <span className="nbops-hidden">{trans.__('Actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {checks.map((check, i) => (
              <CheckLine
                key={i}
                check={check}
                onChange={part => change(i, part)}
                onRemove={() => onChange(checks.filter((_, j) => j !== i))}
                trans={trans}
              />
            ))}
          </tbody>
        </table>
      </div>
      <button
        type="button"
        className="nbops-quiet"
        onClick={() => onChange([...checks, newCheck(checks, 'drift')])}
      >
        {trans.__('Add a check')}
      </button>
    </FieldGroup>
  );
}

interface ILineProps {
  readonly check: Check;
  readonly onChange: (part: Partial<Check>) => void;
  readonly onRemove: () => void;
  readonly trans: ITrans;
}

function CheckLine({ check, onChange, onRemove, trans }: ILineProps): React.JSX.Element {
  const { name, kind, columns, metric } = check;
  const byColumn = BY_COLUMN.includes(kind);
  const said = (label: string) => trans.__('%1 of %2', label, name);
  // A name that nobody has chosen goes with the kind.
  const choose = (chosen: CheckKind) =>
    onChange({ kind: chosen, ...(name === kind ? { name: chosen } : {}), columns: [], metric: '' });
  return (
    <tr>
      <td>
        <select
          value={kind}
          aria-label={said(trans.__('Kind'))}
          onChange={event => choose(event.target.value as CheckKind)}
        >
          {KINDS.map(one => (
            <option key={one} value={one}>
              {kindWord(one, trans)}
            </option>
          ))}
        </select>
      </td>
      <td>
        <input
          value={name}
          aria-label={said(trans.__('Name'))}
          onChange={event => onChange({ name: event.target.value })}
        />
      </td>
      <td>
        {byColumn ? (
          <Columns columns={columns} label={said(trans.__('Columns'))} onChange={onChange} trans={trans} />
        ) : (
          <input
            value={metric}
            placeholder={METRICS[kind]}
            aria-label={said(trans.__('Metric'))}
            spellCheck={false}
            onChange={event => onChange({ metric: event.target.value })}
          />
        )}
      </td>
      {(['warning', 'threshold'] as const).map(field => (
        <td key={field}>
          <input
            type="number"
            step="any"
            className="nbops-short"
            placeholder={byColumn ? trans.__('by itself') : ''}
            value={written(check[field])}
            aria-label={said(field === 'warning' ? trans.__('Warning') : trans.__('Limit'))}
            onChange={event =>
              onChange({ [field]: event.target.value === '' ? null : Number(event.target.value) })
            }
          />
        </td>
      ))}
      <td>
        <button
          type="button"
          className="nbops-quiet"
          aria-label={trans.__('Remove %1', name)}
          onClick={onRemove}
        >
          {trans.__('Remove')}
        </button>
      </td>
    </tr>
  );
}

const METRICS: Partial<Record<CheckKind, string>> = {
  prediction: 'effect',
  performance: 'roc_auc',
  estimate: 'accuracy',
  volume: 'rows',
  infrastructure: 'latency_p95'
};

function written(value: WireNumber | null): number | '' {
  return value === null ? '' : toNumber(value);
}

/** Kept as text while it is written. */
function Columns(props: {
  columns: readonly string[];
  label: string;
  onChange: (part: Partial<Check>) => void;
  trans: ITrans;
}): React.JSX.Element {
  const { columns, label, onChange, trans } = props;
  const [text, setText] = React.useState(columns.join(', '));
  return (
    <input
      value={text}
      placeholder={trans.__('all columns')}
      aria-label={label}
      spellCheck={false}
      onChange={event => {
        setText(event.target.value);
        onChange({ columns: fromList(event.target.value) });
      }}
    />
  );
}
