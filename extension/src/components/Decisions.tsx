import React from 'react';
import type { IRegistryActions } from '../governance';
import { formatMoment } from '../model/format';
import { causeWord, outcomeSign } from '../model/monitorWords';
import { whenWords } from '../model/when';
import type { IPipelineActions } from '../pipelines';
import type { RetrainDecision, RetrainPolicy } from '../records';
import type { ITrans } from '../tokens';
import { Evidence } from './Evidence';
import { useMore } from './More';
import { Sign } from './Sign';

export interface IDecisionsProps {
  readonly decisions: readonly RetrainDecision[];
  readonly policy: RetrainPolicy | null;
  readonly path: string;
  readonly now: number;
  /** The one that is shown with its evidence at first. */
  readonly open?: number;
  readonly registry: IRegistryActions;
  readonly pipelines: IPipelineActions;
  readonly trans: ITrans;
}

/** What was decided about retraining, each with what it rested on. */
export function Decisions(props: IDecisionsProps): React.JSX.Element {
  const { decisions, trans } = props;
  const [shown, more] = useMore(decisions, trans);
  return (
    <>
      {decisions.length === 0 && (
        <p className="nbops-empty">{trans.__('Nothing has been decided about retraining yet.')}</p>
      )}
      <ol className="nbops-plain-list nbops-incidents" aria-label={trans.__('Decisions, newest first')}>
        {shown.map(decision => (
          <Decision key={decision.id} {...props} decision={decision} />
        ))}
      </ol>
      {more}
    </>
  );
}

function Decision(props: IDecisionsProps & { decision: RetrainDecision }): React.JSX.Element {
  const { decision, policy, path, now, open, registry, pipelines, trans } = props;
  const { id, run_id, challenger, cause, message, actor, model, evidence, comparison } = decision;
  const target = policy?.target ?? 'Production';
  return (
    <li aria-label={trans.__('Decision %1', id)}>
      <div className="nbops-incident-head">
        <Sign sign={outcomeSign(decision, trans)} />
        <span className="nbops-dim" title={formatMoment(decision.at)}>
          {trans.__('%1, by %2', whenWords(decision.at, now, trans), causeWord(cause, trans))}
          {actor && ` · ${actor}`}
        </span>
        {run_id && (
          <button
            type="button"
            className="nbops-quiet"
            onClick={() => pipelines.show({ path, pipeline: policy?.pipeline ?? '', runId: run_id })}
          >
            {trans.__('Open the run')}
          </button>
        )}
        {challenger !== null && (
          <button
            type="button"
            className="nbops-quiet"
            onClick={() => registry.openPromotion({ path, name: model, version: challenger, target })}
          >
            {trans.__('Open v%1', challenger)}
          </button>
        )}
      </div>
      {message && <div>{message}</div>}
      <Facts label={trans.__('Evidence')} facts={evidence} open={open === id} />
      <Facts label={trans.__('Challenger against champion')} facts={comparison} open={open === id} />
    </li>
  );
}

function Facts(props: {
  label: string;
  facts: RetrainDecision['evidence'];
  open: boolean;
}): React.JSX.Element | null {
  const { label, facts, open } = props;
  return Object.keys(facts).length === 0 ? null : (
    <details className="nbops-fold" open={open}>
      <summary>{label}</summary>
      <Evidence evidence={Object.entries(facts)} />
    </details>
  );
}
