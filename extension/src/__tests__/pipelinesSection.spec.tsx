import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';
import { PipelinesSection } from '../components/PipelinesSection';
import { SchedulesSection } from '../components/SchedulesSection';
import { ListModel } from '../model/list';
import { hasStages, mayBePipeline, refOf } from '../model/pipelineRef';
import type { IPipelineLine } from '../pipelines';
import type { Schedule } from '../records';
import { ApiError } from '../tokens';
import {
  due,
  FAILED_RUN,
  fakePipelineActions,
  pipelineRun,
  runLine,
  schedule,
  stage,
  trans
} from './samples';

const line = (change: Partial<IPipelineLine> = {}): IPipelineLine => ({
  name: 'churn',
  path: '/churn/pipeline.toml',
  problem: '',
  runs: 1,
  last: runLine(pipelineRun()),
  ...change
});

async function pipelines(...lines: IPipelineLine[]) {
  const load = jest.fn(async () => lines);
  const model = new ListModel<IPipelineLine>(load);
  model.update({ path: 'p' });
  const actions = fakePipelineActions();
  render(<PipelinesSection model={model} actions={actions} trans={trans} />);
  await act(() => model.refresh());
  return { actions, load, model };
}

const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

test('a pipeline has its last run, its stages as a bar, and what can be done', async () => {
  const { actions } = await pipelines(line());
  expect(screen.getByRole('listitem').textContent).toContain('4 of 4 ran');
  expect(screen.getByRole('img', { name: '4 done' }).children).toHaveLength(4);
  press('Run churn');
  expect(actions.run).toHaveBeenCalledWith({ path: 'p', pipeline: '/churn/pipeline.toml' });
  press('Graph of churn');
  expect(actions.show).toHaveBeenCalledWith({ path: 'p', pipeline: '/churn/pipeline.toml' });
  expect(screen.queryByRole('button', { name: 'Resume churn' })).toBeNull();
});

test('a failed one says why and can be resumed; unfolded, the stage has the error', async () => {
  const { actions } = await pipelines(line({ last: runLine(FAILED_RUN) }));
  expect(screen.getByRole('listitem').textContent).toContain('train failed in cell 4: ValueError: NaN');
  press('Resume churn');
  expect(actions.resume).toHaveBeenCalledWith({ path: 'p', runId: 'r1' });
  press('churn');
  const stages = screen.getByRole('list', { name: 'Stages of churn' });
  expect(stages.children).toHaveLength(4);
  expect(stages.children[2].textContent).toContain('ValueError: NaN');
  press('Log of train');
  expect(actions.log).toHaveBeenCalledWith({ path: 'p', runId: 'r1', stage: 'train' });
});

test('one that runs can be stopped; its stage has a bar of its cells', async () => {
  const going = pipelineRun({
    status: 'running',
    ended_at: null,
    stages: [
      stage('a', { status: 'running', cell: 3, cells: 4, ended_at: null }),
      stage('b', { status: 'pending' })
    ]
  });
  const { actions } = await pipelines(line({ last: runLine(going) }));
  press('churn');
  const bar = screen.getByRole('progressbar', { name: 'Cells of a' }) as HTMLProgressElement;
  expect([bar.value, bar.max]).toEqual([2, 4]);
  press('Stop churn');
  expect(actions.stop).toHaveBeenCalledWith({ path: 'p', runId: 'r1' });
});

test('of a long run the states are counted, not the stages shown', async () => {
  const last = { ...runLine(pipelineRun({ stages: [] })), counts: { succeeded: 900, failed: 100 } };
  await pipelines(line({ last }));
  expect(screen.getByRole('img', { name: '100 failed · 900 done' }).children).toHaveLength(2);
  expect(screen.getByRole('listitem').textContent).toContain('1000 of 1000 ran');
});

