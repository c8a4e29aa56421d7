import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { PolicyView } from '../components/PolicyView';
import { TYPING } from '../model/draft';
import { ListModel } from '../model/list';
import { PolicyModel } from '../model/policy';
import type { IPipelineLine } from '../pipelines';
import type { IRetraining } from '../retraining';
import { ApiError } from '../tokens';
import { decision, fakeRetraining, fakeRetrainingActions, policy } from './monitorSamples';
import { fakePipelineActions, fakePipelines, fakeRegistry, trans } from './samples';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const NONE = { view: jest.fn(async () => ({ policy: null, decisions: [] })) };

async function show(change: Partial<Record<keyof IRetraining, jest.Mock>> = {}, open?: number) {
  const api = fakeRetraining(change);
  const preview = jest.fn(async () => ({ times: [4000, 5000], problem: '' }));
  const pipelines = new ListModel<IPipelineLine>(path => fakePipelines().list(path));
  await pipelines.refresh();
  const model = new PolicyModel(api, preview, 'p', 'churn', { pipeline: 'pipeline.toml' });
  const actions = fakeRetrainingActions();
  const [registry, pipelineActions] = [fakeRegistry(), fakePipelineActions()];
  const props = { model, pipelines, actions, registry, pipelineActions, trans, decision: open };
  render(<PolicyView {...props} root={() => '/churn'} />);
  await act(() => model.refresh());
  return { api, model, actions, preview, registry };
}

const press = (name: string | RegExp) =>
  act(async () => void fireEvent.click(screen.getByRole('button', { name })));
const tick = (label: string) => act(async () => void fireEvent.click(screen.getByLabelText(label)));
const write = (label: string | RegExp, value: string) =>
  act(async () => void fireEvent.change(screen.getByLabelText(label), { target: { value } }));
const words = () => screen.getByRole('note', { name: 'The policy in words' }).textContent;

test('a policy is written, put into words, foreseen and saved', async () => {
  const { api, model, preview } = await show(NONE);
  expect(screen.getByRole('article').textContent).toContain(
    'There is no policy yet, so churn is not trained'
  );
  expect(screen.queryByRole('button', { name: 'Delete…' })).toBeNull();
  await tick('it is time (cron)');
  await write(/^Times \(cron\)/, '0 4 * * 1');
  await act(() => jest.advanceTimersByTimeAsync(TYPING));
  expect(preview).toHaveBeenCalledTimes(1);
  expect(screen.getByText(/^Comes due at/)).toBeTruthy();
  await tick('enough labels have come');
  await write('So many newly labelled rows', '5000');
  await write(/^A better one/, 'promote');
  await write('for', 'Staging');
  await write('Hours between two trainings', '48');
  await write(/^Parameters/, 'depth = 6');
  expect(words()).toContain('Starts by: drift, performance, schedule, new labels.');
  expect(words()).toContain('is better than the champion takes Staging.');
  expect(words()).toContain('At most 4 trainings in 30 days, none within 48 hours after the last.');
  await press('Save');
  expect(api.save).toHaveBeenCalledWith(
    { path: 'p', model: 'churn' },
    expect.objectContaining({
      pipeline: 'pipeline.toml',
      on: ['drift', 'performance', 'schedule', 'volume'],
      cron: '0 4 * * 1',
      volume: 5000,
      mode: 'promote',
      target: 'Staging',
      cool_down_hours: 48,
      budget: null,
      parameters: { depth: '6' }
    })
  );
  expect(model.state).toMatchObject({ dirty: false, saved: true });
});

test('what nothing starts by is not sent', async () => {
  const { api } = await show({
    view: jest.fn(async () => ({ policy: policy({ on: ['schedule'], cron: '0 4 * * *' }), decisions: [] }))
  });
  await tick('it is time (cron)');
  expect(screen.queryByLabelText(/^Times/)).toBeNull();
  await press('Save');
  expect(api.save).toHaveBeenCalledWith(
    expect.anything(),
    expect.objectContaining({ on: [], cron: '', volume: 0 })
  );
});

test('what the server refuses stands beside its field, which has the focus; what was written stays', async () => {
  const { model } = await show({
    ...NONE,
    save: jest.fn(async () => {
      throw new ApiError(400, 'holdout must be from 0.05 to 0.9, not 0.95.', '', 'holdout');
    })
  });
  await write('Share of the newest rows that judge', '0.95');
  await press('Save');
  const field = screen.getByLabelText('Share of the newest rows that judge') as HTMLInputElement;
  expect(document.activeElement).toBe(field);
  expect(field.getAttribute('aria-invalid')).toBe('true');
  expect(document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent).toContain(
    'holdout must be from 0.05 to 0.9'
  );
  expect(field.value).toBe('0.95');
  expect(model.state.dirty).toBe(true);
  expect(screen.getByLabelText('by at least').getAttribute('aria-invalid')).toBe('false');
  // Something else does not mend it.
  await write('by at least', '0.1');
  expect(screen.getByRole('alert')).toBeTruthy();
  await write('Share of the newest rows that judge', '0.3');
  expect(screen.queryByRole('alert')).toBeNull();
});

