import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';
import { Panel } from '../components/Panel';
import { ChangeFeed } from '../model/feed';
import { PanelModel } from '../model/panel';
import { ApiError, type IRunsQuery } from '../tokens';
import type { IGovernance } from '../governance';
import {
  event,
  fakeActions,
  fakeApi,
  fakeGovernance,
  fakePipelineActions,
  fakePipelines,
  fakeRegistry,
  fakeSchedules,
  MODELS,
  page,
  request,
  trans
} from './samples';
import { fakeMonitorActions, fakeMonitors } from './monitorSamples';

async function show(
  change: Parameters<typeof fakeApi>[0] = {},
  governed: Partial<Record<keyof IGovernance, jest.Mock>> = {}
) {
  const api = fakeApi(change);
  const governance = fakeGovernance(governed);
  const registry = fakeRegistry();
  const feed = new ChangeFeed();
  const [pipelines, schedules, monitors] = [fakePipelines(), fakeSchedules(), fakeMonitors()];
  const visible = () => true;
  const model = new PanelModel({ api, governance, pipelines, schedules, monitors, feed, visible });
  const actions = fakeActions();
  const urlOf = (runId: string, artifact: string) => `/files/${runId}/${artifact}`;
  render(
    <Panel
      model={model}
      actions={actions}
      registry={registry}
      pipelines={fakePipelineActions()}
      monitors={fakeMonitorActions()}
      urlOf={urlOf}
      trans={trans}
    />
  );
  await act(async () => {
    model.setNotebook('work/01_train.ipynb');
    await Promise.all([model.runs.refresh(), model.models.refresh(), model.waiting.refresh()]);
  });
  return { api, governance, registry, feed, model, actions };
}

const pages = (total: number, change = {}) => ({
  runs: jest.fn(async (_: IRunsQuery, offset: number, limit: number) => page(total, offset, limit, change))
});

test('runs are a listbox, each row an option with its state in words', async () => {
  await show();
  const rows = screen.getAllByRole('option', { name: /heron/ });
  expect(rows).toHaveLength(3);
  expect(rows[0].getAttribute('aria-setsize')).toBe('3');
  expect(rows[0].textContent).toContain('finished');
  expect(screen.getByRole('listbox', { name: 'Runs' }).tabIndex).toBe(0);
});

test('of ten thousand runs only those in view are in the document', async () => {
  await show(pages(10_000));
  const rows = screen.getAllByRole('option', { name: /heron/ });
  expect(rows.length).toBeLessThan(40);
  expect(rows[0].getAttribute('aria-setsize')).toBe('10000');
});

test('the keyboard moves, opens and comes back', async () => {
  const { model } = await show();
  const list = screen.getByRole('listbox', { name: 'Runs' });
  fireEvent.keyDown(list, { key: 'ArrowDown' });
  const selected = screen.getByRole('option', { selected: true, name: /heron-1/ });
  expect(list.getAttribute('aria-activedescendant')).toBe(selected.id);
  fireEvent.keyDown(list, { key: 'End' });
  fireEvent.keyDown(list, { key: 'Home' });
  fireEvent.keyDown(list, { key: 'ArrowUp' });
  fireEvent.keyDown(list, { key: 'ArrowDown' });
  await act(async () => {
    fireEvent.keyDown(list, { key: 'Enter' });
  });
  expect(model.state.detail?.runId).toBe('run-1');
  expect(screen.getByRole('article', { name: 'Run brisk-heron' })).toBeTruthy();
  expect(document.activeElement?.textContent).toContain('All runs');
  fireEvent.keyDown(screen.getByRole('article'), { key: 'Escape' });
  expect(model.state.detail).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('listbox', { name: 'Runs' }));
});

test('search is sent to the server once typing rests', async () => {
  const { api } = await show();
  api.runs.mockClear();
  const box = screen.getByRole('searchbox', { name: 'Filter runs' });
  fireEvent.change(box, { target: { value: 'auc >' } });
  fireEvent.change(box, { target: { value: 'auc > 0.85' } });
  const searched = () => api.runs.mock.calls.map(call => call[0].search).filter(Boolean);
  await waitFor(() => expect(searched()).toEqual(['auc > 0.85']));
});

