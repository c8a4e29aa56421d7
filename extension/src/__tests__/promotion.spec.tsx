import { act, fireEvent, render, screen, within } from '@testing-library/react';
import React from 'react';
import { Promotion } from '../components/Promotion';
import type { IGovernance } from '../governance';
import { PromotionModel } from '../model/promotion';
import type { PromotionView } from '../records';
import { ApiError } from '../tokens';
import { fakeGovernance, fakeRegistry, gate, placement, report, request, trans, view } from './samples';

const WANTED = { path: 'a.ipynb', name: 'churn', version: 4, target: 'Production' };

async function show(
  change: Partial<PromotionView> = {},
  governed: Partial<Record<keyof IGovernance, jest.Mock>> = {},
  readonly = false
) {
  const governance = fakeGovernance({ view: jest.fn(async () => view(change)), ...governed });
  const model = new PromotionModel(governance, WANTED, async () => readonly);
  const actions = fakeRegistry();
  render(<Promotion model={model} governance={governance} actions={actions} trans={trans} />);
  await act(() => model.refresh());
  return { governance, model, actions };
}

const click = (name: string) => act(async () => void fireEvent.click(screen.getByRole('button', { name })));
const policy = (change: Partial<PromotionView['policy']>) => ({ ...view().policy, ...change });
const NEEDS_ONE = {
  policy: policy({ approvals: 1 }),
  obstacles: [{ kind: 'approvals', message: 'it has 0 of 1 approvals' }]
};

test('gates are a table: value with its interval, the holder’s value, the limit, a verdict in words', async () => {
  await show({
    report: report({
      passed: false,
      gates: [
        gate(),
        gate({ name: 'gap', close: true, low: null, high: null }),
        gate({ name: 'worst segment', verdict: 'failed', message: 'south: 0.61 on 80 rows' }),
        gate({ name: 'latency', verdict: 'error', value: null, message: 'stopped after 600 s' })
      ]
    })
  });
  const rows = within(screen.getByRole('table', { name: 'Gates' })).getAllByRole('row');
  expect(rows[0].textContent).toBe('gatev3v4limitverdict');
  expect(rows[1].textContent).toContain('0.892');
  expect(rows[1].textContent).toContain('0.901 … 0.925');
  expect(within(rows[1]).getByText('passed')).toBeTruthy();
  expect(rows[2].textContent).toContain('close');
  expect(rows[3].textContent).toContain('failed');
  expect(rows[4].textContent).toContain('south: 0.61 on 80 rows');
  expect(rows[5].textContent).toContain('error');
  expect(rows[6].textContent).toContain('stopped after 600 s');
});

test('the evidence of a gate is one click away, groups of rows as a table', async () => {
  const evidence = { rows: 1409, slices: [{ slice: 'south', value: 0.82873 }] };
  await show({ report: report({ gates: [gate({ evidence })] }) });
  expect(screen.queryByText('south')).toBeNull();
  await click('Evidence of AUC, held out');
  const table = screen.getByRole('table', { name: 'Gates' });
  expect(table.textContent).toContain('rows1,409');
  expect(within(table).getByRole('row', { name: 'south 0.829' })).toBeTruthy();
});

test('promoting asks first, then names version, holder, digest and report that were looked at', async () => {
  const { governance, actions } = await show();
  await click('Promote to Production');
  expect(actions.ask.mock.calls[0][0]).toMatchObject({
    title: 'Promote churn v4 to Production?',
    text: 'It takes Production from v3. 1 gate passed. You act as ada.'
  });
  expect(governance.act).toHaveBeenCalledWith(
    expect.objectContaining({ name: 'churn', version: 4 }),
    'promote',
    {
      target: 'Production',
      expected: '3',
      digest: '5e1c9abb',
      gate_report: '88f2d0aa',
      reason: 'because'
    }
  );
  expect(screen.getByRole('status').textContent).toBe('churn v4 holds Production.');
  expect(actions.changed).toHaveBeenCalledTimes(1);
});

test('who thinks better of it promotes nothing', async () => {
  const { governance, actions } = await show();
  actions.ask.mockResolvedValue(null);
  await click('Promote to Production');
  expect(governance.act).not.toHaveBeenCalled();
});

test('where nobody holds the target, nobody is what is expected', async () => {
  const { governance } = await show({ holder: null, holder_since: null });
  await click('Promote to Production');
  expect(governance.act.mock.calls[0][2]).toMatchObject({ expected: 'none' });
});

