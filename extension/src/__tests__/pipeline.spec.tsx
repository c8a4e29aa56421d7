import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { PipelineView } from '../components/PipelineView';
import { PipelineModel, PLAN } from '../model/pipeline';
import type { IPipelines } from '../pipelines';
import type { PipelineRun } from '../records';
import { ApiError } from '../tokens';
import {
  explanation,
  FAILED_RUN,
  fakePipelineActions,
  fakePipelines,
  pipelineRun,
  runLine,
  stage,
  STAGES,
  trans
} from './samples';

const REF = { path: 'work/a.ipynb', pipeline: '/churn/pipeline.toml' };

async function show(run: PipelineRun | null, change: Partial<Record<keyof IPipelines, jest.Mock>> = {}) {
  const api = fakePipelines({
    runs: jest.fn(async () => (run ? [runLine(run)] : [])),
    run: jest.fn(async () => run),
    ...change
  });
  const model = new PipelineModel(api, REF);
  const actions = fakePipelineActions();
  render(<PipelineView model={model} actions={actions} trans={trans} />);
  await act(() => model.refresh());
  return { api, model, actions };
}

const node = (name: RegExp) =>
  within(screen.getByRole('group', { name: /^Stages/ })).getByRole('button', { name });

test('a failed run says why first, looks at the culprit, and offers to go on', async () => {
  const { actions } = await show(FAILED_RUN);
  expect(screen.getByRole('article', { name: 'Pipeline churn' }).textContent).toContain(
    'train failed in cell 4: ValueError: NaN'
  );
  expect(node(/^stage train/).getAttribute('aria-pressed')).toBe('true');
  expect(node(/^stage train/).getAttribute('aria-label')).toBe(
    'stage train; failed; ValueError: NaN; after ingest'
  );
  const stageActions = screen.getByRole('group', { name: 'Actions for train' });
  const press = (name: string) => fireEvent.click(within(stageActions).getByRole('button', { name }));
  const ref = { path: REF.path, runId: 'r1', stage: 'train' };
  press('Resume');
  expect(actions.resume).toHaveBeenCalledWith(expect.objectContaining({ runId: 'r1' }));
  press('Show log');
  expect(actions.log).toHaveBeenCalledWith(ref);
  press('Open executed notebook');
  expect(actions.openExecuted).toHaveBeenCalledWith(ref);
  press('Run this stage only');
  expect(actions.run).toHaveBeenCalledWith({ ...REF, only: ['train'] });
});

test('a run that goes on can be stopped and not run again; the running stage is looked at', async () => {
  const going = pipelineRun({
    status: 'running',
    ended_at: null,
    stages: [
      stage('ingest'),
      stage('train', { status: 'running', cell: 2, cells: 5, line: 'epoch 9', after: ['ingest'] })
    ]
  });
  const { actions, api } = await show(going);
  expect(node(/^stage train; running; cell 2 of 5 · epoch 9/).getAttribute('aria-pressed')).toBe('true');
  const buttons = screen.getByRole('group', { name: 'Actions' });
  expect(within(buttons).queryByRole('button', { name: 'Run' })).toBeNull();
  fireEvent.click(within(buttons).getByRole('button', { name: 'Stop' }));
  expect(actions.stop).toHaveBeenCalledWith({ path: REF.path, runId: 'r1' });
  expect(api.plan).not.toHaveBeenCalled();
});

test('the stage that needs a look is followed until somebody chooses one', async () => {
  let run = pipelineRun({
    status: 'running',
    stages: [stage('a', { status: 'running' }), stage('b', { status: 'pending', after: ['a'] })]
  });
  const { model } = await show(null, {
    runs: jest.fn(async () => [runLine(run)]),
    run: jest.fn(async () => run)
  });
  expect(model.state.selected).toBe('a');
  run = pipelineRun({
    status: 'running',
    stages: [stage('a'), stage('b', { status: 'running', after: ['a'] })]
  });
  await act(() => model.refresh());
  expect(model.state.selected).toBe('b');
  act(() => model.select('a'));
  await act(() => model.refresh());
  expect(model.state.selected).toBe('a');
});

test('before the first run the plan is drawn, with reasons', async () => {
  const plan = pipelineRun({
    run_id: '',
    stages: STAGES.map(one => ({ ...one, status: 'pending', reason: 'never ran', notebook: '' }))
  });
  await show(null, { plan: jest.fn(async () => plan) });
  expect(screen.getByRole('article').textContent).toContain('4 of 4 stages would run.');
  expect(screen.getByRole('article').textContent).toContain('It has not run yet.');
  expect(node(/^stage ingest; pending; never ran/)).toBeTruthy();
});

test('what would run now is asked for once after a run, not at each step of it', async () => {
  const { api, model } = await show(FAILED_RUN);
  await act(() => model.refresh());
  await act(() => model.refresh());
  expect(api.plan).toHaveBeenCalledTimes(1);
  await act(() => model.show(PLAN));
  expect(api.plan).toHaveBeenCalledTimes(2);
  expect(screen.getByRole('article').textContent).toContain('Everything is up to date');
});

test('a file that cannot be used is said, and its runs stay', async () => {
  await show(FAILED_RUN, {
    plan: jest.fn(async () => {
      throw new ApiError(422, 'pipeline.toml, line 7: unknown key.', 'Did you mean after?');
    })
  });
  expect(screen.getByRole('alert').textContent).toContain('line 7: unknown key. Did you mean after?');
  expect(node(/^stage train/)).toBeTruthy();
});

