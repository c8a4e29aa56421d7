import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { RegisterForm } from '../components/RegisterForm';
import { RunDetail } from '../components/RunDetail';
import { RunModel } from '../model/run';
import { ApiError } from '../tokens';
import { card, fakeActions, fakeApi, trans } from './samples';

const FULL = {
  delivery: 'delivered',
  mlflow_run_id: 'ml-1',
  stdout: 'hello',
  artifacts: [
    { path: 'figures/a.png', digest: 'd', size: 10, media_type: 'image/png', kind: 'figure' },
    { path: 'notes.html', digest: 'e', size: 20, media_type: 'text/html', kind: 'file' }
  ],
  error: { type: 'ValueError', message: 'no', traceback: 'Traceback: line 1' },
  git: { commit: 'abcdef123456', branch: 'main', dirty: true, root: '' },
  environment: { python: '3.11', platform: 'Linux', packages: { pandas: '3.0' } }
};

async function show(options: { compare?: boolean; run?: object; api?: Parameters<typeof fakeApi>[0] } = {}) {
  const api = fakeApi({
    card: jest.fn(async (_: string, id: string) =>
      id === 'run-13' ? card({ run_id: 'run-13', code: 'a = 1\nc = 3' }) : card({ ...FULL, ...options.run })
    ),
    series: jest.fn(async () =>
      [0, 1, 2].map(step => ({ name: 'loss', value: 1 / (1 + step), step, timestamp: step }))
    ),
    ...options.api
  });
  const model = new RunModel(api, {
    runId: 'run-14',
    path: 'work/a.ipynb',
    withSeries: true,
    withBefore: options.compare
  });
  const actions = fakeActions();
  render(
    <RunDetail
      model={model}
      actions={actions}
      urlOf={(id, path) => `/files/${id}/${path}`}
      trans={trans}
      compare={options.compare}
    />
  );
  await act(() => model.refresh());
  return { model, actions, api };
}

test('a run is shown whole', async () => {
  await show();
  const metrics = screen.getByRole('table', { name: 'Metrics' });
  expect(within(metrics).getByRole('rowheader', { name: 'auc' })).toBeTruthy();
  expect(
    screen.getByRole('img', { name: /loss: 3 points, lowest 0.3333, highest 1, last 0.3333/ })
  ).toBeTruthy();
  expect(screen.getByLabelText('Code of the run').textContent).toBe('a = 1\nb = 2\n');
  expect(screen.getByText('Traceback: line 1')).toBeTruthy();
  expect(screen.getByText('hello')).toBeTruthy();
  expect(screen.getByText('ml-1')).toBeTruthy();
  expect(screen.getByRole('img', { name: 'figures/a.png' }).getAttribute('src')).toBe(
    '/files/run-14/figures/a.png'
  );
  expect(screen.getByRole('link', { name: 'notes.html' }).getAttribute('rel')).toBe('noopener noreferrer');
});

test('every action names the run', async () => {
  const { actions } = await show();
  const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
  press('Compare with previous');
  press('Register…');
  press('Go to cell');
  press('Open in a tab');
  fireEvent.click(screen.getAllByText('Copy')[0]);
  const target = { runId: 'run-14', path: 'work/a.ipynb' };
  expect(actions.openTab.mock.calls).toEqual([
    [target, true],
    [target, false]
  ]);
  expect(actions.register).toHaveBeenCalledWith(target);
  expect(actions.jumpToCell).toHaveBeenCalledWith({
    notebook: '/srv/study/01_train.ipynb',
    cellId: 'c1',
    path: 'work/a.ipynb'
  });
  expect(actions.copy).toHaveBeenCalledWith('run-14');
});

test('a comparison shows figures, changes and code of both runs', async () => {
  await show({ compare: true });
  const table = screen.getByRole('table', { name: 'What changed' });
  expect(within(table).getByRole('columnheader', { name: 'calm-otter' })).toBeTruthy();
  expect(within(table).getByRole('row', { name: 'max_depth 4 6' })).toBeTruthy();
  const code = screen.getByLabelText('Code before and after');
  expect([...code.querySelectorAll('[data-line]')].map(line => line.getAttribute('data-line'))).toEqual([
    ' ',
    '-',
    '+'
  ]);
});

test('when a refresh fails, the run stays', async () => {
  const { model, api } = await show();
  api.card.mockRejectedValueOnce(new ApiError(503, 'The ledger is busy.'));
  await act(() => model.refresh());
  expect(screen.getByRole('alert').textContent).toContain('The ledger is busy.');
  expect(screen.getByRole('heading', { name: 'brisk-heron' })).toBeTruthy();
});

test('the form tells whether a version or a model is made', () => {
  const onChange = jest.fn();
  const models = card().run.models;
  const draft = { run: 'brisk-heron', name: 'churn', known: ['churn'], models };
  render(<RegisterForm draft={draft} onChange={onChange} trans={trans} />);
  const name = screen.getByRole('combobox', { name: /^Name/ });
  expect(screen.getByText(/Adds a version to this registered model/)).toBeTruthy();
  fireEvent.change(name, { target: { value: 'other' } });
  expect(screen.getByText(/new registered model with version 1/)).toBeTruthy();
  expect(onChange).toHaveBeenLastCalledWith({ name: 'other', model: 'model', alias: '', description: '' });
});
