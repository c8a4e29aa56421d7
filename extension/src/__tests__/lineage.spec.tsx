import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';
import { LineageView } from '../components/LineageView';
import { layered } from '../model/layered';
import { LineageModel, NODE } from '../model/lineage';
import { nodeTarget } from '../model/nodes';
import { fakeGovernance, LINEAGE, trans } from './samples';

async function show() {
  const governance = fakeGovernance();
  const model = new LineageModel(governance, 'a.ipynb', 'churn@4');
  const actions = { canOpen: jest.fn(() => true), open: jest.fn() };
  render(<LineageView model={model} actions={actions} trans={trans} />);
  await act(() => model.refresh());
  return { governance, model, actions };
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);

test('every edge leads to the right, whatever the graph', () => {
  let seed = 7;
  const random = (most: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % most;
  for (let round = 0; round < 50; round++) {
    const count = 2 + random(40);
    const nodes = ids(count);
    const edges = Array.from({ length: random(80) }, () => {
      const [a, b] = [random(count), random(count)];
      return { source: nodes[Math.min(a, b)], target: nodes[Math.max(a, b)] };
    }).filter(edge => edge.source !== edge.target);
    const { places, width, height } = layered(nodes, edges, NODE);
    expect(places.size).toBe(count);
    for (const { source, target } of edges) {
      expect((places.get(target)?.layer ?? 0) - (places.get(source)?.layer ?? 0)).toBeGreaterThan(0);
    }
    const spots = new Set([...places.values()].map(({ x, y }) => `${x}/${y}`));
    expect(spots.size).toBe(count);
    for (const { x, y } of places.values()) {
      expect(x >= 0 && y >= 0 && x + NODE.width <= width && y + NODE.height <= height).toBe(true);
    }
  }
});

test('a circle is drawn, not followed for ever', () => {
  const edges = [
    { source: 'n0', target: 'n1' },
    { source: 'n1', target: 'n2' },
    { source: 'n2', target: 'n0' },
    { source: 'n1', target: 'n1' }
  ];
  const { layers } = layered(ids(3), edges, NODE);
  expect(layers.flat()).toHaveLength(3);
});

test('neighbours untangle: two parallel chains do not cross', () => {
  const edges = [
    { source: 'a', target: 'y' },
    { source: 'b', target: 'x' },
    { source: 'y', target: 'p' },
    { source: 'x', target: 'q' }
  ];
  const { places } = layered(['a', 'b', 'x', 'y', 'p', 'q'], edges, NODE);
  const y = (id: string) => places.get(id)?.y ?? NaN;
  expect(Math.sign(y('a') - y('b'))).toBe(Math.sign(y('y') - y('x')));
  expect(Math.sign(y('y') - y('x'))).toBe(Math.sign(y('p') - y('q')));
});

test('ten thousand nodes in a row are placed without running out of stack', () => {
  const nodes = ids(10_000);
  const edges = nodes.slice(1).map((target, i) => ({ source: nodes[i], target }));
  expect(layered(nodes, edges, NODE).layers).toHaveLength(10_000);
});

test('each node is a button that says what it is, from what and to what', async () => {
  await show();
  const run = screen.getByRole('button', { name: /^run brisk-heron/ });
  expect(run.getAttribute('aria-label')).toBe(
    'run brisk-heron; run detail; from train.csv, plans.csv; to churn v4'
  );
  const version = screen.getByRole('button', { name: /^version churn v4/ });
  expect(version.getAttribute('aria-pressed')).toBe('true');
  expect(screen.getByRole('complementary', { name: 'Facts' }).textContent).toContain('churn v4');
});

test('arrow keys walk along the graph, Enter opens; only one node is in the tab order', async () => {
  const { actions, model } = await show();
  const graph = screen.getByRole('group', { name: /Lineage/ });
  const press = (key: string) =>
    act(async () => void fireEvent.keyDown(document.activeElement?.closest('g') ?? graph, { key }));
  await press('ArrowLeft');
  expect(model.state.selected).toBe('run:run-9');
  expect(document.activeElement?.getAttribute('aria-label')).toContain('brisk-heron');
  await press('ArrowLeft');
  expect(model.state.selected).toMatch(/^data:/);
  const [upper, lower] = model.state.layout.layers[0];
  await press(model.state.selected === upper ? 'ArrowDown' : 'ArrowUp');
  await press(model.state.selected === upper ? 'ArrowDown' : 'ArrowUp');
  expect([upper, lower].sort()).toEqual(['data:a', 'data:b']);
  await press('Home');
  expect(model.state.selected).toBe(upper);
  await press('ArrowDown');
  expect(model.state.selected).toBe(lower);
  await press('ArrowRight');
  expect(model.state.selected).toBe('run:run-9');
  await press('End');
  expect(model.state.selected).toBe('promotion:7');
  expect(graph.querySelectorAll('[tabindex="0"]')).toHaveLength(1);
  await press('Enter');
  expect(actions.open).toHaveBeenCalledWith(expect.objectContaining({ id: 'promotion:7' }));
});

test('one direction at a time, if wanted', async () => {
  const { model } = await show();
  const part = screen.getByRole('combobox', { name: 'Which part' });
  await act(async () => void fireEvent.change(part, { target: { value: 'after' } }));
  expect(model.state.shown.map(node => node.id)).toEqual(['version:churn@4', 'promotion:7']);
  await act(async () => void fireEvent.change(part, { target: { value: 'before' } }));
  expect(model.state.shown).toHaveLength(4);
  expect(screen.queryByRole('button', { name: /Production/ })).toBeNull();
});

test('the graph can be read as a table', async () => {
  await show();
  const steps = screen.getByRole('table', { name: 'Steps', hidden: true });
  expect(steps.textContent).toContain('data train.csvrun brisk-heronreadage');
});

test('another node becomes the middle', async () => {
  const { governance } = await show();
  await act(async () => void fireEvent.click(screen.getByRole('button', { name: /^data train/ })));
  await act(async () => void fireEvent.click(screen.getByRole('button', { name: 'Lineage from here' })));
  expect(governance.lineage).toHaveBeenLastCalledWith('a.ipynb', 'data:a');
});

test('a node leads to its cell, its run or its version', () => {
  const [data, , run, version] = LINEAGE.nodes;
  expect(nodeTarget(data, 'p')).toBeNull();
  const cell = { ...data, kind: 'cell', facts: { notebook: '/srv/a.ipynb', cell: 'c1' } };
  expect(nodeTarget(cell, 'p')).toEqual({ kind: 'cell', path: 'p', notebook: '/srv/a.ipynb', cellId: 'c1' });
  expect(nodeTarget(run, 'p')).toEqual({ kind: 'run', path: 'p', runId: 'run-9' });
  expect(nodeTarget(version, 'p')).toEqual({
    kind: 'version',
    path: 'p',
    name: 'churn',
    version: 4,
    target: 'Production'
  });
});
