import { text } from '../model/args';
import { diffLines } from '../model/diff';
import { modelName, relativePath } from '../model/places';
import { isTracked, loadsNbops, toggleTracking } from '../model/track';

function toggled(source: string): string {
  const { end, text } = toggleTracking(source);
  return text + source.slice(end);
}

test('tracking is switched on and off by the first line', () => {
  expect(toggled('a = 1')).toBe('%%track\na = 1');
  expect(toggled('%%track --name x\na = 1')).toBe('a = 1');
  expect(toggled('%%track')).toBe('');
  expect(toggled('%%time\na')).toBe('%%track\n%%time\na');
  expect(toggled('\n%%time\n %%track --name x\na')).toBe('\n%%time\na');
  expect(toggled('%%tracker\na')).toBe('%%track\n%%tracker\na');
});

test('what is tracked and what loads nbops', () => {
  expect(isTracked('%%track\nx')).toBe(true);
  expect(isTracked('# %%track')).toBe(false);
  expect(isTracked('\n\n  %%track\nx')).toBe(true);
  expect(isTracked('%%time\n%%track\nx')).toBe(true);
  expect(isTracked('x = 1\n%%track\n')).toBe(false);
  expect(isTracked('%%trackers\nx')).toBe(false);
  expect(loadsNbops(['x = 1', 'import a\n%load_ext nbops\n'])).toBe(true);
  expect(loadsNbops(['%load_ext nbopsy', '# %load_ext nbops'])).toBe(false);
});

test('paths relative to the server', () => {
  expect(relativePath('/srv/a/b.ipynb', '/srv', '')).toBe('a/b.ipynb');
  expect(relativePath('/srv/a/b.ipynb', '/', '')).toBe('srv/a/b.ipynb');
  expect(relativePath('/srvx/a/b.ipynb', '/srv', '')).toBe('');
  expect(relativePath('/home/a/b.ipynb', '', 'a/b.ipynb')).toBe('a/b.ipynb');
  expect(relativePath('/home/a/c.ipynb', '', 'a/b.ipynb')).toBe('');
});

test('a name for a model', () => {
  expect(modelName('churn model', '/a/01_train.ipynb', 'Forest')).toBe('churn-model');
  expect(modelName('', '/a/01_train.ipynb', 'Forest')).toBe('train');
  expect(modelName('', '', 'Forest')).toBe('Forest');
});

test('a comparison of lines can be read back into both texts', () => {
  const before = 'a\nb\nc\nd\ne';
  const after = 'a\nx\nc\ne\nf';
  const lines = diffLines(before, after);
  const side = (sign: string) =>
    lines
      .filter(line => line.sign !== sign)
      .map(line => line.text)
      .join('\n');
  expect(side('+')).toBe(before);
  expect(side('-')).toBe(after);
  expect(lines.filter(line => line.sign === ' ').map(line => line.text)).toEqual(['a', 'c', 'e']);
});

test('a version is given to a command as a number or as a text', () => {
  expect(text({ version: 2 }, 'version')).toBe('2');
  expect(text({ version: 'champion' }, 'version')).toBe('champion');
  expect(text({ version: null }, 'version')).toBe('');
});
