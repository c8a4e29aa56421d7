import type {
  CheckKind,
  Incident,
  Monitor,
  MonitorRun,
  MonitorState,
  MonitorSummary,
  RetrainCause,
  RetrainDecision,
  RetrainOutcome,
  RetrainPolicy,
  WireNumber
} from '../records';
import type { ITrans } from '../tokens';
import { formatAgo, formatCount, formatDate, formatGate, formatNumber, toNumber } from './format';
import { whenWords } from './when';
import type { ISign } from './words';

const SHAPES: Record<MonitorState, [string, ISign['tone']]> = {
  alert: ['▲', 'warn'],
  error: ['✕', 'bad'],
  warning: ['◆', 'warn'],
  waiting: ['○', 'dim'],
  ok: ['●', 'good'],
  paused: ['‖', 'dim']
};

/** How a monitor, a look or a check stands. */
export function monitorSign(state: MonitorState, trans: ITrans): ISign {
  const words: Record<MonitorState, [string, string]> = {
    alert: [trans.__('alert'), trans.__('Something has moved that matters.')],
    error: [trans.__('cannot look'), trans.__('It could not look.')],
    warning: [trans.__('warning'), trans.__('Something has begun to move.')],
    waiting: [trans.__('has not looked yet'), trans.__('It has not looked yet.')],
    ok: [trans.__('steady'), trans.__('Nothing has moved that matters.')],
    paused: [trans.__('paused'), trans.__('It rests until it is resumed.')]
  };
  const [shape, tone] = SHAPES[state] ?? SHAPES.waiting;
  const [word, title] = words[state] ?? words.waiting;
  return { shape, tone, word, title };
}

/** What kind of thing a check looks at. */
export function kindWord(kind: CheckKind, trans: ITrans): string {
  const words: Record<CheckKind, string> = {
    drift: trans.__('drift'),
    prediction: trans.__('prediction'),
    quality: trans.__('quality'),
    performance: trans.__('performance'),
    estimate: trans.__('estimate'),
    volume: trans.__('volume'),
    infrastructure: trans.__('service')
  };
  return words[kind] ?? kind;
}

/** Whether something is wrong. */
export function isTrouble(state: MonitorState): boolean {
  return state === 'alert' || state === 'error' || state === 'warning';
}

/** The word at the right of a monitor's name: what is wrong, or how it stands. */
export function standWord({ state, series }: MonitorSummary, trans: ITrans): string {
  if (state === 'alert' || state === 'warning') {
    const kinds = series.filter(one => one.state === state).map(one => one.kind);
    if (kinds.length > 0) {
      return kindWord(kinds[0], trans);
    }
  }
  return state === 'waiting' ? trans.__('waits') : monitorSign(state, trans).word;
}

/** One line about what is wrong; empty if nothing is. */
export function troubleLine(summary: MonitorSummary, trans: ITrans): string {
  const { monitor, state, last, series } = summary;
  if (monitor.problem) {
    return monitor.problem;
  }
  if (state === 'error') {
    // That it cannot look stands above it already.
    const why = last?.error || summary.sentence || trans.__('It could not look.');
    return why.replace(/^.{1,100}? could not look: /, '');
  }
  if (!isTrouble(state)) {
    return '';
  }
  const worst = series.find(one => one.state === state);
  const short = last?.checks.find(one => one.check === worst?.check)?.detail['worst'];
  return typeof short === 'string' && short !== '' ? short : worst?.message || summary.sentence;
}

const BADNESS: readonly MonitorState[] = ['alert', 'error', 'warning', 'ok', 'waiting', 'paused'];

/** The check whose course is shown where there is room for one: the worst that has something to show. */
export function worstSeries(summary: MonitorSummary): MonitorSummary['series'][number] | null {
  const drawn = summary.series.filter(one => one.values.some(value => value !== null));
  const rank = (state: MonitorState) => BADNESS.indexOf(state);
  return [...drawn].sort((a, b) => rank(a.state) - rank(b.state))[0] ?? null;
}

/** The figures of a course, without those that are missing. */
export function figures(values: readonly (WireNumber | null)[]): number[] {
  return values.flatMap(value => (value === null ? [] : [toNumber(value)])).filter(Number.isFinite);
}

