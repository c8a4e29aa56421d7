import React from 'react';
import type { IPipelineActions } from '../pipelines';
import type { ListModel } from '../model/list';
import { lastWords, nextWords, scheduleSign } from '../model/scheduleWords';
import type { Schedule } from '../records';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { useMore } from './More';
import { Sign } from './Sign';

interface ISchedulesProps {
  readonly model: ListModel<Schedule>;
  readonly actions: IPipelineActions;
  readonly trans: ITrans;
}

/** The schedules of the workspace: when each comes due next, and how it went the last time. */
export function SchedulesSection({ model, actions, trans }: ISchedulesProps): React.JSX.Element {
  const { items, path, loaded, loading, failure } = useStore(model);
  const now = useNow();
  const [shown, more] = useMore(items, trans);
  return (
    <>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!loaded && loading && (
        <p className="nbops-empty" role="status">
          {trans.__('Loading schedules…')}
        </p>
      )}
      {loaded && items.length === 0 && !failure && (
        <p className="nbops-empty">{trans.__('Nothing runs by itself here yet.')}</p>
      )}
      <ul className="nbops-schedules" aria-label={trans.__('Schedules')}>
        {shown.map(schedule => (
          <ScheduleItem key={schedule.name} {...{ schedule, path, now, actions, trans }} />
        ))}
      </ul>
      {more}
      <button type="button" className="nbops-quiet nbops-older" onClick={() => actions.schedule({ path })}>
        {trans.__('Add a schedule…')}
      </button>
    </>
  );
}

interface IItemProps {
  readonly schedule: Schedule;
  readonly path: string;
  readonly now: number;
  readonly actions: IPipelineActions;
  readonly trans: ITrans;
}

function ScheduleItem({ schedule, path, now, actions, trans }: IItemProps): React.JSX.Element {
  const { name, problem, paused, words, pipeline, last } = schedule;
  const act = (label: string, what: string, onClick: () => void) => (
    <button type="button" className="nbops-quiet" aria-label={what} onClick={onClick}>
      {label}
    </button>
  );
  return (
    <li className="nbops-row" title={`${words}\n${pipeline}`}>
      <Sign sign={scheduleSign(schedule, trans)} quiet />
      <button
        type="button"
        className="nbops-quiet nbops-row-name nbops-plain-button"
        onClick={() => actions.schedule({ path, name })}
      >
        {name}
      </button>
      <span className="nbops-num nbops-dim">{nextWords(schedule, now, trans)}</span>
      <span className="nbops-row-below nbops-dim">
        <span className="nbops-cut">{words}</span>
        <span className="nbops-push">{lastWords(last, now, trans)}</span>
      </span>
      {problem && (
        <p className="nbops-row-note nbops-bad" title={problem}>
          ✕ {problem}
        </p>
      )}
      {!problem && last?.status === 'failed' && last.error && (
        <p className="nbops-row-note nbops-bad" title={last.error}>
          {last.error}
        </p>
      )}
      <span className="nbops-row-actions">
        {act(trans.__('Run now'), trans.__('Run %1 now', name), () =>
          actions.actOnSchedule({ path, name, act: 'run' })
        )}
        {paused
          ? act(trans.__('Resume'), trans.__('Resume %1', name), () =>
              actions.actOnSchedule({ path, name, act: 'resume' })
            )
          : act(trans.__('Pause'), trans.__('Pause %1', name), () =>
              actions.actOnSchedule({ path, name, act: 'pause' })
            )}
        {act(trans.__('Edit'), trans.__('Edit %1', name), () => actions.schedule({ path, name }))}
        {act(trans.__('Delete…'), trans.__('Delete %1', name), () => actions.deleteSchedule({ path, name }))}
      </span>
    </li>
  );
}