test('all that is refused stands beside its field at once; the first has the focus', async () => {
  const { model } = await show({
    ...NONE,
    save: jest.fn(async () => {
      const further = [
        { field: 'budget', message: 'budget must be from 1 to 10000, not 0.', hint: '' },
        { field: '', message: 'The ledger is full.', hint: 'Make room.' }
      ];
      throw new ApiError(400, 'holdout must be from 0.05 to 0.9, not 0.95.', '', 'holdout', further);
    })
  });
  await press('Save');
  const [budget, holdout] = [
    screen.getByLabelText('At most so many trainings'),
    screen.getByLabelText('Share of the newest rows that judge')
  ];
  const told = (field: HTMLElement) =>
    document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent;
  expect(told(budget)).toContain('budget must be from 1');
  expect(told(holdout)).toContain('holdout must be from 0.05');
  expect(document.activeElement).toBe(budget);
  expect(screen.getByRole('alert').textContent).toContain('The ledger is full. Make room.');
  // Each is mended by itself; the focus stays where it is.
  await write('At most so many trainings', '4');
  expect(budget.getAttribute('aria-invalid')).toBe('false');
  expect(holdout.getAttribute('aria-invalid')).toBe('true');
  expect(document.activeElement).toBe(budget);
  await write('Share of the newest rows that judge', '0.3');
  expect(screen.getByRole('alert').textContent).toBe('✕ The ledger is full. Make room.');
  expect(model.state.refusal?.field).toBe('');
});

test('labelled rows may lie in files', async () => {
  const { model } = await show(NONE);
  await write('On labelled rows of', 'files');
  await write('Files', 'labelled.parquet');
  await write('Column with the time', 'at');
  expect(model.state.draft).toMatchObject({ source: 'labelled.parquet', time: 'at' });
});

test('one that is there is shown, changed by others while nothing is written, switched off, and deleted', async () => {
  const { api, model, actions } = await show();
  const metric = () => (screen.getByLabelText('it wins in') as HTMLInputElement).value;
  expect(metric()).toBe('roc_auc');
  api.view.mockResolvedValueOnce({ policy: policy({ metric: 'accuracy' }), decisions: [] });
  await act(() => model.refresh());
  expect(metric()).toBe('accuracy');
  await press('Switch off');
  expect(actions.rest).toHaveBeenCalledWith({ path: 'p', model: 'churn', paused: true });
  await press('Delete…');
  expect(actions.remove).toHaveBeenCalledWith({ path: 'p', model: 'churn' });
  await press('Retrain now…');
  expect(actions.now).toHaveBeenCalledWith({ path: 'p', model: 'churn' });
  expect(api.save).not.toHaveBeenCalled();
});

test('typed parameters come back as they can be written', async () => {
  const given = { depth: 6, how: 'same', fast: true };
  await show({ view: jest.fn(async () => ({ policy: policy({ parameters: given }), decisions: [] })) });
  expect((screen.getByLabelText(/^Parameters/) as HTMLTextAreaElement).value).toBe(
    'depth = 6\nhow = "same"\nfast = true'
  );
});

test('a decision is opened with its evidence, nested facts as a list of their own', async () => {
  const evidence = {
    psi: 0.31,
    data: { learn_rows: 300, as_of: 1_795_835_631.8, learn_sha256: 'ab12'.repeat(16) }
  };
  await show({ view: jest.fn(async () => ({ policy: null, decisions: [decision(3, { evidence })] })) }, 3);
  const item = within(screen.getByRole('listitem', { name: 'Decision 3' }));
  expect(item.getByText('learn rows')).toBeTruthy();
  expect(item.getByText('300')).toBeTruthy();
  expect(item.getByText(/2026/)).toBeTruthy();
  expect(item.getByTitle('ab12'.repeat(16)).textContent).toBe('ab12ab');
  expect(item.getByText('Evidence').closest('details')?.open).toBe(true);
  expect(item.queryByText(/\{/)).toBeNull();
});

test('a model that is not there is said, and no form is shown', async () => {
  await show({
    view: jest.fn(async () => {
      throw new ApiError(404, 'There is no model churn.', 'Known: fraud.');
    })
  });
  expect(screen.getByRole('alert').textContent).toContain('There is no model churn. Known: fraud.');
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
});