/** A figure of a check: rows and times as they are, shares and distances so that they can be compared. */
export function figureOf(value: WireNumber, kind: CheckKind): string {
  return kind === 'volume' || kind === 'infrastructure' ? formatNumber(value) : formatGate(value);
}

/** What a monitor watches: `churn v3`, or its files. */
export function subjectOf(monitor: Monitor, version: number | null, trans: ITrans): string {
  const [model] = monitor.model.split('@');
  if (!model) {
    return monitor.source;
  }
  return version === null ? monitor.model : trans.__('%1 v%2', model, version);
}

/** Whether a monitor tells nobody at this moment. */
export function isMuted({ muted_until }: Monitor, now: number): boolean {
  return muted_until !== null && toNumber(muted_until) > now;
}

/** What becomes of a retraining, for the list; empty if there is nothing under way. */
export function retrainShort(decision: RetrainDecision | null, trans: ITrans): string {
  switch (decision?.outcome) {
    case 'queued':
      return trans.__('retrain queued');
    case 'running':
      return trans.__('retrain running');
    case 'awaiting approval':
      return trans.__('challenger waits');
    default:
      return '';
  }
}

/** The last thing said in a line of the list: what goes on, or how much is known, or when it was seen. */
export function asideLine(summary: MonitorSummary, now: number, trans: ITrans): string {
  const { monitor, retrain, labelled, last, incidents, state } = summary;
  const going = retrainShort(retrain, trans);
  if (going) {
    return going;
  }
  if (isMuted(monitor, now)) {
    return trans.__('muted until %1', whenWords(monitor.muted_until ?? 0, now, trans));
  }
  const open = incidents.filter(one => one.state !== 'recovered');
  if (open.length > 0 && open.every(one => one.state === 'acknowledged')) {
    return trans.__('acknowledged');
  }
  if (labelled !== null && !isTrouble(state)) {
    return labelledWords(labelled, trans);
  }
  return last ? formatAgo(last.at, now, trans) : '';
}

/** How many of the predictions have their labels. */
export function labelledWords(labelled: WireNumber, trans: ITrans): string {
  return trans.__('%1 % labelled', Math.round(100 * toNumber(labelled)));
}

/** What the heading of the section says of all monitors, also when it is folded. */
export function overview(
  summaries: readonly MonitorSummary[],
  trans: ITrans
): { text: string; tone: ISign['tone'] } {
  const count = (state: MonitorState) => summaries.filter(one => one.state === state).length;
  const [alerts, errors, warnings] = [count('alert'), count('error'), count('warning')];
  if (alerts > 0) {
    return { text: trans._n('%1 alert', '%1 alerts', alerts), tone: 'warn' };
  }
  if (errors > 0) {
    return { text: trans._n('%1 cannot look', '%1 cannot look', errors), tone: 'bad' };
  }
  if (warnings > 0) {
    return { text: trans._n('%1 warning', '%1 warnings', warnings), tone: 'warn' };
  }
  const total = summaries.length;
  return { text: total > 0 ? trans._n('%1 monitor', '%1 monitors', total) : '', tone: 'dim' };
}

/** How an incident stands. */
export function incidentSign({ state }: Incident, trans: ITrans): ISign {
  switch (state) {
    case 'open':
      return {
        shape: '▲',
        tone: 'warn',
        word: trans.__('open'),
        title: trans.__('Nobody has said yet that they look after it.')
      };
    case 'acknowledged':
      return {
        shape: '◎',
        tone: 'dim',
        word: trans.__('acknowledged'),
        title: trans.__('Somebody looks after it.')
      };
    default:
      return { shape: '●', tone: 'good', word: trans.__('over'), title: trans.__('It has passed.') };
  }
}

/** Since when, how often, and until when, in words. */
export function incidentWords(incident: Incident, now: number, trans: ITrans): string {
  const { opened_at, recovered_at, windows, state } = incident;
  const seen = trans._n('seen in %1 window', 'seen in %1 windows', windows);
  const since = whenWords(opened_at, now, trans);
  return state === 'recovered' && recovered_at !== null
    ? trans.__('%1 to %2, %3', since, whenWords(recovered_at, now, trans), seen)
    : trans.__('since %1, %2', since, seen);
}

