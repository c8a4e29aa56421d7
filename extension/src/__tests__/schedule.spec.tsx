import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { ScheduleView } from '../components/ScheduleView';
import { fromLines, fromList, toLines } from '../model/assignments';
import { ListModel } from '../model/list';
import { TYPING } from '../model/draft';
import { ScheduleModel } from '../model/schedule';
import { whenWords } from '../model/when';
import type { IPipelineLine, ISchedules } from '../pipelines';
import { ApiError } from '../tokens';
import { due, fakePipelineActions, fakePipelines, fakeSchedules, schedule, trans } from './samples';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

async function show(name: string, change: Partial<Record<keyof ISchedules, jest.Mock>> = {}) {
  const api = fakeSchedules(change);
  const pipelines = new ListModel<IPipelineLine>(path => fakePipelines().list(path));
  await pipelines.refresh();
  const model = new ScheduleModel(api, 'p', name, { pipeline: 'pipeline.toml', alerts: ['lab'] });
  const actions = fakePipelineActions();
  render(<ScheduleView {...{ model, pipelines, actions, trans }} root={() => '/churn'} />);
  await act(() => model.refresh());
  return { api, model, actions };
}

const write = (label: string | RegExp, value: string) =>
  act(async () => void fireEvent.change(screen.getByLabelText(label), { target: { value } }));
const press = (name: string) => act(async () => void fireEvent.click(screen.getByRole('button', { name })));

test('a new schedule: written, foreseen, saved', async () => {
  const { api, model } = await show('');
  expect(screen.getByRole('article', { name: 'New schedule' })).toBeTruthy();
  await write('Name', 'weekly');
  await write(/^Times \(cron\)/, '0 6 * * 1');
  await write('Time zone', 'Europe/Berlin');
  api.preview.mockClear();
  await act(() => jest.advanceTimersByTimeAsync(TYPING));
  // Once typing rests, with all that was written.
  expect(api.preview.mock.calls).toEqual([['p', '0 6 * * 1', 'Europe/Berlin']]);
  expect(within(screen.getByRole('region', { name: 'Next times' })).getAllByRole('listitem')).toHaveLength(2);
  await write(/^Parameters/, 'max_depth = 6\ntrain.target = "Churn"');
  await press('Save');
  expect(api.save).toHaveBeenCalledWith(
    'p',
    expect.objectContaining({
      name: 'weekly',
      pipeline: 'pipeline.toml',
      trigger: 'cron',
      cron: '0 6 * * 1',
      timezone: 'Europe/Berlin',
      parameters: { max_depth: '6', 'train.target': '"Churn"' },
      alerts: ['lab']
    })
  );
  expect(model.name).toBe('weekly');
  expect(screen.getByRole('article', { name: 'Schedule weekly' }).textContent).toContain('Saved.');
});

test('what is wrong with the times is said beside them; what the server refuses, with what was written still there', async () => {
  const { model } = await show('', {
    preview: jest.fn(async () => ({ times: [], problem: 'The minute cannot be 61.' })),
    save: jest.fn(async () => {
      throw new ApiError(400, 'There is a schedule weekly already.', 'Choose another name.');
    })
  });
  expect(screen.getByRole('region', { name: 'Next times' }).textContent).toContain(
    'The minute cannot be 61.'
  );
  await write('Name', 'weekly');
  await press('Save');
  expect(screen.getByRole('alert').textContent).toContain(
    'There is a schedule weekly already. Choose another name.'
  );
  expect((screen.getByLabelText('Name') as HTMLInputElement).value).toBe('weekly');
  expect(model.state.dirty).toBe(true);
});

