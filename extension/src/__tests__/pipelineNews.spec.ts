import { PipelineNews, type IPipelineNotice } from '../model/pipelineNews';
import type { PipelineRun, ScheduleRun } from '../records';
import { due, FAILED_RUN, fakePipelines, fakeSchedules, pipelineRun, trans } from './samples';

function setup(run: () => PipelineRun = () => pipelineRun(), quiet = false) {
  const failures: ScheduleRun[] = [due(1, { status: 'failed', error: 'old' })];
  const told: IPipelineNotice[] = [];
  const schedules = fakeSchedules({ failures: jest.fn(async () => [...failures].reverse()) });
  const news = new PipelineNews({
    pipelines: fakePipelines({ run: jest.fn(async () => run()) }),
    schedules,
    trans,
    workspace: async path => path.split('/')[0],
    tell: notice => told.push(notice),
    quiet: () => quiet
  });
  news.setPath('w/a.ipynb');
  return { failures, told, news, schedules };
}

test('what failed before is no news; each new failure is told once', async () => {
  const { failures, told, news } = setup();
  await news.look();
  expect(told).toEqual([]);
  failures.push(due(2, { status: 'failed', error: 'train failed in cell 4' }));
  await news.look();
  await Promise.all([news.look(), news.look()]);
  expect(told.map(one => [one.tone, one.text])).toEqual([
    ['error', 'Scheduled run of nightly failed: train failed in cell 4']
  ]);
  expect(told[0].run).toEqual({ path: 'w/a.ipynb', runId: 'r2' });
});

test('a time that could not even start has no run to open', async () => {
  const { failures, told, news } = setup();
  await news.look();
  failures.push(due(3, { status: 'failed', run_id: '' }));
  await news.look();
  expect(told[0]).toMatchObject({ text: 'Scheduled run of nightly failed.', run: null });
});

test('the end of a run started here is told once, however it ended', async () => {
  let run = pipelineRun({ status: 'running' });
  const { told, news } = setup(() => run);
  news.started({ path: 'w/a.ipynb', runId: 'r1' });
  await news.look();
  expect(told).toEqual([]);
  expect(news.waits).toBe(true);
  run = FAILED_RUN;
  await Promise.all([news.look(), news.look()]);
  expect(told.map(one => one.text)).toEqual(['churn: train failed in cell 4: ValueError: NaN']);
  expect(news.waits).toBe(false);
});

test('a server that does not answer is no news', async () => {
  const { schedules, told, news } = setup();
  schedules.failures.mockRejectedValueOnce(new Error('away'));
  await news.look();
  await news.look();
  expect(told).toEqual([]);
});

test('who wants no news still hears of what was started here', async () => {
  const { schedules, told, news } = setup(undefined, true);
  news.started({ path: 'w/a.ipynb', runId: 'r1' });
  await news.look();
  expect(told.map(one => one.text)).toEqual(['churn succeeded.']);
  expect(schedules.failures).not.toHaveBeenCalled();
});
