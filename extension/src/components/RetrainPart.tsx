import React from 'react';
import type { IRegistryActions } from '../governance';
import { formatMoment } from '../model/format';
import { causeWord, outcomeSign, policyWords } from '../model/monitorWords';
import { whenWords } from '../model/when';
import type { IPipelineActions } from '../pipelines';
import type { RetrainDecision } from '../records';
import { Evidence } from './Evidence';
import type { IMonitorPartProps } from './MonitorParts';
import { useMore } from './More';
import { Sign } from './Sign';

export interface IRetrainProps extends IMonitorPartProps {
  readonly registry: IRegistryActions;
  readonly pipelines: IPipelineActions;
}

/** The policy, and what was decided by it, each decision with what it rested on. */
export function Retraining(props: IRetrainProps): React.JSX.Element | null {
  const { view, trans } = props;
  const { policy, decisions } = view;
  const [shown, more] = useMore(decisions, trans);
  if (!view.summary.monitor.model) {
    return null;
  }
  return (
    <section aria-label={trans.__('Retraining')}>
      <h3>{trans.__('Retraining')}</h3>
      {policy ? (
        <p>{policyWords(policy, trans).join(' ')}</p>
      ) : (
        <p className="nbops-empty">
          {trans.__(
            'No policy says how this model is trained anew. Declare one in nbops.toml, table %1.',
            `[retrain.${view.summary.monitor.model.split('@')[0]}]`
          )}
        </p>
      )}
      <ol className="nbops-plain-list nbops-incidents" aria-label={trans.__('Decisions, newest first')}>
        {shown.map(decision => (
          <Decision key={decision.id} {...props} decision={decision} />
        ))}
      </ol>
      {more}
    </section>
  );
}

function Decision(props: IRetrainProps & { decision: RetrainDecision }): React.JSX.Element {
  const { decision, view, path, now, registry, pipelines, trans } = props;
  const { run_id, challenger, cause, message, actor, model, evidence, comparison } = decision;
  const target = view.policy?.target ?? 'Production';
  return (
    <li>
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
            onClick={() => pipelines.show({ path, pipeline: view.policy?.pipeline ?? '', runId: run_id })}
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
      <Facts label={trans.__('Evidence')} facts={evidence} />
      <Facts label={trans.__('Challenger against champion')} facts={comparison} />
    </li>
  );
}

function Facts(props: { label: string; facts: RetrainDecision['evidence'] }): React.JSX.Element | null {
  const { label, facts } = props;
  return Object.keys(facts).length === 0 ? null : (
    <details className="nbops-fold">
      <summary>{label}</summary>
      <Evidence evidence={Object.entries(facts)} />
    </details>
  );
}
