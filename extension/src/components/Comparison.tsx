import React from 'react';
import { metricLines } from '../model/card';
import { formatNumber } from '../model/format';
import type { Card } from '../records';
import type { ITrans } from '../tokens';
import { CodeDiff } from './Code';
import { Delta } from './Metrics';

interface IComparisonProps {
  readonly card: Card;
  readonly before: Card | null;
  readonly trans: ITrans;
}

interface ILine {
  readonly name: string;
  readonly before: React.ReactNode;
  readonly after: React.ReactNode;
}

/** A run against the one before: its figures, everything that changed, its code. */
export function Comparison({ card, before, trans }: IComparisonProps): React.JSX.Element {
  if (card.previous === null) {
    return (
      <p className="nbops-empty">
        {trans.__('This is the first run of this cell: there is nothing to compare.')}
      </p>
    );
  }
  const metrics = metricLines(card).map(line => ({
    name: line.name,
    before: line.before === null ? '–' : formatNumber(line.before),
    after: (
      <>
        {formatNumber(line.value)} <Delta line={line} trans={trans} />
      </>
    )
  }));
  const changed = card.changes
    .filter(one => one.kind !== 'metric' && one.kind !== 'code')
    .map(one => ({ name: one.name, before: one.before ?? '–', after: one.after ?? '–' }));
  return (
    <>
      <Table title={trans.__('Metrics')} lines={metrics} card={card} trans={trans} />
      <Table title={trans.__('What changed')} lines={changed} card={card} trans={trans} />
      {changed.length === 0 && (
        <p className="nbops-dim">{trans.__('Parameters, data and packages are the same.')}</p>
      )}
      <h3>{trans.__('Code')}</h3>
      {before ? (
        <CodeDiff before={before.run.code} after={card.run.code} trans={trans} />
      ) : (
        <p className="nbops-dim">{trans.__('The earlier code is being fetched.')}</p>
      )}
    </>
  );
}

function Table(props: {
  title: string;
  lines: ILine[];
  card: Card;
  trans: ITrans;
}): React.JSX.Element | null {
  const { title, lines, card, trans } = props;
  return lines.length === 0 ? null : (
    <table className="nbops-table nbops-comparison">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{card.previous?.name ?? trans.__('before')}</th>
          <th scope="col">{card.run.name}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line, i) => (
          <tr key={i}>
            <th scope="row">{line.name}</th>
            <td className="nbops-num">{line.before}</td>
            <td className="nbops-num">{line.after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