test('a failing gate bars the promotion and says why where the button is', async () => {
  const message = 'gates do not pass: worst segment';
  const { governance, actions } = await show({
    obstacles: [{ kind: 'gates', message }],
    report: report({ passed: false, gates: [gate({ verdict: 'failed' })] })
  });
  const button = screen.getByRole('button', { name: 'Promote to Production' });
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toBe(message);
  fireEvent.click(button);
  expect(actions.ask).not.toHaveBeenCalled();
  expect(governance.act).not.toHaveBeenCalled();
});

test('gates that were not run come first; the answer is waited for', async () => {
  const gates = jest
    .fn()
    .mockResolvedValueOnce({ running: true, failure: '' })
    .mockResolvedValueOnce({ running: false, failure: '' });
  const { governance } = await show(
    {
      report: null,
      report_current: false,
      obstacles: [{ kind: 'gates', message: 'its gates have not been run' }]
    },
    { runGates: jest.fn(async () => ({ running: true, failure: '' })), gates }
  );
  expect(screen.getByText('The gates have not been run for this version yet.')).toBeTruthy();
  const button = screen.getByRole('button', { name: 'Run the gates' });
  expect(button.className).toContain('nbops-primary');
  await click('Run the gates');
  expect(governance.gates).toHaveBeenCalledTimes(2);
  expect(screen.getByRole('status').textContent).toBe('The gates have been run.');
});

test('gates that could not be run say why', async () => {
  const obstacles = [{ kind: 'gates', message: 'its gates have not been run' }];
  await show(
    { report: null, report_current: false, obstacles },
    { runGates: jest.fn(async () => ({ running: false, failure: 'data/holdout.parquet is missing.' })) }
  );
  await click('Run the gates');
  expect(screen.getByRole('alert').textContent).toContain('data/holdout.parquet is missing.');
});

test('a conflict is an alert with the server’s words, and what is true now is shown', async () => {
  const { governance } = await show();
  governance.act.mockRejectedValueOnce(new ApiError(409, 'Version 5 holds it now.', 'Look again.'));
  governance.view.mockResolvedValue(view({ holder: 5 }));
  await click('Promote to Production');
  expect(screen.getByRole('alert').textContent).toContain('Version 5 holds it now. Look again.');
  expect(screen.getByText(/would replace v5/)).toBeTruthy();
  expect(screen.getByRole('status').textContent).toBe('');
});

test('an approval carries the comment and the digest that was looked at', async () => {
  const { governance } = await show({ ...NEEDS_ONE, request: request() });
  expect(screen.getByText('approval 0 of 1')).toBeTruthy();
  expect(screen.getByText(/segment table checked/)).toBeTruthy();
  fireEvent.change(screen.getByRole('textbox'), { target: { value: ' looked at it ' } });
  await click('Approve');
  expect(governance.act.mock.calls[0].slice(1)).toEqual([
    'approve',
    { target: 'Production', digest: '5e1c9abb', reason: 'looked at it' }
  ]);
  expect((screen.getByRole('textbox') as HTMLTextAreaElement).value).toBe('');
});

test('who made a version hears that somebody else has to approve it', async () => {
  const can_approve = 'ada made churn version 4: somebody else has to decide on it.';
  await show({ ...NEEDS_ONE, can_approve });
  expect(screen.getByRole('button', { name: 'Approve' }).getAttribute('aria-disabled')).toBe('true');
  expect(screen.getAllByText(can_approve).length).toBeGreaterThan(0);
  expect(screen.getByRole('button', { name: 'Request approval' }).className).toContain('nbops-primary');
});

test('a request is withdrawn by who asked, and rejected with a reason', async () => {
  const { governance, actions } = await show({ ...NEEDS_ONE, request: request({ requested_by: 'ada' }) });
  await click('Withdraw the request');
  expect(governance.act.mock.calls[0][1]).toBe('withdraw');
  await click('Reject…');
  expect(actions.ask.mock.calls[0][0].reason).toBe(true);
  expect(governance.act.mock.calls[1].slice(1)).toEqual([
    'reject',
    { target: 'Production', reason: 'because' }
  ]);
});

test('a request of somebody else cannot be withdrawn', async () => {
  await show({ ...NEEDS_ONE, request: request({ requested_by: 'ben' }) });
  expect(screen.queryByRole('button', { name: 'Withdraw the request' })).toBeNull();
});

