import { DELAY, Refresher } from '../model/refresher';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('many changes make one refresh', async () => {
  const refresh = jest.fn(async () => undefined);
  const refresher = new Refresher({ refresh, visible: () => true });
  for (let i = 0; i < 50; i++) {
    refresher.touch();
    await jest.advanceTimersByTimeAsync(1);
  }
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).toHaveBeenCalledTimes(1);
});

test('unending changes do not put the refresh off for ever', async () => {
  const refresh = jest.fn(async () => undefined);
  const refresher = new Refresher({ refresh, visible: () => true });
  for (let i = 0; i < 10; i++) {
    refresher.touch();
    await jest.advanceTimersByTimeAsync(DELAY / 2);
  }
  expect(refresh.mock.calls.length).toBeGreaterThan(1);
});

test('nothing is asked while nobody looks, and the view catches up when it is shown', async () => {
  let visible = false;
  const refresh = jest.fn(async () => undefined);
  const refresher = new Refresher({ refresh, visible: () => visible });
  refresher.touch();
  await jest.advanceTimersByTimeAsync(10 * DELAY);
  expect(refresh).not.toHaveBeenCalled();
  visible = true;
  refresher.shown();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).toHaveBeenCalledTimes(1);
  refresher.shown();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).toHaveBeenCalledTimes(1);
});

test('one refresh at a time; a change during it makes one more', async () => {
  let end: () => void = () => undefined;
  const refresh = jest.fn(() => new Promise<void>(resolve => (end = resolve)));
  const refresher = new Refresher({ refresh, visible: () => true });
  refresher.touch();
  await jest.advanceTimersByTimeAsync(DELAY);
  refresher.touch();
  await jest.advanceTimersByTimeAsync(10 * DELAY);
  expect(refresh).toHaveBeenCalledTimes(1);
  end();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).toHaveBeenCalledTimes(2);
});

test('after its end it stays quiet', async () => {
  const refresh = jest.fn(async () => undefined);
  const refresher = new Refresher({ refresh, visible: () => true });
  refresher.touch();
  refresher.dispose();
  await jest.advanceTimersByTimeAsync(DELAY);
  refresher.touch();
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).not.toHaveBeenCalled();
});

test('what changed while the browser’s tab was hidden is asked for when it comes back', async () => {
  let visible = false;
  const refresh = jest.fn(async () => undefined);
  const refresher = new Refresher({ refresh, visible: () => visible });
  refresher.touch();
  visible = true;
  document.dispatchEvent(new Event('visibilitychange'));
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).toHaveBeenCalledTimes(1);
  refresher.touch();
  refresher.dispose();
  document.dispatchEvent(new Event('visibilitychange'));
  await jest.advanceTimersByTimeAsync(DELAY);
  expect(refresh).toHaveBeenCalledTimes(1);
});