test('sorting and scope are sent to the server', async () => {
  const { api } = await show();
  const last = () => api.runs.mock.calls[api.runs.mock.calls.length - 1][0];
  await act(async () => {
    fireEvent.change(screen.getByRole('combobox', { name: 'Sort by' }), { target: { value: 'auc' } });
  });
  expect(last()).toMatchObject({ sort: 'auc', descending: true, onlyNotebook: true });
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Descending; switch to ascending' }));
  });
  expect(last()).toMatchObject({ sort: 'auc', descending: false });
  await act(async () => {
    fireEvent.change(screen.getByRole('combobox', { name: 'Which runs' }), {
      target: { value: 'experiment:fraud' }
    });
  });
  expect(last()).toMatchObject({ experiment: 'fraud', onlyNotebook: false });
});

test('a failure is an alert with the server’s words, and the rows stay', async () => {
  const { api, model } = await show();
  api.runs.mockRejectedValueOnce(new ApiError(400, 'Cannot read “auc >”.', 'Write auc > 0.85.'));
  await act(() => model.runs.refresh());
  expect(screen.getByRole('alert').textContent).toContain('Cannot read “auc >”. Write auc > 0.85.');
  expect(screen.getAllByRole('option', { name: /heron/ })).toHaveLength(3);
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  });
  expect(screen.queryByRole('alert')).toBeNull();
});

test('an empty list says what to do next', async () => {
  await show({ ...pages(0), models: jest.fn(async () => []) });
  expect(screen.getByText(/Begin a cell with %%track/)).toBeTruthy();
  expect(screen.getByText(/No registered models yet/)).toBeTruthy();
});

test('runs of plain MLflow, failed runs and running runs are told apart', async () => {
  await show(pages(1, { origin: 'mlflow', status: 'FAILED', error: 'ValueError: no' }));
  const [row] = screen.getAllByRole('option', { name: /heron/ });
  expect(row.textContent).toContain('mlflow');
  expect(row.textContent).toContain('failed');
  expect(row.textContent).toContain('ValueError: no');
});

test('models unfold into versions with aliases; a version leads to its run', async () => {
  const { model } = await show();
  const head = screen.getByRole('button', { name: /churn/, expanded: true });
  expect(screen.getByText('champion')).toBeTruthy();
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  });
  expect(model.state.detail?.runId).toBe('run-3');
  act(() => model.close());
  fireEvent.click(screen.getByRole('button', { name: /churn/, expanded: true }));
  expect(screen.queryByText('champion')).toBeNull();
  expect(head).toBeTruthy();
});