test('a former holder is one click and a reason away', async () => {
  const { governance } = await show({
    holder: 4,
    history: [placement({ version: 2, at: 1200, until: 1500 }), placement({ version: 4, previous: 2 })]
  });
  expect(screen.getByText(/holds Production since/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Promote to Production' })).toBeNull();
  await click('Roll back to v2…');
  expect(governance.act).toHaveBeenCalledWith(expect.objectContaining({ version: 2 }), 'rollback', {
    target: 'Production',
    reason: 'because'
  });
});

test('a former holder that held twice is offered once, and who holds it now is not', async () => {
  await show({
    history: [
      placement({ version: 2, at: 1200, until: 1300 }),
      placement({ version: 3, at: 1300, until: 1400 }),
      placement({ version: 2, at: 1400, until: 1500, kind: 'rollback' }),
      placement({ version: 3 })
    ]
  });
  const offered = screen.getAllByRole('button', { name: /^Roll back/ }).map(one => one.textContent);
  expect(offered).toEqual(['Roll back to v2…']);
});

test('what changed: predictions and code first, what is the same in a line', async () => {
  await show({
    diff: {
      model: 'churn',
      before: 3,
      after: 4,
      changes: [{ kind: 'param', name: 'max_depth', before: '4', after: '6' }],
      code: '--- a\n+++ b\n@@ -1 +1 @@\n-depth = 4\n+depth = 6\n',
      predictions: {
        rows: 1409,
        changed: 37,
        to_right: 24,
        to_wrong: 13,
        mean_shift: null,
        groups: [{ region: 'south', rows: 80, changed: 9 }],
        problem: ''
      }
    }
  });
  const part = screen.getByRole('region', { name: 'What changed since v3' });
  expect(part.textContent).toContain('predictions: 37 of 1,409 change, 24 of them to right, 13 to wrong');
  expect(part.textContent).toContain('code: 2 lines');
  expect(part.textContent).toContain('max_depth 4 → 6');
  expect(part.textContent).toContain('the same: data, metrics, signature, packages');
  expect(part.textContent).toContain('south');
});

test('another target is looked at by choosing it', async () => {
  const { governance } = await show();
  await act(async () => {
    fireEvent.change(screen.getByRole('combobox'), { target: { value: 'Staging' } });
  });
  expect(governance.view).toHaveBeenLastCalledWith({ ...WANTED, target: 'Staging' });
});

test('the model card is fetched when it is opened and names what is missing', async () => {
  const { governance } = await show();
  expect(governance.card).not.toHaveBeenCalled();
  const part = screen.getByText('Model card').closest('details') as HTMLDetailsElement;
  part.open = true;
  await act(async () => void fireEvent(part, new Event('toggle')));
  expect(part.textContent).toContain('Missing and required: Intended use');
  expect(part.textContent).toContain('auc 0.913');
});

test('the card is written where it is read, only what was changed is sent', async () => {
  const { governance } = await show();
  const part = screen.getByText('Model card').closest('details') as HTMLDetailsElement;
  part.open = true;
  await act(async () => void fireEvent(part, new Event('toggle')));
  await click('Write the card…');
  expect(screen.queryByRole('textbox', { name: 'Metrics' })).toBeNull();
  const field = screen.getByRole('textbox', { name: 'Intended use (required)' });
  fireEvent.change(field, { target: { value: 'call who is about to leave' } });
  governance.view.mockClear();
  governance.writeCard.mockRejectedValueOnce(new ApiError(403, 'You may not.'));
  await click('Save the card');
  expect(screen.getByRole('alert').textContent).toContain('You may not.');
  expect((field as HTMLTextAreaElement).value).toBe('call who is about to leave');
  await click('Save the card');
  expect(governance.writeCard).toHaveBeenLastCalledWith(WANTED, {
    intended_use: 'call who is about to leave'
  });
  expect(part.textContent).not.toContain('Missing and required');
  expect(governance.view).toHaveBeenCalledTimes(1);
});

test('where nothing may be changed nothing can be decided, and it says so', async () => {
  const history = [placement({ version: 2, at: 1200, until: 1500 }), placement()];
  const { governance, actions } = await show({ history, request: request() }, {}, true);
  const buttons = within(screen.getByRole('group', { name: 'Decisions' })).getAllByRole('button');
  expect(buttons.length).toBeGreaterThan(2);
  for (const button of buttons) {
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(button.title).toBe('nbops is read-only here.');
    fireEvent.click(button);
  }
  expect(screen.queryByRole('button', { name: /^Roll back/ })).toBeNull();
  expect(actions.ask).not.toHaveBeenCalled();
  expect(governance.act).not.toHaveBeenCalled();
});

test('text of others is text: nothing of it becomes markup', async () => {
  await show({
    headline: '<img src=x onerror=alert(1)>',
    report: report({ gates: [gate({ name: '<b>x</b>' })] })
  });
  expect(document.querySelector('img, .nbops-gates b')).toBeNull();
  expect(screen.getByText('<b>x</b>')).toBeTruthy();
});
