import React from 'react';
import type { IRegistryActions } from '../governance';
import type { ModelsModel } from '../model/models';
import type { MonitorModel } from '../model/monitor';
import {
  describe,
  isGoing,
  isMuted,
  labelledWords,
  monitorSign,
  subjectOf,
  troubleLine
} from '../model/monitorWords';
import { formatMoment } from '../model/format';
import { ownZone, whenWords } from '../model/when';
import type { IMonitorActions } from '../monitors';
import type { IPipelineActions } from '../pipelines';
import type { MonitorSummary } from '../records';
import type { IRetrainingActions } from '../retraining';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { Refusal } from './Field';
import { useNow, useStore } from './hooks';
import { MonitorForm } from './MonitorForm';
import { Checks, Incidents, Looks } from './MonitorParts';
import { Retraining } from './RetrainPart';
import { Foresight, SaveBar } from './SaveBar';

export interface IMonitorProps {
  readonly model: MonitorModel;
  readonly models: ModelsModel;
  readonly actions: IMonitorActions;
  readonly registry: IRegistryActions;
  readonly pipelines: IPipelineActions;
  readonly retraining: IRetrainingActions;
  readonly trans: ITrans;
}

/** A monitor: how it stands, what is wrong, its checks and looks, and the retraining it led to; or its form. */
export function MonitorView(props: IMonitorProps): React.JSX.Element {
  const { model, trans } = props;
  const { view, failure, loaded, editing, path } = useStore(model);
  const now = useNow(view?.look.running ? 1 : 60);
  const { name } = model;
  const part = view && { view, path, now, actions: props.actions, trans };
  return (
    <article
      className="nbops-schedule nbops-monitor"
      aria-label={name ? trans.__('Monitor %1', name) : trans.__('New monitor')}
    >
      <Head {...props} now={now} />
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {view && <Buttons {...props} />}
      {loaded && editing && <Editor {...props} now={now} />}
      {part && (
        <>
          <div className="nbops-two nbops-monitor-top">
            <div>
              <Incidents {...part} />
              <Checks {...part} />
            </div>
            <Retraining
              {...part}
              registry={props.registry}
              pipelines={props.pipelines}
              retraining={props.retraining}
            />
          </div>
          <Looks {...part} />
        </>
      )}
    </article>
  );
}

interface IPartProps extends IMonitorProps {
  readonly now: number;
}

function Head({ model, now, trans }: IPartProps): React.JSX.Element {
  const { view, failure } = useStore(model);
  const summary = view?.summary;
  return (
    <header>
      <div className="nbops-pipeline-head">
        <h2>{model.name || trans.__('New monitor')}</h2>
        {summary && <State summary={summary} trans={trans} />}
        {summary && <span className="nbops-dim">{subjectOf(summary.monitor, summary.version, trans)}</span>}
        {summary?.monitor.author && (
          <span className="nbops-dim">{trans.__('by %1', summary.monitor.author)}</span>
        )}
      </div>
      {summary && <Conclusion summary={summary} now={now} trans={trans} />}
      {!view && model.name && failure?.status === 404 && (
        <p className="nbops-warn">▲ {trans.__('It is not there any more. Saving makes it again.')}</p>
      )}
    </header>
  );
}

function State({ summary, trans }: { summary: MonitorSummary; trans: ITrans }): React.JSX.Element {
  const sign = monitorSign(summary.monitor.problem ? 'error' : summary.state, trans);
  return (
    <span className={`nbops-pill nbops-${sign.tone}`} title={sign.title} role="status">
      {sign.shape} {sign.word}
    </span>
  );
}