test('sections fold', async () => {
  await show();
  fireEvent.click(screen.getByRole('button', { name: 'Runs', expanded: true }));
  expect(screen.queryByRole('listbox', { name: 'Runs' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Runs', expanded: false })).toBeTruthy();
});

const versioned = (change: object) => ({
  models: jest.fn(async () => [{ ...MODELS[0], versions: [{ ...MODELS[0].versions[0], ...change }] }])
});

test('a version says its lifecycle stage in words and leads to its promotion', async () => {
  const { registry } = await show(versioned({ lifecycle_stage: 'Staging', aliases: ['challenger'] }));
  expect(screen.getByText('Staging')).toBeTruthy();
  expect(screen.getByText('challenger')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Promote churn v1' }));
  expect(registry.openPromotion).toHaveBeenCalledWith({
    path: 'work/01_train.ipynb',
    name: 'churn',
    version: 1,
    target: 'Production'
  });
});

test('a version unfolds to lineage, loading, archiving; a pickle to its approval', async () => {
  const { registry } = await show(versioned({ problem: 'kept as a pickle: Odd' }));
  expect(screen.queryByRole('button', { name: 'Archive…' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'v1', expanded: false }));
  expect(screen.getByText(/kept as a pickle: Odd/)).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Lineage' }));
  expect(registry.openLineage).toHaveBeenCalledWith({ path: 'work/01_train.ipynb', start: 'churn@1' });
  fireEvent.click(screen.getByRole('button', { name: 'Allow loading…' }));
  expect(registry.allowPickle).toHaveBeenCalledWith({
    path: 'work/01_train.ipynb',
    name: 'churn',
    version: 1
  });
  fireEvent.click(screen.getByRole('button', { name: 'Archive…' }));
  expect(registry.archive).toHaveBeenCalledTimes(1);
});

test('a version stored safely needs no approval to be loaded', async () => {
  await show(versioned({ serialization: 'skops' }));
  fireEvent.click(screen.getByRole('button', { name: 'v1', expanded: false }));
  expect(screen.queryByRole('button', { name: 'Allow loading…' })).toBeNull();
});

test('what waits for an approval stands first and leads to the review', async () => {
  const { registry } = await show({}, { requests: jest.fn(async () => [request()]) });
  const list = screen.getByRole('list', { name: 'Waiting for approval' });
  expect(list.textContent).toContain('churn v4 → Production');
  expect(list.textContent).toContain('approval asked by ben: segment table checked');
  fireEvent.click(screen.getByRole('button', { name: 'Review churn v4 for Production' }));
  expect(registry.openPromotion).toHaveBeenCalledWith({
    path: 'work/01_train.ipynb',
    name: 'churn',
    version: 4,
    target: 'Production'
  });
});

test('what others changed in MLflow is shown as not through the gate', async () => {
  const foreign = [
    { model: 'churn', kind: 'alias', name: 'champion', expected: '1', found: '', seen_at: 1000 }
  ];
  await show({ models: jest.fn(async () => [{ ...MODELS[0], foreign }]) });
  expect(screen.getByText(/not through the gate/).parentElement?.textContent).toContain(
    'alias champion is nothing in MLflow, 1 here'
  );
});

test('the audit log is read only once its section is open, newest event first', async () => {
  const events = [
    event(1, { action: 'register', detail: {} }),
    event(2, { action: 'refused', detail: { target: 'Production', why: ['it has 0 of 1 approvals'] } })
  ];
  const { governance } = await show({}, { audit: jest.fn(async () => ({ events, head: 2 })) });
  expect(governance.audit).not.toHaveBeenCalled();
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Audit', expanded: false }));
  });
  const lines = screen.getByRole('list', { name: 'Events, newest first' }).children;
  expect(lines[0].textContent).toContain('refused churn v4 → Production');
  expect(lines[0].textContent).toContain('it has 0 of 1 approvals');
  expect(lines[1].textContent).toContain('registered churn v4');
});

test('the proof of the audit log is said, and what is broken is named', async () => {
  const problems = [{ kind: 'chain', seq: 3, message: 'Event 3 was changed.' }];
  const verify = jest
    .fn()
    .mockResolvedValueOnce({ ok: true, events: 1200, rows: 9, head: 'm', anchors: 2, problems: [] })
    .mockResolvedValueOnce({ ok: false, events: 1200, rows: 9, head: 'm', anchors: 2, problems });
  await show({}, { verify });
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Audit', expanded: false }));
  });
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Verify' }));
  });
  expect(screen.getByText(/Log and registry agree/).parentElement?.textContent).toContain('1,200 events');
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Verify' }));
  });
  expect(screen.getByText('#3').parentElement?.textContent).toContain('Event 3 was changed.');
  expect(screen.getByText(/broken/)).toBeTruthy();
});

test('a run is asked for with the notebook that is in front now', async () => {
  const { api, model } = await show();
  await act(async () => {
    model.setNotebook('elsewhere/02.ipynb');
    await Promise.all([model.runs.refresh(), model.models.refresh()]);
  });
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  });
  expect(api.card).toHaveBeenLastCalledWith('elsewhere/02.ipynb', 'run-3');
  act(() => model.close());
  await act(async () => {
    fireEvent.click(screen.getAllByRole('option', { name: /heron/ })[0]);
  });
  expect(api.card).toHaveBeenLastCalledWith('elsewhere/02.ipynb', 'run-0');
});

test('a section that was asked for is unfolded and has the focus once it is loaded', async () => {
  const { model } = await show();
  fireEvent.click(screen.getByRole('button', { name: /Monitors/ }));
  expect(screen.queryByRole('listbox', { name: 'Monitors' })).toBeNull();
  await act(async () => model.reveal('monitors'));
  await act(async () => model.monitors.refresh());
  expect(document.activeElement).toBe(screen.getByRole('listbox', { name: 'Monitors' }));
  await act(async () => model.reveal('audit'));
  expect(document.activeElement?.textContent).toBe('Verify');
});
