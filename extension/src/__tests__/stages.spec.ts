import {
  canResume,
  countStages,
  culprit,
  executed,
  progressOf,
  stageEdges,
  stageNodes
} from '../model/stages';
import {
  askedWords,
  countWords,
  headline,
  nodeDetail,
  planWords,
  stageSign,
  triggerWords
} from '../model/stageWords';
import type { PipelineRun, StageRunStatus } from '../records';
import { FAILED_RUN, pipelineRun, stage, STAGES, trans } from './samples';

const many = (statuses: readonly StageRunStatus[]) => [
  stage('ingest'),
  ...statuses.map((status, i) => stage(`train[${i}]`, { group: 'train', status, after: ['ingest'] })),
  stage('report', { after: statuses.map((_, i) => `train[${i}]`), status: 'pending' })
];

const told = (run: PipelineRun) => headline(run, countStages(run.stages), 1010, trans);

test('the stages of a foreach are one node, with one line in and one out', () => {
  const stages = many(['succeeded', 'running', 'pending']);
  const nodes = stageNodes(stages);
  expect(nodes.map(node => node.id)).toEqual(['ingest', 'train', 'report']);
  expect(nodes[1].counts).toEqual({ succeeded: 1, running: 1, pending: 1 });
  expect(stageEdges(stages)).toEqual([
    { source: 'ingest', target: 'train' },
    { source: 'train', target: 'report' }
  ]);
});

test('of several states the one that needs a look is told', () => {
  const status = (...states: StageRunStatus[]) => stageNodes(many(states))[1].status;
  expect(status('succeeded', 'failed', 'running')).toBe('failed');
  expect(status('succeeded', 'lost', 'running')).toBe('lost');
  expect(status('succeeded', 'running', 'pending')).toBe('running');
  expect(status('succeeded', 'skipped')).toBe('succeeded');
  expect(status('skipped', 'skipped')).toBe('skipped');
});

test('a stage is as far as its cells that are done', () => {
  expect(progressOf(stage('a', { status: 'running', cell: 1, cells: 4 }))).toBe(0);
  expect(progressOf(stage('a', { status: 'running', cell: 3, cells: 4 }))).toBe(0.5);
  expect(progressOf(stage('a', { status: 'running', cell: 0, cells: 0 }))).toBe(0);
  expect(progressOf(stage('a', { status: 'pending' }))).toBe(0);
  expect(progressOf(stage('a', { status: 'skipped' }))).toBe(1);
});

test('every state of a run ends in a sentence that says what matters', () => {
  const running = pipelineRun({
    status: 'running',
    ended_at: null,
    stages: [stage('ingest'), stage('train', { status: 'running', ended_at: null, after: ['ingest'] })]
  });
  expect(told(running)).toBe('Running train; 1 of 2 stages done.');
  expect(told(pipelineRun())).toBe('Succeeded in 10.0 s: 4 of 4 ran.');
  expect(told(FAILED_RUN)).toBe('train failed in cell 4: ValueError: NaN');
  expect(told(pipelineRun({ status: 'failed', error: 'the file is wrong', stages: [] }))).toBe(
    'the file is wrong'
  );
  expect(told(pipelineRun({ status: 'stopped' }))).toContain('Stopped after 10.0 s');
  expect(told(pipelineRun({ status: 'lost' }))).toContain('The process that ran it is gone');
  const skipped = STAGES.map(one => ({ ...one, status: 'skipped' as const }));
  expect(told(pipelineRun({ stages: skipped }))).toBe('Everything was up to date.');
  expect(told(pipelineRun({ status: 'running', stages: [] }))).toContain('Starting');
});

test('a thousand stages that run beside each other make a short sentence', () => {
  const stages = Array.from({ length: 1000 }, (_, i) =>
    stage(`s${i}`, { status: 'running', ended_at: null })
  );
  expect(told(pipelineRun({ status: 'running', stages }))).toBe(
    'Running s0, s1, s2 and 997 more; 0 of 1000 stages done.'
  );
});

test('a plan says how much would run', () => {
  const skip = (n: number) =>
    STAGES.map((one, i) => ({ ...one, status: i < n ? 'skipped' : 'pending' }) as const);
  expect(planWords(pipelineRun({ stages: skip(4) }), trans)).toContain('would do nothing');
  expect(planWords(pipelineRun({ stages: skip(1) }), trans)).toBe('3 of 4 stages would run.');
});

test('the second line of a node is what one wants to know in its state', () => {
  const detail = (change: object) => nodeDetail(stageNodes([stage('a', change)])[0], 1010, trans);
  expect(detail({ status: 'running', cell: 3, cells: 7, line: 'epoch 4' })).toBe('cell 3 of 7 · epoch 4');
  expect(detail({ status: 'running', cell: 0, cells: 0 })).toBe('starting');
  expect(detail({})).toBe('3.00 s');
  expect(detail({ status: 'skipped' })).toBe('up to date');
  expect(detail({ status: 'failed', error: 'ValueError: NaN' })).toBe('ValueError: NaN');
  expect(detail({ status: 'pending', reason: 'never ran' })).toBe('never ran');
  expect(nodeDetail(stageNodes(many(['failed', 'succeeded', 'pending']))[1], 0, trans)).toBe(
    '1 failed · 1 done · 1 pending'
  );
});

test('who or what started a run is told; the culprit is found; only what ended badly is resumed', () => {
  expect(triggerWords(pipelineRun(), trans)).toBe('by hand');
  expect(triggerWords(pipelineRun({ trigger: 'cron', schedule: 'nightly' }), trans)).toBe(
    'by the schedule nightly'
  );
  expect(culprit(FAILED_RUN)?.stage).toBe('train');
  expect(
    ['failed', 'stopped', 'lost', 'running', 'succeeded'].map(status =>
      canResume(pipelineRun({ status: status as PipelineRun['status'] }))
    )
  ).toEqual([true, true, true, false, false]);
  expect(executed(countStages(FAILED_RUN.stages))).toBe(2);
});

test('no two states look alike', () => {
  const all: StageRunStatus[] = ['pending', 'running', 'succeeded', 'skipped', 'failed', 'stopped', 'lost'];
  expect(new Set(all.map(status => stageSign(status, trans).shape)).size).toBe(all.length);
  expect(countWords({}, trans)).toBe('');
});

test('what a run was asked to do is told where it is not usual', () => {
  const asked = (options: object) =>
    askedWords(pipelineRun({ options: options as Record<string, unknown> }), trans);
  expect(asked({ force: false, only: [], from: '', parameters: {}, jobs: null })).toBe('');
  expect(
    asked({ force: true, only: ['a', 'b'], parameters: { depth: 6, target: 'Churn', grid: [1, 2] } })
  ).toBe('also what was up to date · only a, b · depth = 6 · target = Churn · grid = [1,2]');
  expect(asked({})).toBe('');
});
