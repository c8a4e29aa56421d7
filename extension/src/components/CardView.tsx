import React from 'react';
import { metricLines, trend } from '../model/card';
import { baseName, formatDuration, formatNumber } from '../model/format';
import { deliverySign, statusSign } from '../model/words';
import type { Card } from '../records';
import type { IRunActions, ITrans } from '../tokens';
import { Facts } from './Facts';
import { BigMetric } from './Metrics';
import { Sign } from './Sign';
import { Sparkline } from './Sparkline';

export interface ICardViewProps {
  readonly card: Card;
  /** Path of the notebook that shows the card. */
  readonly path: string;
  /** Whether the server knows the run; without it the card is what the notebook saved. */
  readonly known: boolean;
  readonly actions: IRunActions;
  readonly trans: ITrans;
}

/** Metrics shown large; the others stand in one line below. */
const LARGE = 4;

/** The card under a tracked cell: the conclusion first, then only what changed. */
export function CardView(props: ICardViewProps): React.JSX.Element {
  const { card, trans } = props;
  const tone = statusSign(card.run.status, trans).tone;
  return (
    <section
      className={`nbops-card nbops-edge-${tone}`}
      role="group"
      aria-label={trans.__('Run %1', card.run.name)}
    >
      <Head {...props} />
      <Figures {...props} />
      {card.run.error && (
        <p className="nbops-error-line">
          <span className="nbops-bad">✕ {card.run.error.type}:</span> {card.run.error.message}
        </p>
      )}
      <Facts card={card} trans={trans} />
      <Warnings {...props} />
      <Actions {...props} />
    </section>
  );
}

function Head({ card, known, trans }: ICardViewProps): React.JSX.Element {
  const { run } = card;
  const where = [run.experiment, baseName(run.cell.notebook)].filter(Boolean).join(' / ');
  const attempt = run.kind === 'cell' ? trans.__('run %1 of this cell', run.attempt) : run.kind;
  return (
    <header className="nbops-card-head">
      <strong>{run.name}</strong>
      <span className="nbops-dim">
        {where} · {attempt}
      </span>
      <span className="nbops-push nbops-dim nbops-num">
        {formatDuration(run.duration)}{' '}
        {run.tracking !== null && (
          <span className="nbops-faint">{trans.__('+%1 tracking', formatDuration(run.tracking))}</span>
        )}
      </span>
      <span className="nbops-states" role="status">
        {run.status !== 'FINISHED' && <Sign sign={statusSign(run.status, trans)} />}
        {known ? <Sign sign={deliverySign(run, trans)} /> : <Saved trans={trans} />}
      </span>
    </header>
  );
}

function Saved({ trans }: { trans: ITrans }): React.JSX.Element {
  const title = trans.__('This server does not know the run; the card shows what the notebook saved.');
  return <Sign sign={{ shape: '▫', word: trans.__('saved'), title, tone: 'dim' }} />;
}

function Figures({ card, trans }: ICardViewProps): React.JSX.Element | null {
  const lines = metricLines(card);
  if (lines.length === 0) {
    return null;
  }
  const name = lines[0].name;
  const values = trend(card, name);
  const label = trans.__(
    '%1 over the last %2 runs, from %3 to %4',
    name,
    values.length,
    formatNumber(values[0] ?? NaN),
    formatNumber(values[values.length - 1] ?? NaN)
  );
  return (
    <>
      <div className="nbops-figures">
        {lines.slice(0, LARGE).map(line => (
          <BigMetric key={line.name} line={line} trans={trans} />
        ))}
        {values.length > 1 && <Sparkline values={values} label={label} />}
      </div>
      {lines.length > LARGE && (
        <p className="nbops-more nbops-dim">
          {lines.slice(LARGE).map(line => (
            <span key={line.name} className="nbops-item">
              {line.name} <span className="nbops-num nbops-plain">{formatNumber(line.value)}</span>
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function Warnings({ card, trans }: ICardViewProps): React.JSX.Element | null {
  const warnings = [...card.warnings];
  const { redactions } = card.run;
  if (redactions > 0 && !warnings.some(text => text.toLowerCase().includes('secret'))) {
    warnings.push(trans._n('%1 secret replaced', '%1 secrets replaced', redactions));
  }
  return warnings.length === 0 ? null : (
    <ul className="nbops-warnings">
      {warnings.map(text => (
        <li key={text}>
          <span className="nbops-warn">
            <span aria-hidden="true">▲ </span>
            <span className="nbops-hidden">{trans.__('Warning:')} </span>
          </span>
          {text}
        </li>
      ))}
    </ul>
  );
}

function Actions({ card, path, known, actions, trans }: ICardViewProps): React.JSX.Element | null {
  if (!known) {
    return null;
  }
  const target = { runId: card.run.run_id, path };
  const stored = card.run.models.some(model => model.digest !== '');
  return (
    <div className="nbops-actions">
      {card.previous && (
        <button type="button" className="nbops-quiet" onClick={() => actions.openTab(target, true)}>
          {trans.__('Compare with previous')}
        </button>
      )}
      {stored && (
        <button type="button" className="nbops-quiet" onClick={() => actions.register(target)}>
          {trans.__('Register…')}
        </button>
      )}
      <button type="button" className="nbops-quiet nbops-push" onClick={() => actions.open(target)}>
        {trans.__('Details')}
      </button>
    </div>
  );
}
