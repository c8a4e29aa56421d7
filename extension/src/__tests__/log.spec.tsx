import { act, render, screen } from '@testing-library/react';
import React from 'react';
import { LogView, themed } from '../components/LogView';
import { LogModel } from '../model/log';
import { ApiError } from '../tokens';
import { fakePipelines, trans } from './samples';

const STAGE = { path: 'p', runId: 'r1', stage: 'train' };

test('the page stands in a frame that runs no scripts, and is asked for until the stage is over', async () => {
  const page = jest
    .fn()
    .mockRejectedValueOnce(new ApiError(404, 'Stage train has no notebook yet.'))
    .mockResolvedValueOnce({ html: '<p>cell 1</p>', running: true })
    .mockResolvedValueOnce({ html: '<p>cell 1</p><p>cell 2</p>', running: false });
  const model = new LogModel(fakePipelines({ page }), STAGE);
  render(<LogView model={model} dark={false} trans={trans} />);
  await act(() => model.refresh());
  expect(screen.getByRole('status').textContent).toBe('There is nothing to show yet.');
  await act(() => model.refresh());
  const frame = screen.getByTitle('Executed notebook of train') as HTMLIFrameElement;
  expect(frame.getAttribute('sandbox')).toBe('allow-same-origin');
  expect(model.settled).toBe(false);
  await act(() => model.refresh());
  expect(frame.srcdoc).toContain('cell 2');
  await act(() => model.refresh());
  expect(page).toHaveBeenCalledTimes(3);
});

test('the page follows the theme of JupyterLab, not that of the browser', () => {
  const html =
    ':root{color-scheme:light dark}@media (prefers-color-scheme:dark){a}@media (prefers-color-scheme:dark){b}';
  expect(themed(html, true)).toBe(':root{color-scheme:dark}@media all{a}@media all{b}');
  expect(themed(html, false)).toBe(':root{color-scheme:light}@media not all{a}@media not all{b}');
});
