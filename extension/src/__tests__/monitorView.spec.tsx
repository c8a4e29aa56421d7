import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { MonitorView } from '../components/MonitorView';
import { ModelsModel } from '../model/models';
import { TYPING } from '../model/draft';
import { MonitorModel, newCheck } from '../model/monitor';
import type { IMonitors } from '../monitors';
import { ApiError } from '../tokens';
import {
  alerting,
  decision,
  fakeMonitorActions,
  fakeMonitors,
  fakeRetrainingActions,
  monitor,
  monitorView,
  series
} from './monitorSamples';
import { fakeApi, fakePipelineActions, fakeRegistry, trans } from './samples';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function show(name: string, change: Partial<Record<keyof IMonitors, jest.Mock>> = {}) {
  const api = fakeMonitors(change);
  const preview = jest.fn(async () => ({ times: [4000, 5000], problem: '' }));
  const model = new MonitorModel(api, preview, 'p', name, { model: 'churn' });
  const models = new ModelsModel(fakeApi(), 'p');
  await models.refresh();
  const [actions, registry, pipelines] = [fakeMonitorActions(), fakeRegistry(), fakePipelineActions()];
  const retraining = fakeRetrainingActions();
  render(<MonitorView {...{ model, models, actions, registry, pipelines, retraining, trans }} />);
  await act(() => model.refresh());
  return { api, model, actions, registry, pipelines, retraining, preview };
}

const press = (name: string | RegExp) =>
  act(async () => void fireEvent.click(screen.getByRole('button', { name })));
const write = (label: string | RegExp, value: string) =>
  act(async () => void fireEvent.change(screen.getByLabelText(label), { target: { value } }));
const section = (name: string) => within(screen.getByRole('region', { name }));

test('the state now, in a sentence', async () => {
  await show('churn');
  const tab = screen.getByRole('article', { name: 'Monitor churn' });
  expect(tab.textContent).toContain('▲ alert');
  expect(tab.textContent).toContain('churn v3');
  expect(tab.textContent).toContain('tenure moved 0.31 σ: drift that matters.');
  expect(tab.textContent).toContain('1d of its predictions · against the profile of its version');
  expect(tab.textContent).toContain('40 % labelled.');
});

test('trouble can be acknowledged; what somebody looks after says who and why; what is over is folded', async () => {
  const { actions } = await show('churn');
  const open = within(screen.getByRole('list', { name: 'Open trouble' }));
  expect(open.getAllByRole('listitem')).toHaveLength(2);
  expect(open.getAllByRole('listitem')[1].textContent).toContain('acknowledged by ben: holiday');
  await press('Acknowledge drift');
  expect(actions.acknowledge).toHaveBeenCalledWith({
    path: 'p',
    name: 'churn',
    incident: 7,
    what: 'tenure moved 0.31 σ'
  });
  expect(section('Trouble').getByText('1 is over')).toBeTruthy();
});

test('every check has its course with the limit, and gaps join nothing', async () => {
  await show('churn');
  const chart = section('Checks').getByRole('img', { name: /^drift: 3 looks, .*limit 0.1/ });
  expect(chart.querySelectorAll('polyline')).toHaveLength(2);
  expect(chart.querySelector('.nbops-limit-line')).toBeTruthy();
  expect(chart.querySelector('.nbops-mark-alert')).toBeTruthy();
});

test('a look opens its report; one that could not look says why and has none', async () => {
  const { actions } = await show('churn');
  const looks = within(screen.getByRole('table', { name: 'Looks, newest first' })).getAllByRole('row');
  await act(async () => void fireEvent.click(within(looks[1]).getByRole('button', { name: /^Report of/ })));
  expect(actions.report).toHaveBeenCalledTimes(1);
  expect(actions.report).toHaveBeenCalledWith(expect.objectContaining({ path: 'p', name: 'churn', run: 9 }));
  fireEvent.click(looks[1]);
  expect(actions.report).toHaveBeenCalledTimes(2);
  expect(looks[2].textContent).toContain('no rows');
  fireEvent.click(looks[2]);
  expect(actions.report).toHaveBeenCalledTimes(2);
});

