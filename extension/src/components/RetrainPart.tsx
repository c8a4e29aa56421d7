import React from 'react';
import type { IRegistryActions } from '../governance';
import { policyWords } from '../model/monitorWords';
import type { IPipelineActions } from '../pipelines';
import type { IRetrainingActions } from '../retraining';
import { Decisions } from './Decisions';
import type { IMonitorPartProps } from './MonitorParts';

export interface IRetrainProps extends IMonitorPartProps {
  readonly registry: IRegistryActions;
  readonly pipelines: IPipelineActions;
  readonly retraining: IRetrainingActions;
}

/** The policy of a monitor's model in words, and what was decided by it. */
export function Retraining(props: IRetrainProps): React.JSX.Element | null {
  const { view, path, now, registry, pipelines, retraining, trans } = props;
  const { policy, decisions } = view;
  const [model] = view.summary.monitor.model.split('@');
  if (!model) {
    return null;
  }
  const open = () => retraining.show({ path, model });
  return (
    <section aria-label={trans.__('Retraining')}>
      <h3>{trans.__('Retraining')}</h3>
      <p className={policy ? '' : 'nbops-empty'}>
        {policy
          ? policyWords(policy, trans).join(' ')
          : trans.__('No policy says when %1 is trained anew.', model)}{' '}
        <button type="button" className="nbops-quiet" onClick={open}>
          {policy ? trans.__('Change the policy…') : trans.__('Set a policy…')}
        </button>
      </p>
      {(policy || decisions.length > 0) && (
        <Decisions {...{ decisions, policy, path, now, registry, pipelines, trans }} />
      )}
    </section>
  );
}
