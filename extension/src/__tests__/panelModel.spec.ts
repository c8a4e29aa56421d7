import { ChangeFeed } from '../model/feed';
import { PanelModel } from '../model/panel';
import { DELAY } from '../model/refresher';
import { ApiError, DEFAULT_SETTINGS } from '../tokens';
import type { Card } from '../records';
import { RunModel } from '../model/run';
import { card, fakeApi, fakeGovernance, fakePipelines, fakeSchedules } from './samples';
import { fakeMonitors } from './monitorSamples';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function shown(change: Parameters<typeof fakeApi>[0] = {}) {
  const api = fakeApi(change);
  const feed = new ChangeFeed();
  const model = new PanelModel({
    api,
    governance: fakeGovernance(),
    pipelines: fakePipelines(),
    schedules: fakeSchedules(),
    monitors: fakeMonitors(),
    feed,
    visible: () => true
  });
  model.setNotebook('work/01_train.ipynb');
  await jest.advanceTimersByTimeAsync(DELAY);
  return { api, feed, model };
}

test("this notebook's runs come first", async () => {
  const { api, model } = await shown();
  expect(api.runs.mock.calls[0][0]).toMatchObject({ path: 'work/01_train.ipynb', onlyNotebook: true });
  expect(model.runs.state.total).toBe(3);
  expect(model.models.state.models).toHaveLength(1);
});

test('a change of this workspace refreshes, a change of another does not', async () => {
  const { api, feed } = await shown();
  api.runs.mockClear();
  feed.event('/srv/other');
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(api.runs).not.toHaveBeenCalled();
  feed.event('/churn');
  feed.event('/churn');
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(api.runs).toHaveBeenCalledTimes(1);
});

test('with events switched off only cells of this browser count', async () => {
  const { api, feed, model } = await shown();
  model.configure({ ...DEFAULT_SETTINGS, refreshOnEvents: false });
  await jest.advanceTimersByTimeAsync(DELAY);
  api.runs.mockClear();
  feed.event('/churn');
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(api.runs).not.toHaveBeenCalled();
  feed.local();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(api.runs).toHaveBeenCalledTimes(1);
});

test('settings decide order and origin', async () => {
  const { api, model } = await shown();
  model.configure({
    ...DEFAULT_SETTINGS,
    defaultSort: 'auc',
    showMlflowRuns: false,
    thisNotebookFirst: false
  });
  await jest.advanceTimersByTimeAsync(DELAY);
  const last = api.runs.mock.calls[api.runs.mock.calls.length - 1][0];
  expect(last).toMatchObject({ sort: 'auc', mlflow: false, onlyNotebook: false });
});

test('a run opened is refreshed instead of the lists, and closing goes back', async () => {
  const { api, feed, model } = await shown();
  model.open({ runId: 'run-14', path: '' });
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(model.state.detail?.state.card?.run.run_id).toBe('run-14');
  api.runs.mockClear();
  feed.local();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(api.runs).not.toHaveBeenCalled();
  expect(api.card).toHaveBeenCalledTimes(2);
  model.close();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(model.state.detail).toBeNull();
  expect(api.runs).toHaveBeenCalledTimes(1);
});

test('a server that does not answer is told, and nothing is thrown', async () => {
  const down = jest.fn(async () => {
    throw new ApiError(0, 'Failed to fetch');
  });
  const { model } = await shown({ runs: down, models: down, status: down });
  expect(model.runs.state.failure?.message).toBe('Failed to fetch');
  expect(model.models.state.failure?.message).toBe('Failed to fetch');
});

test('an older answer about a run does not replace a newer one', async () => {
  let answer: (late: Card) => void = () => undefined;
  const api = fakeApi({
    card: jest
      .fn()
      .mockImplementationOnce(() => new Promise<Card>(resolve => (answer = resolve)))
      .mockResolvedValueOnce(card({ name: 'new' }))
  });
  const model = new RunModel(api, { runId: 'run-14', path: '' });
  const first = model.refresh();
  await model.refresh();
  answer(card({ name: 'old' }));
  await first;
  expect(model.state.card?.run.name).toBe('new');
});