test('retraining: the policy in words, decisions with their evidence, run and version', async () => {
  const { retraining, registry, pipelines } = await show('churn');
  const part = section('Retraining');
  expect(part.getByText(/is better in roc_auc by at least 0.01 is put up for approval/)).toBeTruthy();
  expect(part.getByRole('listitem').textContent).toContain('v4 beats v3 by 0.021 in roc_auc.');
  expect(part.getByRole('listitem').textContent).toContain('tenure, plan');
  await press('Open the run');
  expect(pipelines.show).toHaveBeenCalledWith({ path: 'p', pipeline: 'pipeline.toml', runId: 'r9' });
  await press('Open v4');
  expect(registry.openPromotion).toHaveBeenCalledWith({
    path: 'p',
    name: 'churn',
    version: 4,
    target: 'Production'
  });
  await press('Retrain now…');
  expect(retraining.now).toHaveBeenCalledWith({ path: 'p', model: 'churn' });
  await act(async () => void fireEvent.click(part.getByText('Change the policy…')));
  expect(retraining.show).toHaveBeenCalledWith({ path: 'p', model: 'churn' });
});

test('while it looks or trains nothing is begun twice', async () => {
  const { actions, retraining } = await show('churn', {
    view: jest.fn(async () =>
      monitorView({
        look: { running: true, failure: '' },
        decisions: [decision(1, { outcome: 'running' })]
      })
    )
  });
  await press('Looking…');
  await press('Retraining…');
  expect(actions.act).not.toHaveBeenCalled();
  expect(retraining.now).not.toHaveBeenCalled();
});

test('a look that came to nothing says why', async () => {
  await show('churn', {
    view: jest.fn(async () => monitorView({ look: { running: false, failure: 'The ledger is locked.' } }))
  });
  expect(screen.getByRole('alert').textContent).toContain('The ledger is locked.');
});