function Conclusion(props: { summary: MonitorSummary; now: number; trans: ITrans }): React.JSX.Element {
  const { summary, now, trans } = props;
  const { monitor, last, labelled, state } = summary;
  const said = summary.sentence || troubleLine(summary, trans) || monitorSign(state, trans).title;
  return (
    <>
      <p className="nbops-headline">{said}</p>
      {monitor.problem && (
        <p role="alert" className="nbops-bad">
          ✕ {monitor.problem}
        </p>
      )}
      {isMuted(monitor, now) && (
        <p className="nbops-warn">
          ◌{' '}
          {trans.__(
            'Nobody is told until %1: %2',
            whenWords(monitor.muted_until ?? 0, now, trans),
            monitor.mute_reason
          )}
        </p>
      )}
      <p className="nbops-dim">{describe(monitor, trans)}</p>
      <p className="nbops-dim">
        {[
          last && trans.__('Last look %1.', whenWords(last.at, now, trans)),
          !monitor.paused &&
            monitor.next_at !== null &&
            trans.__('Next %1.', whenWords(monitor.next_at, now, trans)),
          labelled !== null && `${labelledWords(labelled, trans)}.`
        ]
          .filter(Boolean)
          .join(' ')}
      </p>
    </>
  );
}

function Buttons({ model, actions, retraining, trans }: IMonitorProps): React.JSX.Element | null {
  const { view, path, editing } = useStore(model);
  const now = useNow();
  if (!view) {
    return null;
  }
  const { monitor } = view.summary;
  const { look, policy } = view;
  const ref = { path, name: monitor.name };
  const retrains = view.decisions.some(isGoing);
  return (
    <>
      <div className="nbops-decisions" role="group" aria-label={trans.__('Actions')}>
        <button
          type="button"
          aria-disabled={look.running}
          onClick={() => (look.running ? undefined : actions.act({ ...ref, act: 'run' }))}
        >
          {look.running ? trans.__('Looking…') : trans.__('Run now')}
        </button>
        {policy && (
          <button
            type="button"
            aria-disabled={retrains}
            onClick={() => (retrains ? undefined : retraining.now({ path, model: policy.model }))}
          >
            {retrains ? trans.__('Retraining…') : trans.__('Retrain now…')}
          </button>
        )}
        {isMuted(monitor, now) ? (
          <button type="button" onClick={() => actions.act({ ...ref, act: 'unmute' })}>
            {trans.__('Unmute')}
          </button>
        ) : (
          <button type="button" onClick={() => actions.mute(ref)}>
            {trans.__('Mute…')}
          </button>
        )}
        <button
          type="button"
          onClick={() => actions.act({ ...ref, act: monitor.paused ? 'resume' : 'pause' })}
        >
          {monitor.paused ? trans.__('Resume') : trans.__('Pause')}
        </button>
        <button type="button" aria-expanded={editing} onClick={() => model.edit(!editing)}>
          {trans.__('Edit')}
        </button>
        <button type="button" onClick={() => actions.remove(ref)}>
          {trans.__('Delete…')}
        </button>
      </div>
      {look.failure && !look.running && (
        <p role="alert" className="nbops-bad">
          ✕ {trans.__('The last look came to nothing: %1', look.failure)}
        </p>
      )}
    </>
  );
}

function Editor(props: IPartProps): React.JSX.Element {
  const { model, models, now, trans } = props;
  const { draft, refusal, view, filled } = useStore(model);
  const registered = useStore(models).models;
  const origin = view?.summary.monitor.origin;
  return (
    <section aria-label={trans.__('What it does')}>
      {origin && (
        <p className="nbops-dim">
          {trans.__('It is declared in %1; what is saved here lasts until that is read again.', origin)}
        </p>
      )}
      <Refusal.Provider value={refusal}>
        <MonitorForm
          // A form keeps lists as text; what others have saved is shown by a new one.
          key={filled}
          draft={draft}
          named={model.name !== ''}
          models={registered}
          onChange={change => model.write(change)}
          trans={trans}
        />
      </Refusal.Provider>
      <Foresight
        model={model}
        when={time => whenWords(time, now, trans)}
        words={times => trans.__('Looks at %1, in your zone (%2).', times, ownZone())}
      />
      <SaveBar model={model} kept={view !== null} onClose={() => model.edit(false)} trans={trans}>
        {view && (
          <span className="nbops-dim" title={formatMoment(view.summary.monitor.created_at)}>
            {trans.__('made %1', formatMoment(view.summary.monitor.created_at))}
          </span>
        )}
      </SaveBar>
    </section>
  );
}