test('an existing one shows what became of it; its name stays', async () => {
  const { actions } = await show('nightly', {
    runs: jest.fn(async () => [
      due(2, { status: 'failed', error: 'train failed', evidence: 'due at 02:00' }),
      due(1, { status: 'skipped', evidence: 'the run before went on', run_id: '' })
    ])
  });
  expect((screen.getByLabelText('Name') as HTMLInputElement).readOnly).toBe(true);
  const rows = within(screen.getByRole('table')).getAllByRole('row');
  expect(rows[1].textContent).toContain('due at 02:00 train failed');
  expect(rows[2].textContent).toContain('the run before went on');
  fireEvent.click(within(rows[1]).getByRole('button', { name: 'Open' }));
  expect(actions.show).toHaveBeenCalledWith({ path: 'p', pipeline: 'pipeline.toml', runId: 'r2' });
  expect(within(rows[2]).queryByRole('button')).toBeNull();
  await press('Run now');
  expect(actions.actOnSchedule).toHaveBeenCalledWith({ path: 'p', name: 'nightly', act: 'run' });
});

test('what others save does not overwrite what is being written', async () => {
  const { api, model } = await show('nightly');
  await write(/^Times \(cron\)/, '0 7 * * *');
  api.list.mockResolvedValueOnce([schedule({ cron: '0 9 * * *' })]);
  await act(() => model.refresh());
  expect((screen.getByLabelText(/^Times \(cron\)/) as HTMLInputElement).value).toBe('0 7 * * *');
  await press('Discard changes');
  expect((screen.getByLabelText(/^Times \(cron\)/) as HTMLInputElement).value).toBe('0 9 * * *');
});

test('where nobody answers nothing is said to be deleted', async () => {
  await show('nightly', {
    list: jest.fn(async () => {
      throw new ApiError(503, 'The ledger does not answer.', '');
    })
  });
  expect(screen.getByRole('article').textContent).toContain('The ledger does not answer.');
  expect(screen.getByRole('article').textContent).not.toContain('deleted');
});

test('the field that is written in keeps the focus', async () => {
  await show('nightly');
  const field = screen.getByLabelText(/^Times \(cron\)/);
  field.focus();
  await write(/^Times \(cron\)/, '0 7 * * *');
  expect(document.activeElement).toBe(field);
});

test('each kind of trigger asks for what it needs', async () => {
  const { model } = await show('');
  await write('Runs', 'data');
  expect(screen.queryByLabelText(/^Times/)).toBeNull();
  await write('Files', 'data/*.csv');
  await write('How much', '500');
  await write('Of what', 'files');
  expect(model.state.draft).toMatchObject({ subject: 'data/*.csv', threshold: 500, measure: 'files' });
  await write('Runs', 'promotion');
  expect(screen.getByLabelText('Model, or model:target')).toBeTruthy();
  expect(screen.queryByLabelText('Missed times')).toBeNull();
  await write('Runs', 'manual');
  expect(screen.queryByLabelText('Files')).toBeNull();
});

test('alerts and policies', async () => {
  const { model } = await show('');
  await act(async () => void fireEvent.click(screen.getByLabelText('whoever has JupyterLab open')));
  await write('others', 'webhook:team, email:ada@example.org,');
  expect(model.state.draft.alerts).toEqual(['webhook:team', 'email:ada@example.org']);
  await act(
    async () =>
      void fireEvent.change(screen.getByRole('combobox', { name: 'Missed times' }), {
        target: { value: 'all' }
      })
  );
  await write('At most so many', '3');
  await write('While the run before goes on', 'queue');
  expect(model.state.draft).toMatchObject({ missed: 'all', missed_cap: 3, overlap: 'queue' });
});

test('lines of values, back and forth', () => {
  expect(fromLines('a = 1\n\nb.c = "x = y"')).toEqual({ values: { a: '1', 'b.c': '"x = y"' }, wrong: '' });
  expect(fromLines('a').wrong).toBe('a');
  expect(fromLines(toLines({ a: '1', b: 'x' })).values).toEqual({ a: '1', b: 'x' });
  expect(fromList(' a, ,b ')).toEqual(['a', 'b']);
});

test('times are said as people say them', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 30).getTime() / 1000;
  const words = (day: number, hour: number) => whenWords(at(day, hour), at(27, 12), trans);
  expect(words(27, 14)).toMatch(/^\d?\d:30/);
  expect(words(28, 2)).toMatch(/^tomorrow .*:30/);
  expect(words(26, 23)).toMatch(/^yesterday /);
  expect(words(30, 2)).toMatch(/^Mon /);
  expect(words(10, 2)).toMatch(/Nov/);
});
