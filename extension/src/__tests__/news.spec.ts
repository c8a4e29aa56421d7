import { News, type INotice } from '../model/news';
import type { AuditEvent } from '../records';
import { event, fakeGovernance, trans } from './samples';

function setup(me = 'ada') {
  const log: AuditEvent[] = [event(1), event(2)];
  const governance = fakeGovernance({
    audit: jest.fn(async (_: string, { after, limit }: { after: number; limit: number }) => ({
      events: log.filter(one => one.seq > after).slice(-limit),
      head: log.length
    }))
  });
  const told: INotice[] = [];
  const news = new News({
    governance,
    trans,
    me: async path => ({ workspace: path.split('/')[0], name: me }),
    tell: notice => told.push(notice)
  });
  news.setPath('w/a.ipynb');
  return { log, governance, told, news };
}

test('what was there before is no news; each new event is told once', async () => {
  const { log, told, news } = setup();
  await news.look();
  expect(told).toEqual([]);
  log.push(event(3));
  await news.look();
  await news.look();
  expect(told.map(one => one.text)).toEqual(['churn v4 now holds Production, promoted by ben.']);
  expect(told[0].target).toEqual({ path: 'w/a.ipynb', name: 'churn', version: 4, target: 'Production' });
});

test('two looks at once tell an event once', async () => {
  const { log, told, news } = setup();
  await news.look();
  log.push(event(3));
  await Promise.all([news.look(), news.look()]);
  expect(told).toHaveLength(1);
});

test('a request of somebody else waits for you, your own does not', async () => {
  const { log, told, news } = setup();
  await news.look();
  log.push(event(3, { action: 'request', reason: 'checked' }), event(4, { action: 'request', actor: 'ada' }));
  await news.look();
  expect(told.map(one => one.text)).toEqual([
    'ben asks for approval of churn v4 for Production. Reason: checked'
  ]);
});

test('a rollback names where it went back to; runs of gates are not told', async () => {
  const { log, told, news } = setup();
  await news.look();
  log.push(
    event(3, { action: 'gate' }),
    event(4, {
      action: 'rollback',
      version: null,
      detail: { target: 'Production', from: 4, to: 3 },
      reason: 'slow'
    })
  );
  await news.look();
  expect(told.map(one => [one.tone, one.text])).toEqual([
    ['warning', 'churn went back to v3 in Production, by ben. Reason: slow']
  ]);
  expect(told[0].target?.version).toBe(3);
});

test('each workspace has a log of its own', async () => {
  const { log, told, news } = setup();
  await news.look();
  log.push(event(3));
  news.setPath('other/b.ipynb');
  await news.look();
  expect(told).toEqual([]);
  news.setPath('w/c.ipynb');
  await news.look();
  expect(told).toHaveLength(1);
});

test('a server that does not answer is no news', async () => {
  const { governance, told, news } = setup();
  await news.look();
  governance.audit.mockRejectedValueOnce(new Error('away'));
  await news.look();
  expect(told).toEqual([]);
});
