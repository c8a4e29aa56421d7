import { PAGE, RunsModel } from '../model/runs';
import { ApiError, type IRunsQuery } from '../tokens';
import { fakeApi, page, QUERY } from './samples';

const many = () =>
  fakeApi({
    runs: jest.fn(async (_: IRunsQuery, offset: number, limit: number) => page(10_000, offset, limit))
  });

test('the first page comes with the first refresh', async () => {
  const model = new RunsModel(many(), QUERY);
  await model.refresh();
  expect(model.state.total).toBe(10_000);
  expect(model.row(0)?.run_id).toBe('run-0');
  expect(model.row(PAGE)).toBeUndefined();
});

test('rows in view are loaded page by page, each once', async () => {
  const api = many();
  const model = new RunsModel(api, QUERY);
  await model.refresh();
  await Promise.all([model.need(5040, 5060), model.need(5041, 5061)]);
  expect(model.row(5050)?.run_id).toBe('run-5050');
  await model.need(5042, 5062);
  expect(api.runs).toHaveBeenCalledTimes(2);
  expect(api.runs).toHaveBeenLastCalledWith(QUERY, 5000, PAGE);
});

test('a refresh loads only the pages in view', async () => {
  const api = many();
  const model = new RunsModel(api, QUERY);
  await model.refresh();
  await model.need(5040, 5060);
  api.runs.mockClear();
  await model.refresh();
  expect(api.runs.mock.calls.map(call => call[1])).toEqual([5000]);
  expect(model.row(0)).toBeUndefined();
});

test('only so many pages are kept', async () => {
  const model = new RunsModel(many(), QUERY);
  await model.refresh();
  for (let first = 0; first < 9000; first += PAGE) {
    await model.need(first, first + 10);
  }
  expect(model.state.pages.size).toBe(30);
  expect(model.row(8901)).toBeDefined();
});

test('when a refresh fails, the last good rows stay', async () => {
  const api = many();
  const model = new RunsModel(api, QUERY);
  await model.refresh();
  api.runs.mockRejectedValueOnce(new ApiError(503, 'The ledger is busy.', 'Wait.'));
  await model.refresh();
  expect(model.row(0)?.run_id).toBe('run-0');
  expect(model.state.failure).toEqual({ status: 503, message: 'The ledger is busy.', hint: 'Wait.' });
  await model.refresh();
  expect(model.state.failure).toBeNull();
});

test('an answer that comes too late is dropped', async () => {
  const late: ((value: ReturnType<typeof page>) => void)[] = [];
  const api = fakeApi({ runs: jest.fn(() => new Promise(resolve => late.push(resolve))) });
  const model = new RunsModel(api, QUERY);
  const first = model.ask({ search: 'a' });
  const second = model.ask({ search: 'ab' });
  late[1](page(2));
  await second;
  late[0](page(7));
  await first;
  expect(model.state.total).toBe(2);
});

test('where the metric to sort by is unknown, time decides', async () => {
  const runs = jest.fn(async (query: IRunsQuery, offset: number, limit: number) => {
    if (query.sort === 'auc') {
      throw new ApiError(400, 'There is no field auc.');
    }
    return page(3, offset, limit);
  });
  const model = new RunsModel(fakeApi({ runs }), { ...QUERY, sort: 'auc' });
  await model.refresh();
  expect(model.state.query.sort).toBe('started_at');
  expect(model.state.total).toBe(3);
  expect(model.state.failure).toBeNull();
});
