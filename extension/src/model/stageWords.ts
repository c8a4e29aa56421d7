import type { Counts } from '../pipelines';
import type { PipelineRun, PipelineRunStatus, StageRun, StageRunStatus } from '../records';
import type { ITrans } from '../tokens';
import { formatDuration } from './format';
import { countStages, culprit, durationOf, executed, settled, total, type IStageNode } from './stages';
import type { ISign } from './words';

const SHAPES: Record<StageRunStatus, [string, ISign['tone']]> = {
  pending: ['○', 'dim'],
  running: ['◐', 'busy'],
  succeeded: ['●', 'good'],
  skipped: ['◎', 'dim'],
  failed: ['✕', 'bad'],
  stopped: ['■', 'warn'],
  lost: ['▲', 'warn']
};

/** How the state of a stage, or of a run, looks. */
export function stageSign(status: StageRunStatus | PipelineRunStatus, trans: ITrans): ISign {
  const words: Record<StageRunStatus, [string, string]> = {
    pending: [trans.__('pending'), trans.__('It has not begun.')],
    running: [trans.__('running'), trans.__('It goes on.')],
    succeeded: [trans.__('succeeded'), trans.__('It ended well.')],
    skipped: [trans.__('up to date'), trans.__('Nothing it depends on has changed since its last good run.')],
    failed: [trans.__('failed'), trans.__('A cell raised an error.')],
    stopped: [trans.__('stopped'), trans.__('Somebody stopped it.')],
    lost: [trans.__('lost'), trans.__('The process that ran it is gone.')]
  };
  const [shape, tone] = SHAPES[status];
  const [word, title] = words[status];
  return { shape, tone, word, title };
}

/** The second line of a node: what a person wants to know of it in this state. */
export function nodeDetail(node: IStageNode, now: number, trans: ITrans): string {
  const [stage] = node.members;
  return node.members.length === 1 ? stageDetail(stage, now, trans) : countWords(node.counts, trans);
}

function stageDetail(stage: StageRun, now: number, trans: ITrans): string {
  switch (stage.status) {
    case 'running':
      return [cellWords(stage, trans), stage.line].filter(Boolean).join(' · ') || trans.__('starting');
    case 'succeeded':
      return formatDuration(durationOf(stage, now));
    case 'skipped':
      return trans.__('up to date');
    case 'failed':
      return stage.error || trans.__('failed');
    case 'lost':
      return trans.__('its process is gone');
    case 'stopped':
      return trans.__('stopped');
    default:
      return stage.reason || trans.__('waits');
  }
}

/** Where the execution of a stage is. */
export function cellWords({ cell, cells }: StageRun, trans: ITrans): string {
  return cells > 0 && cell > 0 ? trans.__('cell %1 of %2', cell, cells) : '';
}

/** Several stages in words, worst first. */
export function countWords(counts: Counts, trans: ITrans): string {
  const words: [StageRunStatus, (n: number) => string][] = [
    ['failed', n => trans.__('%1 failed', n)],
    ['lost', n => trans.__('%1 lost', n)],
    ['running', n => trans.__('%1 running', n)],
    ['stopped', n => trans.__('%1 stopped', n)],
    ['succeeded', n => trans.__('%1 done', n)],
    ['skipped', n => trans.__('%1 up to date', n)],
    ['pending', n => trans.__('%1 pending', n)]
  ];
  return words
    .map(([status, say]) => ((counts[status] ?? 0) > 0 ? say(counts[status] ?? 0) : ''))
    .filter(Boolean)
    .join(' · ');
}

/** How many stages ran, and how many needed not. */
export function ranWords(counts: Counts, trans: ITrans): string {
  return trans.__('%1 of %2 ran', executed(counts), total(counts));
}

/** The conclusion about a run, in a sentence. */
export function headline(run: PipelineRun, counts: Counts, now: number, trans: ITrans): string {
  const took = formatDuration(durationOf(run, now));
  const bad = culprit(run);
  switch (run.status) {
    case 'running':
      return runningWords(run, counts, trans);
    case 'succeeded':
      return executed(counts) === 0
        ? trans.__('Everything was up to date.')
        : trans.__('Succeeded in %1: %2.', took, ranWords(counts, trans));
    case 'failed':
      return bad
        ? [failedWords(bad, trans), bad.error].filter(Boolean).join(': ')
        : run.error || trans.__('Failed after %1.', took);
    case 'stopped':
      return trans.__('Stopped after %1, with %2 of %3 stages done.', took, settled(counts), total(counts));
    default:
      return trans.__(
        'The process that ran it is gone, with %1 of %2 stages done.',
        settled(counts),
        total(counts)
      );
  }
}

/** Which stage failed, and where. */
export function failedWords(stage: StageRun, trans: ITrans): string {
  return stage.failed_cell > 0
    ? trans.__('%1 failed in cell %2', stage.stage, stage.failed_cell)
    : trans.__('%1 failed', stage.stage);
}

function runningWords(run: PipelineRun, counts: Counts, trans: ITrans): string {
  const running = run.stages.filter(stage => stage.status === 'running');
  const done = trans.__('%1 of %2 stages done', settled(counts), total(counts));
  if (running.length === 0) {
    return trans.__('Starting; %1.', done);
  }
  const names = running.slice(0, 3).map(stage => stage.stage);
  const more = running.length > 3 ? trans.__(' and %1 more', running.length - 3) : '';
  return trans.__('Running %1; %2.', names.join(', ') + more, done);
}

/** What a run would do now, in a sentence. */
export function planWords(plan: PipelineRun, trans: ITrans): string {
  const counts = countStages(plan.stages);
  const stale = total(counts) - (counts.skipped ?? 0);
  return stale === 0
    ? trans.__('Everything is up to date; a run would do nothing.')
    : trans.__('%1 of %2 stages would run.', stale, total(counts));
}

/** What started a run, in words; empty for what a person started here. */
export function triggerWords(run: PipelineRun, trans: ITrans): string {
  const { trigger, schedule } = run;
  if (schedule) {
    return trans.__('by the schedule %1', schedule);
  }
  return trigger === 'manual' || trigger === '' ? trans.__('by hand') : trans.__('by %1', trigger);
}

/** What a run was asked to do that is not usual, in words. */
export function askedWords({ options }: PipelineRun, trans: ITrans): string {
  const { force, only, from, parameters } = options;
  const values = typeof parameters === 'object' && parameters !== null ? Object.entries(parameters) : [];
  return [
    force === true ? trans.__('also what was up to date') : '',
    Array.isArray(only) && only.length > 0 ? trans.__('only %1', only.join(', ')) : '',
    typeof from === 'string' && from ? trans.__('from %1 on', from) : '',
    ...values.map(([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  ]
    .filter(Boolean)
    .join(' · ');
}
