import { render, screen } from '@testing-library/react';
import React from 'react';
import { CardView } from '../components/CardView';
import { card, fakeActions, trans } from './samples';

function show(run: object = {}, rest: object = {}, known = true) {
  return render(
    <CardView
      card={card(run, rest)}
      path="work/a.ipynb"
      known={known}
      actions={fakeActions()}
      trans={trans}
    />
  );
}

test('differences are told in words', () => {
  show();
  expect(screen.getByText('better than before by 0.021')).toBeTruthy();
  expect(screen.getByText('worse than before by 0.012')).toBeTruthy();
  expect(screen.getByText('auc · was 0.892')).toBeTruthy();
});

test('where nobody knows which way is better, more is just more', () => {
  show(
    { metrics: { rows: 12 } },
    { changes: [], previous: { run_id: 'a', name: 'a', metrics: { rows: 10 } } }
  );
  expect(screen.getByText('2 more than before')).toBeTruthy();
});

test('only what changed is listed', () => {
  const { container } = show();
  expect(container.textContent).toContain('max_depth 4 → 6');
  expect(container.textContent).toContain('5,634 × 19 9c41f0 same as before');
});

test('the first run says so and offers no comparison', () => {
  show({}, { previous: null, changes: [], history: [] });
  expect(screen.getByText('first run of this cell')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Compare with previous' })).toBeNull();
  expect(screen.queryByRole('img')).toBeNull();
});

test('the trend is told in words', () => {
  show();
  expect(screen.getByRole('img').getAttribute('aria-label')).toBe(
    'auc over the last 2 runs, from 0.892 to 0.913'
  );
});

test('a failed run shows its error and its state in words', () => {
  show({ status: 'FAILED', metrics: {}, error: { type: 'ValueError', message: 'NaN in X', traceback: '' } });
  expect(screen.getByText('failed')).toBeTruthy();
  expect(screen.getByText('✕ ValueError:')).toBeTruthy();
});

test('replaced secrets are counted once', () => {
  const { container, unmount } = show({ redactions: 2 });
  expect(container.textContent).toContain('2 secrets replaced');
  unmount();
  const again = show({ redactions: 2 }, { warnings: ['2 secrets replaced'] });
  expect(again.container.querySelectorAll('.nbops-warnings li')).toHaveLength(1);
});

test('a model that was not stored cannot be registered', () => {
  show({ models: [{ name: 'm', class_name: 'M', digest: '', size: 0, problem: 'cannot be pickled' }] });
  expect(screen.queryByRole('button', { name: 'Register…' })).toBeNull();
  expect(screen.getByText('cannot be pickled')).toBeTruthy();
});
