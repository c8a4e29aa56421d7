import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { act, fireEvent, screen } from '@testing-library/react';
import { ChangeFeed } from '../model/feed';
import { DELAY } from '../model/refresher';
import { RUN_MIME } from '../records';
import { ApiError } from '../tokens';
import { CardRenderer } from '../widgets/cardRenderer';
import { card, cardData, fakeActions, fakeApi, trans } from './samples';

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
  document.body.textContent = '';
});

async function render(data: unknown, change: Parameters<typeof fakeApi>[0] = {}) {
  const services = { api: fakeApi(change), feed: new ChangeFeed(), actions: fakeActions(), trans };
  const widget = new CardRenderer(RUN_MIME, () => 'work/01_train.ipynb', services);
  Widget.attach(widget, document.body);
  const model = { data: { [RUN_MIME]: data }, metadata: {}, trusted: false, setData: jest.fn() };
  await act(async () => {
    await widget.renderModel(model as unknown as IRenderMime.IMimeModel);
  });
  return { widget, ...services };
}

async function wait() {
  await act(async () => {
    await jest.advanceTimersByTimeAsync(DELAY);
  });
}

test('what the notebook holds is shown at once, the server makes it fresh', async () => {
  const { api } = await render(cardData());
  expect(screen.getByRole('group', { name: 'Run brisk-heron' })).toBeTruthy();
  expect(screen.getByText('recorded')).toBeTruthy();
  await wait();
  expect(api.card).toHaveBeenCalledWith('work/01_train.ipynb', 'run-14');
  expect(screen.getByText('delivered')).toBeTruthy();
});

test('a delivered run asks no more', async () => {
  const { api, feed } = await render(cardData());
  await wait();
  feed.event('/churn');
  await wait();
  expect(api.card).toHaveBeenCalledTimes(1);
});

test('a run on its way is followed', async () => {
  const answers = jest.fn(async () => card({ delivery: 'ledger' }));
  const { feed } = await render(cardData(), { card: answers });
  await wait();
  expect(screen.getByText('in the ledger')).toBeTruthy();
  answers.mockResolvedValueOnce(card({ delivery: 'delivered' }));
  feed.event('/churn');
  await wait();
  expect(screen.getByText('delivered')).toBeTruthy();
});

test('where the server does not know the run, the saved card stays without actions', async () => {
  const unknown = jest.fn(async () => {
    throw new ApiError(404, 'No such run.');
  });
  const { feed } = await render(cardData(), { card: unknown });
  await wait();
  feed.event('/churn');
  await wait();
  expect(unknown).toHaveBeenCalledTimes(1);
  expect(screen.getByText('saved')).toBeTruthy();
  expect(screen.getByText('brisk-heron')).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
});

test('nothing in a run is ever read as HTML', async () => {
  const evil = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>';
  const { widget } = await render(
    cardData(
      {
        name: evil,
        experiment: evil,
        status: 'FAILED',
        metrics: { [evil]: 0.5 },
        error: { type: evil, message: evil, traceback: evil },
        models: [{ name: evil, class_name: evil, digest: 'd', size: 1, problem: evil }],
        data: [
          { name: evil, fingerprint: evil, rows: 1, columns: 1, schema: {}, context: 'read', origin: evil }
        ]
      },
      { warnings: [evil], changes: [{ kind: 'param', name: evil, before: evil, after: evil }] }
    )
  );
  expect(widget.node.querySelector('img, script')).toBeNull();
  expect(widget.node.textContent).toContain(evil);
});

test('fields of any kind never break the notebook', async () => {
  const odd = { deep: [1] };
  const fields = Object.keys(cardData().run as object).filter(name => name !== 'run_id');
  for (const value of [odd, [odd], 'x', 7, null, true]) {
    const run = Object.fromEntries(fields.map(name => [name, value]));
    const rest = { previous: value, changes: [value, { kind: 'param', name: 'a', before: odd, after: odd }] };
    const { widget } = await render(cardData(run, { ...rest, history: value, warnings: value }));
    expect(widget.node.querySelector('[role=group]')).not.toBeNull();
  }
});

test.each([undefined, null, 'text', { run: 3 }])('an output that holds %p says so', async data => {
  const { widget, api } = await render(data);
  expect(widget.node.textContent).toBe('This output holds no run.');
  await wait();
  expect(api.card).not.toHaveBeenCalled();
});

test('the actions name the run and the notebook', async () => {
  const { actions } = await render(cardData());
  const target = { runId: 'run-14', path: 'work/01_train.ipynb' };
  fireEvent.click(screen.getByRole('button', { name: 'Compare with previous' }));
  fireEvent.click(screen.getByRole('button', { name: 'Register…' }));
  fireEvent.click(screen.getByRole('button', { name: 'Details' }));
  expect(actions.openTab).toHaveBeenCalledWith(target, true);
  expect(actions.register).toHaveBeenCalledWith(target);
  expect(actions.open).toHaveBeenCalledWith(target);
});

test('a closed card asks no more', async () => {
  const { api, feed, widget } = await render(cardData());
  await act(async () => widget.dispose());
  feed.local();
  await wait();
  expect(api.card).not.toHaveBeenCalled();
});