test('the last good run stays when the server does not answer', async () => {
  const { api, model } = await show(FAILED_RUN);
  api.runs.mockRejectedValueOnce(new ApiError(503, 'The ledger is locked.'));
  await act(() => model.refresh());
  expect(screen.getByRole('alert').textContent).toContain('The ledger is locked.');
  expect(node(/^stage train/)).toBeTruthy();
});

test('the keyboard walks along the graph and opens the log', async () => {
  const { actions, model } = await show(pipelineRun());
  const graph = screen.getByRole('group', { name: /^Stages/ });
  const press = (key: string) =>
    act(async () => void fireEvent.keyDown(document.activeElement?.closest('g') ?? graph, { key }));
  await press('Home');
  expect(model.state.selected).toBe('ingest');
  await press('ArrowRight');
  expect(['clean', 'train']).toContain(model.state.selected);
  await press('ArrowRight');
  expect(model.state.selected).toBe('report');
  await press('Enter');
  expect(actions.log).toHaveBeenCalledWith({ path: REF.path, runId: 'r1', stage: 'report' });
  expect(graph.querySelectorAll('[tabindex="0"]')).toHaveLength(1);
});

test('a thousand stages of a foreach are one node and a list of which only a part is in the document', async () => {
  const members = Array.from({ length: 1000 }, (_, i) =>
    stage(`day[${i}]`, {
      group: 'day',
      status: i === 700 ? 'failed' : 'succeeded',
      error: i === 700 ? 'KeyError: x' : ''
    })
  );
  const { model } = await show(pipelineRun({ status: 'failed', stages: members }));
  expect(node(/^day, 1000 stages; failed; 1 failed · 999 done/)).toBeTruthy();
  expect(screen.getAllByRole('option', { name: /day\[/ }).length).toBeLessThan(60);
  expect(model.stage?.stage).toBe('day[700]');
  expect(screen.getByRole('region', { name: 'Stage' }).textContent).toContain('KeyError: x');
});

test('why a stage runs is asked of the server, with the lines that changed', async () => {
  const cell = {
    part: 'code',
    name: '3',
    told: 'notebook cell 3 edited',
    old: '',
    new: '',
    diff: '@@ -1 +1 @@\n-depth = 4\n+depth = 6\n@@ -9 +9 @@\n+x = 1',
    through: []
  } as const;
  const { api } = await show(FAILED_RUN, {
    why: jest.fn(async () => explanation({ status: 'stale', reason: 'x', differences: [cell] }))
  });
  const ask = () => act(async () => void fireEvent.click(screen.getByRole('button', { name: 'Why' })));
  await ask();
  expect(api.why).toHaveBeenCalledWith(REF, 'train');
  const facts = screen.getByRole('region', { name: 'Stage' });
  expect(facts.textContent).toContain('notebook cell 3 edited');
  expect(facts.querySelector('.nbops-added')?.textContent).toBe('+depth = 6');
  expect(facts.querySelector('pre')?.textContent).toBe('-depth = 4+depth = 6⋯+x = 1');
  api.why.mockRejectedValueOnce(new ApiError(422, 'The file is wrong.'));
  await ask();
  expect(screen.getByRole('alert').textContent).toContain('The file is wrong.');
});

test('a stage that is up to date says so when asked why', async () => {
  await show(pipelineRun());
  await act(async () => void fireEvent.click(screen.getByRole('button', { name: 'Why' })));
  expect(screen.getByRole('region', { name: 'Stage' }).textContent).toContain('Nothing differs');
});

test('an earlier run is drawn when it is chosen; the newest is followed again', async () => {
  const [newer, older] = [pipelineRun({ run_id: 'r2' }), FAILED_RUN];
  const { api, model } = await show(null, {
    runs: jest.fn(async () => [runLine(newer), runLine(older)]),
    run: jest.fn(async ({ runId }: { runId: string }) => (runId === 'r1' ? older : newer))
  });
  const rows = screen.getAllByRole('option', { name: /by hand/ });
  await act(async () => void fireEvent.click(rows[1]));
  expect(api.run).toHaveBeenLastCalledWith({ path: REF.path, runId: 'r1' });
  expect(screen.getByRole('article').textContent).toContain('train failed in cell 4');
  await act(async () => void fireEvent.click(screen.getAllByRole('option', { name: /by hand/ })[0]));
  expect(model.state.shown).toBe('');
  expect(screen.getByRole('article').textContent).toContain('Succeeded');
});

test('where nothing may be started, the buttons say so', async () => {
  const api = fakePipelines({
    runs: jest.fn(async () => [runLine(FAILED_RUN)]),
    run: jest.fn(async () => FAILED_RUN)
  });
  const model = new PipelineModel(api, REF, '', async () => true);
  const actions = fakePipelineActions();
  render(<PipelineView model={model} actions={actions} trans={trans} />);
  await act(() => model.refresh());
  const run = within(screen.getByRole('group', { name: 'Actions' })).getByRole('button', { name: 'Run' });
  expect(run.getAttribute('aria-disabled')).toBe('true');
  expect(run.title).toBe('nbops is read-only here.');
  fireEvent.click(run);
  expect(actions.run).not.toHaveBeenCalled();
});
