import { MonitorNews, type IMonitorNotice } from '../model/monitorNews';
import type { Incident } from '../records';
import { fakeMonitors, incident } from './monitorSamples';
import { trans } from './samples';

function setup() {
  const incidents: Incident[] = [incident(1)];
  const told: IMonitorNotice[] = [];
  const settled = jest.fn();
  const monitors = fakeMonitors({ news: jest.fn(async () => [...incidents].reverse()) });
  const news = new MonitorNews({
    monitors,
    trans,
    settled,
    workspace: async path => path.split('/')[0],
    tell: notice => told.push(notice)
  });
  news.setPath('w/a.ipynb');
  const become = (id: number, change: Partial<Incident>) => {
    const at = incidents.findIndex(one => one.id === id);
    incidents[at < 0 ? incidents.length : at] = incident(id, change);
  };
  return { become, told, settled, news, monitors };
}

test('what was open before is no news; each new alert is told once', async () => {
  const { become, told, news } = setup();
  await news.look();
  become(2, {});
  await news.look();
  await Promise.all([news.look(), news.look()]);
  expect(told).toEqual([
    {
      text: 'churn: tenure moved 0.31 σ',
      over: false,
      incident: 2,
      check: 'drift',
      monitor: { path: 'w/a.ipynb', name: 'churn' }
    }
  ]);
});

test('what is reminded of is told again', async () => {
  const { become, told, news } = setup();
  await news.look();
  become(1, { reminded_at: 5000 });
  await news.look();
  await news.look();
  expect(told.map(one => one.text)).toEqual(['churn still: tenure moved 0.31 σ']);
});

test('acknowledged elsewhere, it is in nobody’s way any more; that it is over is told once', async () => {
  const { become, told, settled, news } = setup();
  await news.look();
  become(1, { state: 'acknowledged' });
  await news.look();
  expect(settled).toHaveBeenCalledWith(1);
  expect(told).toEqual([]);
  become(1, { state: 'recovered' });
  await news.look();
  await news.look();
  expect(told.map(one => [one.text, one.over])).toEqual([['churn: drift is over.', true]]);
});

test('what opened and passed between two looks is nothing to tell', async () => {
  const { become, told, news } = setup();
  await news.look();
  become(3, { state: 'recovered' });
  await news.look();
  expect(told).toEqual([]);
});

test('a server that does not answer is no news, and workspaces are kept apart', async () => {
  const { become, told, news, monitors } = setup();
  await news.look();
  monitors.news.mockRejectedValueOnce(new Error('away'));
  await news.look();
  become(2, {});
  news.setPath('other/b.ipynb');
  await news.look();
  expect(told).toEqual([]);
  news.setPath('w/a.ipynb');
  await news.look();
  expect(told).toHaveLength(1);
});
