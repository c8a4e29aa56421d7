import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { MonitorsSection, MonitorsState } from '../components/MonitorsSection';
import { ListModel } from '../model/list';
import type { MonitorSummary } from '../records';
import { ApiError } from '../tokens';
import {
  alerting,
  decision,
  fakeMonitorActions,
  incident,
  look,
  monitor,
  series,
  steady
} from './monitorSamples';
import { trans } from './samples';

async function show(...summaries: MonitorSummary[]) {
  const load = jest.fn(async () => summaries as readonly MonitorSummary[]);
  const model = new ListModel<MonitorSummary>(load);
  model.update({ path: 'p' });
  const actions = fakeMonitorActions();
  render(
    <>
      <MonitorsState model={model} trans={trans} />
      <MonitorsSection model={model} actions={actions} trans={trans} />
    </>
  );
  await act(() => model.refresh());
  return { actions, load, model };
}

const rows = () => screen.getAllByRole('option');
const line = async (summary: MonitorSummary) => {
  await show(summary);
  return rows()[0].textContent;
};

test('each monitor says how it stands, which version it watches and what is wrong', async () => {
  await show(alerting(), steady());
  expect(rows()[0].textContent).toContain('alert');
  expect(rows()[0].textContent).toContain('churn v3');
  expect(rows()[0].textContent).toContain('tenure moved 0.31 σ');
  expect(within(rows()[0]).getByRole('img', { name: /^drift: 3 looks, last 0.310/ })).toBeTruthy();
  expect(rows()[1].textContent).toContain('fraud-daily fraud v9');
  expect(rows()[1].textContent).toContain('steady');
  expect(rows()[1].textContent).toContain('83 % labelled');
  expect(screen.getByRole('status').textContent).toBe('1 alert');
});

test('what goes on comes before what is known: retraining, mute, acknowledgement, labels, the last look', async () => {
  const running = decision(1, { outcome: 'running' });
  expect(await line(alerting({ retrain: running }))).toContain('retrain running');
  document.body.innerHTML = '';
  expect(await line(alerting({ retrain: decision(1, { outcome: 'queued' }) }))).toContain('retrain queued');
  document.body.innerHTML = '';
  const muted = monitor({ muted_until: Date.now() / 1000 + 3600 });
  expect(await line(alerting({ monitor: muted }))).toContain('muted until');
  document.body.innerHTML = '';
  expect(await line(alerting({ incidents: [incident(1, { state: 'acknowledged' })] }))).toContain(
    'acknowledged'
  );
  document.body.innerHTML = '';
  expect(await line(steady({ labelled: null, last: look(1, { at: Date.now() / 1000 - 600 }) }))).toContain(
    '10 min'
  );
});

test('of a check with many findings the worst is told', async () => {
  const found = {
    check: 'drift',
    kind: 'drift' as const,
    state: 'alert' as const,
    message: '5 of 6 columns have drifted: …',
    value: 0.6,
    limit: 0.1,
    columns: [],
    detail: { worst: 'tenure shifted up by 0.31 σ' }
  };
  const text = await line(alerting({ last: look(9, { checks: [found] }) }));
  expect(text).toContain('tenure shifted up by 0.31 σ');
  expect(text).not.toContain('tenure moved');
});

test('what could not look says why, and what rests or has not looked says so', async () => {
  await show(
    alerting({ state: 'error', last: look(1, { state: 'error', error: 'data/new.parquet is not there' }) }),
    steady({ monitor: monitor({ name: 'a', problem: 'The model is gone.' }) }),
    steady({ state: 'paused' }),
    steady({ state: 'waiting', last: null, series: [], labelled: null })
  );
  expect(rows()[0].textContent).toContain('data/new.parquet is not there');
  expect(rows()[1].textContent).toContain('The model is gone.');
  expect(rows()[2].textContent).toContain('paused');
  expect(rows()[3].textContent).toContain('waits');
  expect(screen.getByRole('status').textContent).toBe('1 cannot look');
});

test('opened by mouse and by keyboard; what is chosen stays so when the order changes', async () => {
  const { actions, load, model } = await show(alerting(), steady());
  fireEvent.click(rows()[1]);
  expect(actions.show).toHaveBeenCalledWith({ path: 'p', name: 'fraud-daily' });
  load.mockResolvedValueOnce([
    steady({ state: 'warning', series: [series({ state: 'warning' })] }),
    alerting()
  ]);
  await act(() => model.refresh());
  expect(screen.getByRole('option', { selected: true }).textContent).toContain('fraud-daily');
  const list = screen.getByRole('listbox', { name: 'Monitors' });
  fireEvent.keyDown(list, { key: 'ArrowDown' });
  fireEvent.keyDown(list, { key: 'Enter' });
  expect(actions.show).toHaveBeenLastCalledWith({ path: 'p', name: 'churn' });
});

test('of hundreds only those in view are in the document', async () => {
  const many = Array.from({ length: 400 }, (_, i) => steady({ monitor: monitor({ name: `m${i}` }) }));
  await show(...many);
  expect(rows().length).toBeLessThan(40);
  expect(rows()[0].getAttribute('aria-setsize')).toBe('400');
  expect(screen.getByRole('status').textContent).toBe('400 monitors');
});

test('where nothing is watched it says how to begin', async () => {
  const { actions } = await show();
  expect(screen.getByText(/%monitor add MODEL/)).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Add a monitor…' }));
  expect(actions.add).toHaveBeenCalledWith({ path: 'p' });
});

test('the last good list stays when a refresh fails', async () => {
  const { load, model } = await show(alerting());
  load.mockRejectedValueOnce(new ApiError(503, 'The ledger does not answer.', 'Try later.'));
  await act(() => model.refresh());
  expect(screen.getByRole('alert').textContent).toContain('The ledger does not answer. Try later.');
  expect(rows()).toHaveLength(1);
});

test('typing the beginning of a name leads to it, the same letter again to the next', async () => {
  const named = (name: string) => steady({ monitor: monitor({ name, model: '' }) });
  const { actions } = await show(...['beds', 'churn', 'cash', 'wards'].map(named));
  const list = screen.getByRole('listbox', { name: 'Monitors' });
  const chosen = () => rows().find(row => row.getAttribute('aria-selected') === 'true')?.textContent;
  const type = (key: string, more: object = {}) => fireEvent.keyDown(list, { key, ...more });
  type('w');
  expect(chosen()).toContain('wards');
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5000);
  type('c');
  expect(chosen()).toContain('churn');
  type('c');
  expect(chosen()).toContain('cash');
  jest.restoreAllMocks();
  type('b', { ctrlKey: true });
  expect(chosen()).toContain('cash');
  type('Enter');
  expect(actions.show).toHaveBeenCalledWith({ path: 'p', name: 'cash' });
});

test('what it could not look for is not said twice', async () => {
  const last = look(9, { state: 'error', error: 'drift could not look: there is no file away.csv' });
  expect(await line(steady({ state: 'error', last }))).toContain('there is no file away.csv');
  expect(rows()[0].textContent).not.toContain('could not look');
});
