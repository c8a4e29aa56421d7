import React from 'react';
import type { IPipelineActions, IPipelineLine } from '../pipelines';
import { formatDuration, formatMoment } from '../model/format';
import type { ListModel } from '../model/list';
import type { ScheduleModel } from '../model/schedule';
import { dueSign, nextWords, scheduleSign } from '../model/scheduleWords';
import { durationOf } from '../model/stages';
import { ownZone, whenWords } from '../model/when';
import type { Schedule, ScheduleRun } from '../records';
import type { ITrans } from '../tokens';
import { pipelineChoices } from './DraftFields';
import { Failure } from './Failure';
import { Refusal } from './Field';
import { useNow, useStore } from './hooks';
import { SaveBar } from './SaveBar';
import { ScheduleForm } from './ScheduleForm';
import { Sign } from './Sign';

export interface IScheduleProps {
  readonly model: ScheduleModel;
  readonly pipelines: ListModel<IPipelineLine>;
  /** Folder of the workspace, from which its pipeline files are named. */
  readonly root: () => string;
  readonly actions: IPipelineActions;
  readonly trans: ITrans;
}

/** A schedule: when it comes due, its form, and what became of the times before. */
export function ScheduleView(props: IScheduleProps): React.JSX.Element {
  const { model, pipelines, trans } = props;
  const { schedule, draft, failure, loaded, refusal, filled } = useStore(model);
  const { items } = useStore(pipelines);
  const now = useNow();
  const title = schedule?.name ?? model.name;
  return (
    <article
      className="nbops-schedule"
      aria-label={title ? trans.__('Schedule %1', title) : trans.__('New schedule')}
    >
      <Head {...props} now={now} />
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {loaded && (
        <div className="nbops-two">
          <section aria-label={trans.__('What it does')}>
            <Refusal.Provider value={refusal}>
              <ScheduleForm
                // What people write stays while others save; what is loaded or discarded begins anew.
                key={filled}
                draft={draft}
                named={model.name !== ''}
                pipelines={pipelineChoices(items, props.root())}
                onChange={change => model.write(change)}
                trans={trans}
              />
            </Refusal.Provider>
            <Buttons {...props} />
          </section>
          <Preview model={model} now={now} trans={trans} />
        </div>
      )}
      {schedule && <History {...props} now={now} />}
    </article>
  );
}

interface IPartProps extends IScheduleProps {
  readonly now: number;
}

function Head({ model, now, trans }: IPartProps): React.JSX.Element {
  const { schedule, loaded, failure } = useStore(model);
  const sign = schedule && scheduleSign(schedule, trans);
  return (
    <header>
      <div className="nbops-pipeline-head">
        <h2>{model.name || trans.__('New schedule')}</h2>
        {sign && (
          <span className={`nbops-pill nbops-${sign.tone}`} title={sign.title}>
            {sign.shape} {sign.word}
          </span>
        )}
        {schedule?.author && <span className="nbops-dim">{trans.__('by %1', schedule.author)}</span>}
      </div>
      {schedule && <p className="nbops-headline">{conclusion(schedule, now, trans)}</p>}
      {schedule?.problem && (
        <p role="alert" className="nbops-bad">
          ✕ {schedule.problem}
        </p>
      )}
      {!schedule && model.name && loaded && !failure && (
        <p className="nbops-warn">▲ {trans.__('It has been deleted. Saving makes it again.')}</p>
      )}
    </header>
  );
}

/** When it runs next, and how it went the last time. */
function conclusion(schedule: Schedule, now: number, trans: ITrans): string {
  const next = nextWords(schedule, now, trans);
  const { last, words, paused } = schedule;
  const coming = paused
    ? trans.__('Paused; nothing comes due.')
    : next
      ? trans.__('Next: %1.', next)
      : `${words}.`;
  const gone = last
    ? trans.__('Last: %1, %2.', whenWords(last.due_at, now, trans), dueSign(last.status, trans).word)
    : trans.__('It has not come due yet.');
  return `${coming} ${gone}`;
}

function Buttons({ model, actions, trans }: IScheduleProps): React.JSX.Element {
  const { path, schedule } = useStore(model);
  const { name } = model;
  return (
    <SaveBar model={model} kept={schedule !== null} trans={trans}>
      {schedule && (
        <>
          <button type="button" onClick={() => actions.actOnSchedule({ path, name, act: 'run' })}>
            {trans.__('Run now')}
          </button>
          <button
            type="button"
            onClick={() => actions.actOnSchedule({ path, name, act: schedule.paused ? 'resume' : 'pause' })}
          >
            {schedule.paused ? trans.__('Resume') : trans.__('Pause')}
          </button>
          <button type="button" onClick={() => actions.deleteSchedule({ path, name })}>
            {trans.__('Delete…')}
          </button>
        </>
      )}
    </SaveBar>
  );
}

/** The next times as it is written, in the zone of whoever looks. */
function Preview({
  model,
  now,
  trans
}: {
  model: ScheduleModel;
  now: number;
  trans: ITrans;
}): React.JSX.Element {
  const { draft, preview } = useStore(model);
  if (draft.trigger !== 'cron') {
    return <div />;
  }
  return (
    <section aria-label={trans.__('Next times')} className="nbops-preview">
      <h3>{trans.__('Next times, in your zone (%1)', ownZone())}</h3>
      <div role="status">
        {preview.problem && <p className="nbops-bad">✕ {preview.problem}</p>}
        <ol className="nbops-plain-list">
          {preview.times.map(time => (
            <li key={String(time)} className="nbops-num" title={formatMoment(time)}>
              {whenWords(time, now, trans)}
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function History({ model, actions, now, trans }: IPartProps): React.JSX.Element {
  const { runs, path, draft } = useStore(model);
  return (
    <section aria-label={trans.__('What became of it')}>
      <h3>{trans.__('What became of it')}</h3>
      {runs.length === 0 ? (
        <p className="nbops-empty">{trans.__('It has not come due yet.')}</p>
      ) : (
        <div className="nbops-wide-table">
          <table className="nbops-table nbops-due" aria-label={trans.__('Times it came due, newest first')}>
            <thead>
              <tr>
                <th scope="col">{trans.__('due')}</th>
                <th scope="col">{trans.__('outcome')}</th>
                <th scope="col">{trans.__('why')}</th>
                <th scope="col">{trans.__('took')}</th>
                <th scope="col">
                  <span className="nbops-hidden">{trans.__('Actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {runs.map(run => (
                <DueLine
                  key={run.id}
                  onOpen={() => actions.show({ path, pipeline: draft.pipeline, runId: run.run_id })}
                  {...{ run, now, trans }}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function DueLine(props: {
  run: ScheduleRun;
  now: number;
  onOpen: () => void;
  trans: ITrans;
}): React.JSX.Element {
  const { run, now, onOpen, trans } = props;
  return (
    <tr>
      <th scope="row" title={formatMoment(run.due_at)}>
        {whenWords(run.due_at, now, trans)}
      </th>
      <td>
        <Sign sign={dueSign(run.status, trans)} />
      </td>
      <td>
        {run.evidence}
        {run.error && <span className="nbops-bad"> {run.error}</span>}
      </td>
      <td className="nbops-num">{formatDuration(durationOf(run, now))}</td>
      <td>
        {run.run_id && (
          <button type="button" className="nbops-quiet" onClick={onOpen}>
            {trans.__('Open')}
          </button>
        )}
      </td>
    </tr>
  );
}
