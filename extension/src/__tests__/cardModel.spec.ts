import { codeChanged, metricLines, parseCard, sameData, trend } from '../model/card';
import { card, cardData } from './samples';

test('a card reads as it was written', () => {
  const found = card();
  expect(found.run.name).toBe('brisk-heron');
  expect(found.previous?.run_id).toBe('run-13');
  expect(found.workspace).toBe('/churn');
});

test.each([null, 3, 'text', [], {}, { run: null }, { run: {} }, { run: { run_id: 3 } }])(
  '%p is no card',
  data => {
    expect(parseCard(data as never)).toBeNull();
  }
);

test('fields of a wrong kind are left out, not trusted', () => {
  const found = card(
    { name: 7, params: 'x', metrics: [], data: [null], duration: null, error: 'no' },
    { changes: [1, { kind: 'param' }], history: 'no', warnings: [1, 'two'], previous: 5 }
  );
  expect(found.run.name).toBe('');
  expect(found.run.params).toEqual({});
  expect(found.run.metrics).toEqual({});
  expect(found.run.data).toEqual([]);
  expect(found.changes).toEqual([]);
  expect(found.history).toEqual([]);
  expect(found.warnings).toEqual(['two']);
  expect(found.previous).toBeNull();
  expect(found.run.error).toBeNull();
});

test('an output of a later version is read', () => {
  expect(parseCard({ ...cardData({ colour: 'blue' }), more: 1 } as never)?.run.run_id).toBe('run-14');
});

test('metrics know what they are compared to', () => {
  const [auc, recall] = metricLines(card());
  expect(auc).toMatchObject({ name: 'auc', before: 0.892, better: true });
  expect(auc.delta).toBeCloseTo(0.021);
  expect(recall).toMatchObject({ better: false });
});

test('a figure that is no number has no difference', () => {
  const [line] = metricLines(card({ metrics: { auc: 'NaN' } }));
  expect(line.delta).toBeNull();
});

test('the trend ends with this run and leaves out what is no number', () => {
  const history = [
    { run_id: 'a', name: 'a', metrics: { auc: 0.8 } },
    { run_id: 'b', name: 'b', metrics: { auc: 'NaN' } },
    { run_id: 'c', name: 'c', metrics: {} }
  ];
  expect(trend(card({}, { history }), 'auc')).toEqual([0.8, 0.913]);
});

test('sameness is unknown without an earlier run', () => {
  expect(sameData(card(), 'X')).toBe(true);
  expect(sameData(card({}, { previous: null }), 'X')).toBeNull();
  expect(codeChanged(card())).toBe(false);
  expect(codeChanged(card({}, { previous: null }))).toBeNull();
});
