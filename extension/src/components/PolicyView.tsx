import React from 'react';
import type { IRegistryActions } from '../governance';
import type { ListModel } from '../model/list';
import { isGoing, policyWords } from '../model/monitorWords';
import type { PolicyModel } from '../model/policy';
import { ownZone, whenWords } from '../model/when';
import type { IPipelineActions, IPipelineLine } from '../pipelines';
import type { IRetrainingActions } from '../retraining';
import type { ITrans } from '../tokens';
import { Decisions } from './Decisions';
import { pipelineChoices } from './DraftFields';
import { Failure } from './Failure';
import { Refusal } from './Field';
import { useNow, useStore } from './hooks';
import { PolicyForm } from './PolicyForm';
import { Foresight, SaveBar } from './SaveBar';

export interface IPolicyProps {
  readonly model: PolicyModel;
  readonly pipelines: ListModel<IPipelineLine>;
  /** Folder of the workspace, from which its pipeline files are named. */
  readonly root: () => string;
  /** The decision that is shown with its evidence at first. */
  readonly decision?: number;
  readonly actions: IRetrainingActions;
  readonly registry: IRegistryActions;
  readonly pipelineActions: IPipelineActions;
  readonly trans: ITrans;
}

/** The retraining of a model: its policy, written in a form and said in words, and what was decided by it. */
export function PolicyView(props: IPolicyProps): React.JSX.Element {
  const { model, trans } = props;
  const { view, path, failure, loaded } = useStore(model);
  const now = useNow();
  return (
    <article className="nbops-schedule nbops-monitor" aria-label={trans.__('Retraining of %1', model.name)}>
      <Head {...props} />
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {loaded && (view || !failure) && (
        <div className="nbops-two nbops-monitor-top">
          <Writing {...props} now={now} />
          <section aria-label={trans.__('What was decided')}>
            <h3>{trans.__('What was decided')}</h3>
            <Decisions
              decisions={view?.decisions ?? []}
              policy={view?.policy ?? null}
              open={props.decision}
              registry={props.registry}
              pipelines={props.pipelineActions}
              {...{ path, now, trans }}
            />
          </section>
        </div>
      )}
    </article>
  );
}

function Head({ model, trans }: IPolicyProps): React.JSX.Element {
  useStore(model);
  const { policy } = model;
  return (
    <header>
      <div className="nbops-pipeline-head">
        <h2>{trans.__('Retraining of %1', model.name)}</h2>
        {policy && (
          <span className={`nbops-pill nbops-${policy.paused ? 'dim' : 'good'}`} role="status">
            {policy.paused ? `‖ ${trans.__('rests')}` : `● ${trans.__('counts')}`}
          </span>
        )}
        {policy?.author && <span className="nbops-dim">{trans.__('by %1', policy.author)}</span>}
      </div>
      {policy?.origin && (
        <p className="nbops-dim">
          {trans.__(
            'It is declared in %1; what is saved here lasts until that is read again.',
            policy.origin
          )}
        </p>
      )}
    </header>
  );
}

function Writing(props: IPolicyProps & { now: number }): React.JSX.Element {
  const { model, pipelines, root, now, trans } = props;
  const { draft, refusal, filled } = useStore(model);
  const { items } = useStore(pipelines);
  return (
    <section aria-label={trans.__('The policy')}>
      {!model.policy && (
        <p className="nbops-dim">
          {trans.__('There is no policy yet, so %1 is not trained anew by itself.', model.name)}
        </p>
      )}
      <Refusal.Provider value={refusal}>
        <PolicyForm
          // Parameters are kept as text; what others have saved is shown by a new one.
          key={filled}
          draft={draft}
          pipelines={pipelineChoices(items, root())}
          onChange={change => model.write(change)}
          trans={trans}
        />
      </Refusal.Provider>
      <Foresight
        model={model}
        when={time => whenWords(time, now, trans)}
        words={times => trans.__('Comes due at %1, in your zone (%2).', times, ownZone())}
      />
      <p className="nbops-policy-words" role="note" aria-label={trans.__('The policy in words')}>
        {policyWords(model.written, trans).join(' ')}
      </p>
      <Buttons {...props} />
    </section>
  );
}

function Buttons({ model, actions, trans }: IPolicyProps): React.JSX.Element {
  const { path, view } = useStore(model);
  const { policy } = model;
  const ref = { path, model: model.name };
  const going = (view?.decisions ?? []).some(isGoing);
  return (
    <SaveBar model={model} kept={policy !== null} trans={trans}>
      {policy && (
        <>
          <button type="button" aria-disabled={going} onClick={() => (going ? undefined : actions.now(ref))}>
            {going ? trans.__('Retraining…') : trans.__('Retrain now…')}
          </button>
          <button type="button" onClick={() => actions.rest({ ...ref, paused: !policy.paused })}>
            {policy.paused ? trans.__('Switch on') : trans.__('Switch off')}
          </button>
          <button type="button" onClick={() => actions.remove(ref)}>
            {trans.__('Delete…')}
          </button>
        </>
      )}
    </SaveBar>
  );
}