/** The window of a look, in words. */
export function windowWords({ window_start, window_end }: MonitorRun, trans: ITrans): string {
  if (window_start === null && window_end === null) {
    return trans.__('all');
  }
  const [from, to] = [window_start, window_end].map(one => (one === null ? '…' : formatDate(one)));
  return from === to ? from : `${from} – ${to}`;
}

/** What a monitor looks at and when, in a line. */
export function describe(monitor: Monitor, trans: ITrans): string {
  const { source, window, cron, timezone, reference } = monitor;
  const what = source === 'predictions' ? trans.__('its predictions') : source;
  const against = reference || (monitor.model ? trans.__('the profile of its version') : '');
  return [
    window === 'all' ? what : trans.__('%1 of %2', window, what),
    against && trans.__('against %1', against),
    cron ? trans.__('at “%1” (%2)', cron, timezone) : trans.__('only when asked to')
  ]
    .filter(Boolean)
    .join(' · ');
}

/** What started a retraining. */
export function causeWord(cause: RetrainCause, trans: ITrans): string {
  const words: Record<RetrainCause, string> = {
    drift: trans.__('drift'),
    performance: trans.__('performance'),
    schedule: trans.__('schedule'),
    volume: trans.__('new labels'),
    manual: trans.__('a person')
  };
  return words[cause] ?? cause;
}

/** What may start a retraining by itself, as a question. */
export function causeChoices(trans: ITrans): readonly (readonly [RetrainCause, string])[] {
  return [
    ['drift', trans.__('its data drift')],
    ['performance', trans.__('its performance is lost')],
    ['schedule', trans.__('it is time (cron)')],
    ['volume', trans.__('enough labels have come')]
  ];
}

/** Whether a retraining goes on. */
export function isGoing({ outcome }: RetrainDecision): boolean {
  return outcome === 'queued' || outcome === 'running';
}

const OUTCOMES: Record<RetrainOutcome, [string, ISign['tone']]> = {
  queued: ['◌', 'busy'],
  running: ['◐', 'busy'],
  promoted: ['●', 'good'],
  'awaiting approval': ['◌', 'warn'],
  'not better': ['◎', 'dim'],
  'gates failed': ['✕', 'bad'],
  failed: ['✕', 'bad'],
  'cooling down': ['◎', 'dim'],
  'over budget': ['◎', 'dim'],
  busy: ['◎', 'dim']
};

/** What became of a decision about retraining. */
export function outcomeSign({ outcome, message }: RetrainDecision, trans: ITrans): ISign {
  const words: Record<RetrainOutcome, string> = {
    queued: trans.__('queued'),
    running: trans.__('running'),
    promoted: trans.__('promoted'),
    'awaiting approval': trans.__('waits for approval'),
    'not better': trans.__('not better'),
    'gates failed': trans.__('gates failed'),
    failed: trans.__('failed'),
    'cooling down': trans.__('cooling down'),
    'over budget': trans.__('over budget'),
    busy: trans.__('one goes on already')
  };
  const [shape, tone] = OUTCOMES[outcome] ?? ['○', 'dim'];
  return { shape, tone, word: words[outcome] ?? outcome, title: message };
}

/** When a model is trained anew and what becomes of the challenger, in sentences. */
export function policyWords(policy: RetrainPolicy, trans: ITrans): readonly string[] {
  const causes = policy.on.map(one => causeWord(one, trans)).join(', ');
  const gain = toNumber(policy.min_gain);
  const better = policy.metric
    ? trans.__('is better in %1', policy.metric)
    : trans.__('is better than the champion');
  const by = gain > 0 ? trans.__(' by at least %1', gain) : '';
  return [
    trans.__('Starts by: %1.', causes || trans.__('hand only')),
    policy.window === 'all'
      ? trans.__('Runs %1 on all labelled data.', policy.pipeline)
      : trans.__('Runs %1 on %2 of the newest labelled data.', policy.pipeline, policy.window),
    policy.mode === 'promote'
      ? trans.__('A challenger that %1%2 takes %3.', better, by, policy.target)
      : trans.__('A challenger that %1%2 is put up for approval for %3.', better, by, policy.target),
    trans.__(
      'At most %1 trainings in %2 days, none within %3 hours after the last.',
      formatCount(policy.budget),
      toNumber(policy.budget_days),
      toNumber(policy.cool_down_hours)
    ),
    ...(policy.paused ? [trans.__('The policy rests.')] : [])
  ];
}
