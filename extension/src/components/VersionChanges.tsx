import React from 'react';
import { formatCount, formatNumber } from '../model/format';
import type { PredictionChange, VersionChange, VersionDiff } from '../records';
import type { ITrans } from '../tokens';
import { UnifiedDiff } from './Code';

interface IChangesProps {
  readonly diff: VersionDiff;
  readonly trans: ITrans;
}

/** What changed from the holder to this version: only what changed; the rest is one line. */
export function VersionChanges({ diff, trans }: IChangesProps): React.JSX.Element {
  const kinds: readonly (readonly [string, string])[] = [
    ['param', trans.__('parameters')],
    ['data', trans.__('data')],
    ['metric', trans.__('metrics')],
    ['signature', trans.__('signature')],
    ['package', trans.__('packages')],
    ['fact', trans.__('facts')],
    ['file', trans.__('files')]
  ];
  const of = (kind: string) => diff.changes.filter(change => change.kind === kind);
  const equal = kinds.slice(0, 5).filter(([kind]) => of(kind).length === 0);
  return (
    <section aria-label={trans.__('What changed since v%1', diff.before)}>
      <h3>{trans.__('what changed since v%1', diff.before)}</h3>
      <ul className="nbops-changes">
        {diff.predictions && (
          <li>
            <Predictions change={diff.predictions} trans={trans} />
          </li>
        )}
        <li>
          <CodeChange diff={diff} trans={trans} />
        </li>
        {kinds.map(([kind, title]) => {
          const changes = of(kind);
          return changes.length === 0 ? null : (
            <li key={kind}>
              <Changes title={title} changes={changes} trans={trans} />
            </li>
          );
        })}
        {equal.length > 0 && (
          <li className="nbops-dim">
            {trans.__('the same: %1', equal.map(([, title]) => title).join(', '))}
          </li>
        )}
      </ul>
    </section>
  );
}

function CodeChange({ diff, trans }: IChangesProps): React.JSX.Element {
  if (diff.code === '') {
    return <span className="nbops-dim">{trans.__('code: the same')}</span>;
  }
  const changed = diff.code.split('\n').filter(line => /^[+-](?!\+\+ |-- )/.test(line)).length;
  return (
    <details>
      <summary>
        {trans.__('code')}: {trans._n('%1 line', '%1 lines', changed)}
      </summary>
      <UnifiedDiff text={diff.code} label={trans.__('Code before and after')} />
    </details>
  );
}

const FEW = 4;

function Changes(props: { title: string; changes: VersionChange[]; trans: ITrans }): React.JSX.Element {
  const { title, changes, trans } = props;
  const lines = changes.map(change => (
    <li key={`${change.kind}/${change.name}`} className="nbops-change">
      <span className="nbops-mono">{change.name}</span> {change.before ?? trans.__('absent')}{' '}
      <span aria-label={trans.__('became')}>→</span> {change.after ?? trans.__('absent')}
    </li>
  ));
  return changes.length <= FEW ? (
    <>
      {title}
      <ul className="nbops-plain-list">{lines}</ul>
    </>
  ) : (
    <details>
      <summary>
        {title}: {trans._n('%1 change', '%1 changes', changes.length)}
      </summary>
      <ul className="nbops-plain-list">{lines}</ul>
    </details>
  );
}

function Predictions({ change, trans }: { change: PredictionChange; trans: ITrans }): React.JSX.Element {
  if (change.problem) {
    return <span className="nbops-dim">{trans.__('predictions: not compared, %1', change.problem)}</span>;
  }
  const { rows, changed } = change;
  const right =
    change.to_right === null || change.to_wrong === null
      ? ''
      : trans.__(
          ', %1 of them to right, %2 to wrong',
          formatCount(change.to_right),
          formatCount(change.to_wrong)
        );
  const shift =
    change.mean_shift === null ? '' : trans.__(', on average by %1', formatNumber(change.mean_shift));
  return (
    <>
      {trans.__('predictions: %1 of %2 change', formatCount(changed), formatCount(rows))}
      {right || shift}
      {change.groups.length > 0 && <Groups change={change} trans={trans} />}
    </>
  );
}

function Groups({ change, trans }: { change: PredictionChange; trans: ITrans }): React.JSX.Element {
  const names = [...new Set(change.groups.flatMap(group => Object.keys(group)))];
  return (
    <details>
      <summary>{trans.__('for whom')}</summary>
      <table className="nbops-table">
        <thead>
          <tr>
            {names.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {change.groups.map((group, i) => (
            <tr key={i}>
              {names.map(name => (
                <td key={name} className="nbops-num">
                  {typeof group[name] === 'number' ? formatNumber(group[name]) : String(group[name] ?? '')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