test('what is wrong with a file is said; a failure of the server too', async () => {
  const { load, model } = await pipelines(
    line({ last: null, problem: 'line 3: there is no notebook a.ipynb' })
  );
  expect(screen.getByRole('listitem').textContent).toContain('there is no notebook a.ipynb');
  load.mockRejectedValueOnce(new ApiError(503, 'The ledger is locked.'));
  await act(() => model.refresh());
  expect(screen.getByRole('alert').textContent).toContain('The ledger is locked.');
  expect(screen.getByRole('listitem').textContent).toContain('churn');
});

test('without pipelines the panel says what to do', async () => {
  await pipelines();
  expect(document.body.textContent).toContain('Write a pipeline.toml');
});

test('a pipeline is named by its file, or by its name where a file holds several', () => {
  expect(refOf(line(), 'p')).toEqual({ path: 'p', pipeline: '/churn/pipeline.toml' });
  expect(refOf(line({ path: '/churn/nbops.toml' }), 'p')).toEqual({ path: 'p', pipeline: 'churn' });
});

test('files that may be pipelines are told by their names, notebooks by the tags of their cells', () => {
  expect(['a/pipeline.toml', 'train-pipeline.toml', 'pipeline.weekly.toml'].map(mayBePipeline)).toEqual([
    true,
    true,
    true
  ]);
  expect(['pyproject.toml', 'mypipelines.toml', 'pipeline.ipynb'].map(mayBePipeline)).toEqual([
    false,
    false,
    false
  ]);
  expect(hasStages([['parameters'], ['stage:train']])).toBe(true);
  expect(hasStages([['parameters'], ['stage:'], []])).toBe(false);
});

async function schedules(...all: Schedule[]) {
  const model = new ListModel<Schedule>(async () => all);
  model.update({ path: 'p' });
  const actions = fakePipelineActions();
  render(<SchedulesSection model={model} actions={actions} trans={trans} />);
  await act(() => model.refresh());
  return actions;
}

test('a schedule says when it runs, how it went, and can be run, paused, edited, deleted', async () => {
  const actions = await schedules(schedule({ last: due(1) }));
  expect(screen.getByRole('listitem').textContent).toContain('At 02:00 every day, UTC');
  expect(screen.getByRole('listitem').textContent).toContain('succeeded');
  press('Run nightly now');
  expect(actions.actOnSchedule).toHaveBeenLastCalledWith({ path: 'p', name: 'nightly', act: 'run' });
  press('Pause nightly');
  expect(actions.actOnSchedule).toHaveBeenLastCalledWith({ path: 'p', name: 'nightly', act: 'pause' });
  press('Edit nightly');
  expect(actions.schedule).toHaveBeenCalledWith({ path: 'p', name: 'nightly' });
  press('Delete nightly');
  expect(actions.deleteSchedule).toHaveBeenCalledWith({ path: 'p', name: 'nightly' });
  press('Add a schedule…');
  expect(actions.schedule).toHaveBeenLastCalledWith({ path: 'p' });
});

test('a paused one can be resumed; one whose pipeline is gone says so', async () => {
  const actions = await schedules(
    schedule({ name: 'a', paused: true, next_at: null }),
    schedule({ name: 'b', problem: 'There is no pipeline file pipeline.toml.' })
  );
  const [paused, broken] = screen.getAllByRole('listitem');
  expect(paused.textContent).toContain('paused');
  press('Resume a');
  expect(actions.actOnSchedule).toHaveBeenCalledWith({ path: 'p', name: 'a', act: 'resume' });
  expect(broken.textContent).toContain('There is no pipeline file pipeline.toml.');
  expect(broken.textContent).toContain('cannot run');
});

test('of a thousand schedules only the first are in the document, the others on demand', async () => {
  await schedules(...Array.from({ length: 1000 }, (_, i) => schedule({ name: `s${i}` })));
  expect(screen.getAllByRole('listitem')).toHaveLength(50);
  press('950 more');
  expect(screen.getAllByRole('listitem')).toHaveLength(100);
});
