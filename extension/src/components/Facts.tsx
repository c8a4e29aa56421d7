import React from 'react';
import { codeChanged, otherChanges, sameData } from '../model/card';
import { formatCount, formatSize, shortDigest } from '../model/format';
import type { Card, Change, DataRef, ModelRef } from '../records';
import type { ITrans } from '../tokens';

interface ICardProps {
  readonly card: Card;
  readonly trans: ITrans;
}

/** One parameter or package that changed: before → after. */
function ChangeItem({ change, trans }: { change: Change; trans: ITrans }): React.JSX.Element {
  return (
    <span className="nbops-item nbops-mono">
      {change.name} <span className="nbops-dim">{change.before ?? trans.__('none')} →</span>{' '}
      {change.after ?? trans.__('none')}
    </span>
  );
}

/** What changed since the run before, or that nothing did. */
export function Changed({ card, trans }: ICardProps): React.JSX.Element {
  if (card.previous === null) {
    return <span className="nbops-dim">{trans.__('first run of this cell')}</span>;
  }
  const changes = otherChanges(card);
  const code = codeChanged(card) ?? false;
  if (changes.length === 0 && !code) {
    return <span className="nbops-dim">{trans.__('code and parameters as in %1', card.previous.name)}</span>;
  }
  return (
    <>
      {changes.map(change => (
        <ChangeItem key={`${change.kind}/${change.name}`} change={change} trans={trans} />
      ))}
      {code && <span className="nbops-item nbops-dim">{trans.__('code edited')}</span>}
    </>
  );
}

/** A frame: name, extent, identity, and whether it is the one of the run before. */
function DataItem({ data, card, trans }: ICardProps & { data: DataRef }): React.JSX.Element {
  const same = sameData(card, data.name);
  return (
    <span className="nbops-item">
      <span className="nbops-mono">{data.name}</span>{' '}
      <span className="nbops-dim">
        {formatCount(data.rows)} × {formatCount(data.columns)}
      </span>{' '}
      <span className="nbops-mono nbops-faint" title={data.fingerprint}>
        {shortDigest(data.fingerprint)}
      </span>
      {same === true && ` ${trans.__('same as before')}`}
      {same === false && <span className="nbops-warn"> {trans.__('changed')}</span>}
    </span>
  );
}

function ModelItem({ model, trans }: { model: ModelRef; trans: ITrans }): React.JSX.Element {
  const notes = [model.size > 0 ? formatSize(model.size) : '', model.problem].filter(Boolean).join(', ');
  return (
    <span className="nbops-item">
      <span className="nbops-mono" title={trans.__('variable %1', model.name)}>
        {model.class_name}
      </span>{' '}
      <span className={model.problem ? 'nbops-warn' : 'nbops-dim'}>{notes}</span>
    </span>
  );
}

function Row({ term, children }: { term: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** The lines of a card below its figures. Lines with nothing to say are left out. */
export function Facts({ card, trans }: ICardProps): React.JSX.Element {
  const read = card.run.data.filter(one => one.context !== 'written');
  const written = card.run.data.filter(one => one.context === 'written');
  const frames = (list: readonly DataRef[]) =>
    list.map(data => <DataItem key={data.name} data={data} card={card} trans={trans} />);
  return (
    <dl className="nbops-facts">
      <Row term={trans.__('changed')}>
        <Changed card={card} trans={trans} />
      </Row>
      {read.length > 0 && <Row term={trans.__('data read')}>{frames(read)}</Row>}
      {written.length > 0 && <Row term={trans.__('data made')}>{frames(written)}</Row>}
      {card.run.models.length > 0 && (
        <Row term={trans.__('model')}>
          {card.run.models.map(model => (
            <ModelItem key={model.name} model={model} trans={trans} />
          ))}
        </Row>
      )}
    </dl>
  );
}
