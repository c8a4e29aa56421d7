import React from 'react';
import { formatAgo, formatDuration } from '../model/format';
import type { RunModel } from '../model/run';
import { deliverySign, statusSign } from '../model/words';
import type { Card } from '../records';
import type { IRunActions, ITrans } from '../tokens';
import { Artifacts } from './Artifacts';
import { Comparison } from './Comparison';
import { Changed } from './Facts';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { Fold } from './Pairs';
import {
  CodePart,
  DataPart,
  EnvironmentPart,
  MetricsPart,
  ModelsPart,
  OutputPart,
  ParamsPart,
  RecordPart
} from './RunParts';
import { Sign } from './Sign';

export interface IRunDetailProps {
  readonly model: RunModel;
  readonly actions: IRunActions;
  readonly urlOf: (runId: string, artifact: string) => string;
  readonly trans: ITrans;
  /** Whether it stands in a tab of its own. */
  readonly wide?: boolean;
  readonly compare?: boolean;
}

/** A run, whole. */
export function RunDetail(props: IRunDetailProps): React.JSX.Element {
  const { model, trans } = props;
  const { card, failure, loading } = useStore(model);
  return (
    <article
      className="nbops-detail"
      aria-label={card ? trans.__('Run %1', card.run.name) : trans.__('Run')}
      aria-busy={loading}
    >
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!card && loading && <p role="status">{trans.__('Loading the run…')}</p>}
      {card && <Body {...props} card={card} />}
    </article>
  );
}

function Body(props: IRunDetailProps & { card: Card }): React.JSX.Element {
  const { card, model, actions, trans, urlOf } = props;
  const { series, before } = useStore(model);
  const { run } = card;
  return (
    <>
      <Head {...props} />
      <Buttons {...props} />
      {run.error && (
        <p className="nbops-error-line" role="note">
          <span className="nbops-bad">✕ {run.error.type}:</span> {run.error.message}
        </p>
      )}
      {card.warnings.map(text => (
        <p key={text} className="nbops-warning">
          <span className="nbops-warn" aria-hidden="true">
            ▲{' '}
          </span>
          {text}
        </p>
      ))}
      {props.compare ? (
        <Comparison card={card} before={before} trans={trans} />
      ) : (
        <>
          {run.kind === 'cell' && run.origin === 'nbops' && (
            <p className="nbops-changed">
              {trans.__('Changed:')} <Changed card={card} trans={trans} />
            </p>
          )}
          <MetricsPart card={card} series={series} trans={trans} />
          <ParamsPart run={run} trans={trans} />
          <CodePart run={run} trans={trans} />
          <DataPart run={run} trans={trans} />
          <ModelsPart run={run} trans={trans} />
          <OutputPart run={run} trans={trans} />
          {run.artifacts.length > 0 && (
            <Fold name={trans.__('Files')} note={String(run.artifacts.length)} open>
              <Artifacts artifacts={run.artifacts} urlOf={path => urlOf(run.run_id, path)} trans={trans} />
            </Fold>
          )}
          <EnvironmentPart run={run} trans={trans} />
          <RecordPart run={run} onCopy={text => actions.copy(text)} trans={trans} />
        </>
      )}
    </>
  );
}

function Head({ card, trans }: IRunDetailProps & { card: Card }): React.JSX.Element {
  const now = useNow();
  const { run } = card;
  return (
    <header className="nbops-detail-head">
      <h2>{run.name}</h2>
      <p className="nbops-dim">
        <Sign sign={statusSign(run.status, trans)} />
        {run.duration !== null && ` · ${formatDuration(run.duration)}`} ·{' '}
        {formatAgo(run.started_at, now, trans)} ·{' '}
        {run.origin === 'mlflow' ? (
          <span className="nbops-pill" title={trans.__('Made with plain MLflow, not captured by nbops.')}>
            mlflow
          </span>
        ) : (
          <Sign sign={deliverySign(run, trans)} />
        )}
      </p>
    </header>
  );
}

function Buttons(props: IRunDetailProps & { card: Card }): React.JSX.Element {
  const { card, model, actions, trans, wide, compare } = props;
  const { run } = card;
  const target = { runId: run.run_id, path: model.path };
  const stored = run.models.some(one => one.digest !== '');
  const button = (text: string, onClick: () => void) => (
    <button type="button" className="nbops-quiet" onClick={onClick}>
      {text}
    </button>
  );
  return (
    <div className="nbops-actions" role="group" aria-label={trans.__('Actions')}>
      {card.previous &&
        (compare
          ? button(trans.__('Whole run'), () => actions.openTab(target, false))
          : button(trans.__('Compare with previous'), () => actions.openTab(target, true)))}
      {stored && button(trans.__('Register…'), () => actions.register(target))}
      {run.cell.notebook &&
        run.cell.cell_id &&
        button(trans.__('Go to cell'), () =>
          actions.jumpToCell({ notebook: run.cell.notebook, cellId: run.cell.cell_id, path: model.path })
        )}
      {!wide && button(trans.__('Open in a tab'), () => actions.openTab(target, false))}
    </div>
  );
}