test('muted, paused and without a policy', async () => {
  const muted = monitor({ muted_until: Date.now() / 1000 + 7200, mute_reason: 'a move', paused: true });
  const { actions } = await show('churn', {
    view: jest.fn(async () => monitorView({ summary: alerting({ monitor: muted }), policy: null }))
  });
  expect(screen.getByRole('article').textContent).toMatch(/Nobody is told until .*: a move/);
  expect(screen.queryByRole('button', { name: 'Retrain now…' })).toBeNull();
  expect(section('Retraining').getByText(/No policy says when churn is trained anew/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Set a policy…' })).toBeTruthy();
  await press('Unmute');
  await press('Resume');
  await press('Run now');
  expect(actions.act.mock.calls.map(([one]) => one.act)).toEqual(['unmute', 'resume', 'run']);
});

test('a new monitor: written, foreseen, saved', async () => {
  const { api, model, preview } = await show('');
  expect(screen.getByRole('article', { name: 'New monitor' })).toBeTruthy();
  await write('Name', 'churn-hourly');
  await write('Version', 'Production');
  await write('Window', '1h');
  preview.mockClear();
  await write(/^Times \(cron\)/, '5 * * * *');
  await act(() => jest.advanceTimersByTimeAsync(TYPING));
  expect(preview).toHaveBeenCalledTimes(1);
  await press('Add a check');
  await write('Kind of drift 2', 'performance');
  await write('Metric of drift 2', 'roc_auc');
  await write('Limit of drift 2', '0.8');
  await write('others', 'slack:alerts');
  await press('Save');
  expect(api.save).toHaveBeenCalledWith(
    'p',
    expect.objectContaining({
      name: 'churn-hourly',
      model: 'churn@Production',
      source: 'predictions',
      window: '1h',
      cron: '5 * * * *',
      routes: ['lab', 'slack:alerts'],
      checks: [
        expect.objectContaining({ name: 'drift', kind: 'drift', threshold: null }),
        expect.objectContaining({ name: 'drift 2', kind: 'performance', metric: 'roc_auc', threshold: 0.8 })
      ]
    })
  );
  expect(model.name).toBe('churn-hourly');
  expect(model.state.editing).toBe(false);
});

test('files are watched too, with the column of their time', async () => {
  const { model } = await show('');
  await write('Model', '');
  await write('Watches', 'files');
  await write('Files', 'data/*.parquet');
  await write('Column with the time', 'scored_at');
  await write('Held against', 'data/train.parquet');
  await write(/^Columns of drift/, 'tenure, plan,');
  expect(model.state.draft).toMatchObject({
    model: '',
    source: 'data/*.parquet',
    time: 'scored_at',
    reference: 'data/train.parquet',
    checks: [{ columns: ['tenure', 'plan'] }]
  });
});

test('what the server refuses is said, and what was written stays', async () => {
  const { model } = await show('', {
    save: jest.fn(async () => {
      throw new ApiError(400, 'The window cannot be 0d.', 'Write 1d.', 'window');
    })
  });
  await write('Window', '0d');
  await press('Save');
  expect(screen.getByRole('alert').textContent).toContain('The window cannot be 0d. Write 1d.');
  // It stands beside the field too, which has the focus.
  const field = screen.getByLabelText('Window');
  expect(document.activeElement).toBe(field);
  expect(field.getAttribute('aria-invalid')).toBe('true');
  expect(document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent).toContain('0d');
  expect(model.state).toMatchObject({ dirty: true, editing: true, draft: { window: '0d' } });
});

test('all that is refused is said where it was written: checks, who is told, and when again', async () => {
  const further = [
    { field: 'checks', message: 'There is no check luck.', hint: '' },
    { field: 'checks', message: 'The check volume measures no luck.', hint: 'It may be rows.' },
    { field: 'routes', message: 'Nobody is told by pigeon.', hint: '' }
  ];
  const refuse = jest.fn(async () => {
    throw new ApiError(400, 'remind_hours must be from 0.', '', 'remind_hours', further);
  });
  await show('', { save: refuse });
  await press('Save');
  const group = (name: string) => screen.getByRole('group', { name });
  expect(group('Checks').textContent).toContain(
    '✕ There is no check luck. ✕ The check volume measures no luck.'
  );
  expect(group('When it finds trouble, tell').textContent).toContain('✕ Nobody is told by pigeon.');
  expect(group('When it finds trouble, tell').textContent).toContain('✕ remind_hours must be from 0.');
  await act(async () => void fireEvent.click(screen.getByRole('button', { name: 'Add a check' })));
  expect(group('Checks').textContent).not.toContain('✕');
  expect(screen.getByRole('alert').textContent).toContain('Nobody is told by pigeon.');
});

test('editing keeps the field that is written in, and what others save does not overwrite it', async () => {
  const { api, model } = await show('churn');
  await press('Edit');
  const field = screen.getByLabelText('Window');
  field.focus();
  await write('Window', '7d');
  expect(document.activeElement).toBe(field);
  api.view.mockResolvedValueOnce(
    monitorView({ summary: alerting({ monitor: monitor({ window: '1 month' }) }) })
  );
  await act(() => model.refresh());
  expect((screen.getByLabelText('Window') as HTMLInputElement).value).toBe('7d');
  await press('Discard changes');
  await press('Edit');
  expect((screen.getByLabelText('Window') as HTMLInputElement).value).toBe('1 month');
});

test('one that is gone can be made again', async () => {
  const { api, model } = await show('churn');
  api.view.mockRejectedValueOnce(new ApiError(404, 'There is no monitor churn.', 'Add it.'));
  await act(() => model.refresh());
  expect(screen.getByRole('article').textContent).toContain('It is not there any more.');
});

test('where nobody answers nothing is said to be gone', async () => {
  await show('churn', {
    view: jest.fn(async () => {
      throw new ApiError(503, 'The ledger does not answer.', '');
    })
  });
  expect(screen.getByRole('alert').textContent).toContain('The ledger does not answer.');
  expect(screen.getByRole('article').textContent).not.toContain('not there any more');
});

test('a new check has a name of its own', () => {
  const first = newCheck([], 'drift');
  expect([first.name, newCheck([first], 'drift').name]).toEqual(['drift', 'drift 2']);
});

test('a check without a figure has no chart', async () => {
  await show('churn', {
    view: jest.fn(async () =>
      monitorView({ summary: alerting({ series: [series({ values: [null, null] })] }) })
    )
  });
  expect(section('Checks').queryByRole('img')).toBeNull();
});
