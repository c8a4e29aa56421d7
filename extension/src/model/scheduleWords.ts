import type { Schedule, ScheduleRun, ScheduleRunStatus, TriggerKind } from '../records';
import type { ITrans } from '../tokens';
import { whenWords } from './when';
import type { ISign } from './words';

const SHAPES: Record<ScheduleRunStatus, [string, ISign['tone']]> = {
  queued: ['◌', 'dim'],
  running: ['◐', 'busy'],
  succeeded: ['●', 'good'],
  failed: ['✕', 'bad'],
  stopped: ['■', 'warn'],
  skipped: ['◎', 'dim'],
  missed: ['▽', 'warn'],
  lost: ['▲', 'warn']
};

/** How a time that came due looks. */
export function dueSign(status: ScheduleRunStatus, trans: ITrans): ISign {
  const words: Record<ScheduleRunStatus, [string, string]> = {
    queued: [trans.__('waits'), trans.__('It waits until the run before it is over.')],
    running: [trans.__('running'), trans.__('The pipeline runs.')],
    succeeded: [trans.__('succeeded'), trans.__('The pipeline ended well.')],
    failed: [trans.__('failed'), trans.__('The pipeline failed.')],
    stopped: [trans.__('stopped'), trans.__('Somebody stopped the pipeline.')],
    skipped: [trans.__('skipped'), trans.__('Nothing was run, as the policy says.')],
    missed: [trans.__('missed'), trans.__('Nobody was there to run it, and it was not made up for.')],
    lost: [trans.__('lost'), trans.__('The process that ran it is gone.')]
  };
  const [shape, tone] = SHAPES[status];
  const [word, title] = words[status];
  return { shape, tone, word, title };
}

/** How a schedule looks in a list: what is wrong first, then whether it rests, then how it went the last time. */
export function scheduleSign(schedule: Schedule, trans: ITrans): ISign {
  if (schedule.problem) {
    return { shape: '✕', tone: 'bad', word: trans.__('cannot run'), title: schedule.problem };
  }
  if (schedule.paused) {
    return {
      shape: '‖',
      tone: 'dim',
      word: trans.__('paused'),
      title: trans.__('It rests until it is resumed.')
    };
  }
  return schedule.last
    ? dueSign(schedule.last.status, trans)
    : {
        shape: '○',
        tone: 'dim',
        word: trans.__('has not run yet'),
        title: trans.__('It has not come due yet.')
      };
}

/** When a schedule comes due next, in the zone of whoever looks. */
export function nextWords(schedule: Schedule, now: number, trans: ITrans): string {
  if (schedule.paused) {
    return trans.__('paused');
  }
  return schedule.next_at === null ? '' : whenWords(schedule.next_at, now, trans);
}

/** What became of the last time, in words; empty if there was none. */
export function lastWords(last: ScheduleRun | null, now: number, trans: ITrans): string {
  return last ? `${dueSign(last.status, trans).word} ${whenWords(last.due_at, now, trans)}` : '';
}

/** What starts a schedule, as a choice. */
export function triggerChoices(trans: ITrans): readonly (readonly [TriggerKind, string])[] {
  return [
    ['cron', trans.__('at times')],
    ['data', trans.__('when data have come')],
    ['drift', trans.__('when drift is found')],
    ['performance', trans.__('when performance is lost')],
    ['promotion', trans.__('when a model is promoted')],
    ['pipeline', trans.__('after another pipeline')],
    ['manual', trans.__('only when asked to')]
  ];
}

/** What the subject of a trigger is called, with an example; null where there is none. */
export function subjectWords(trigger: TriggerKind, trans: ITrans): { label: string; example: string } | null {
  switch (trigger) {
    case 'data':
      return { label: trans.__('Files'), example: 'data/*.csv' };
    case 'drift':
      return { label: trans.__('Model or data set'), example: 'churn' };
    case 'performance':
      return { label: trans.__('Model'), example: 'churn' };
    case 'promotion':
      return { label: trans.__('Model, or model:target'), example: 'churn:Production' };
    case 'pipeline':
      return { label: trans.__('Pipeline'), example: 'ingest' };
    default:
      return null;
  }
}
