import {
  baseName,
  formatAgo,
  formatCount,
  formatDuration,
  formatGate,
  formatNumber,
  formatSize,
  toNumber
} from '../model/format';
import { trans } from './samples';

test.each([
  [0.913, '0.913'],
  [0.88, '0.880'],
  [0.26000000000000001, '0.260'],
  [0.99987, '0.9999'],
  [3, '3'],
  [0, '0'],
  [-0.5, '-0.500'],
  [123456.78, '123,456.8'],
  [0.00001234, '1.234e-5'],
  ['NaN', 'NaN'],
  ['Infinity', '∞'],
  ['-Infinity', '-∞']
] as const)('the figure %p reads %p', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0.006, '6 ms'],
  [1.816, '1.82 s'],
  [38.04, '38.0 s'],
  [61, '1 min 1 s'],
  [7265, '2 h 1 min'],
  [null, ''],
  ['NaN', '']
] as const)('the duration %p reads %p', (value, text) => {
  expect(formatDuration(value)).toBe(text);
});

test.each([
  [0, '0 B'],
  [412000, '412 kB'],
  [41234, '41 kB'],
  [999, '999 B'],
  [1500000, '1.5 MB'],
  [999_999, '1 MB']
])('the size %p reads %p', (value, text) => {
  expect(formatSize(value)).toBe(text);
});

test.each([
  [3, 'now'],
  [720, '12 min'],
  [7200, '2 h'],
  [86400, '1 day'],
  [3 * 86400, '3 days']
])('%p seconds ago reads %p', (seconds, text) => {
  expect(formatAgo(1_000_000 - seconds, 1_000_000, trans)).toBe(text);
});

test('wire numbers become numbers', () => {
  expect(toNumber('-Infinity')).toBe(-Infinity);
  expect(toNumber('NaN')).toBeNaN();
  expect(formatCount(10000)).toBe('10,000');
  expect(baseName('/a/b.ipynb')).toBe('b.ipynb');
});

test('figures of gates can be compared, differences have a sign', () => {
  expect(formatGate(0.9)).toBe('0.900');
  expect(formatGate(0.0213, true)).toBe('+0.021');
  expect(formatGate(-0.0213, true)).toBe('-0.021');
  expect(formatGate(0, true)).toBe('0.000');
  expect(formatGate(412345)).toBe('412,345');
  expect(formatGate(0.00001)).toBe('1.000e-5');
  expect(formatGate('NaN')).toBe('NaN');
});
