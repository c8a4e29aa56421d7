import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { Card, Change, DataRef, HistoryPoint, ModelRef, Run, WireNumber } from '../records';
import { toNumber } from './format';

const EMPTY_RUN: Run = {
  run_id: '',
  name: '',
  experiment: '',
  kind: 'cell',
  status: 'FINISHED',
  origin: 'nbops',
  parent_id: '',
  attempt: 1,
  author: '',
  user: '',
  started_at: 0,
  ended_at: null,
  duration: null,
  cpu: null,
  peak_memory: null,
  tracking: null,
  cell: { notebook: '', cell_id: '', execution_count: null, key: '', source: '' },
  code: '',
  code_digest: '',
  names_read: [],
  names_written: [],
  params: {},
  metrics: {},
  metric_functions: {},
  tags: {},
  data: [],
  profiles: {},
  models: [],
  artifacts: [],
  stdout: '',
  stderr: '',
  error: null,
  git: null,
  environment: null,
  redactions: 0,
  uses_mlflow: false,
  process: '',
  delivery: 'pending',
  delivery_error: '',
  mlflow_run_id: '',
  mlflow_experiment_id: ''
};

const EMPTY_CHANGE: Change = { kind: '', name: '', before: null, after: null, delta: null, better: null };

const EMPTY_DATA: DataRef = {
  name: '',
  fingerprint: '',
  rows: 0,
  columns: 0,
  schema: {},
  context: 'read',
  origin: ''
};

const EMPTY_MODEL: ModelRef = {
  name: '',
  class_name: '',
  module: '',
  flavor: '',
  digest: '',
  size: 0,
  serialization: '',
  features: [],
  feature_types: [],
  task: '',
  problem: ''
};

/**
 * Read a card from a notebook's output, which anybody may have written: what is missing or of another kind is
 * replaced by nothing. Gives null where there is no run at all.
 */
export function parseCard(data: ReadonlyJSONValue | undefined): Card | null {
  if (!isObject(data) || !isObject(data['run']) || typeof data['run']['run_id'] !== 'string') {
    return null;
  }
  return {
    run: parseRun(data['run']),
    previous: points([data['previous']])[0] ?? null,
    changes: list(data['changes'], ['kind', 'name']).map(parseChange),
    history: points(data['history']),
    warnings: Array.isArray(data['warnings']) ? data['warnings'].filter(one => typeof one === 'string') : [],
    workspace: typeof data['workspace'] === 'string' ? data['workspace'] : ''
  };
}

function parseRun(data: Record<string, ReadonlyJSONValue>): Run {
  const { error } = data;
  return {
    ...fill(EMPTY_RUN, data),
    cell: fill(EMPTY_RUN.cell, data['cell']),
    data: list(data['data'], ['name']).map(one => fill(EMPTY_DATA, one)),
    models: list(data['models'], ['name']).map(one => fill(EMPTY_MODEL, one)),
    error: isObject(error) ? fill({ type: '', message: '', traceback: '' }, error) : null
  };
}

function parseChange(data: Record<string, ReadonlyJSONValue>): Change {
  const { before, after, delta, better } = data;
  return {
    ...fill(EMPTY_CHANGE, data),
    before: typeof before === 'string' ? before : null,
    after: typeof after === 'string' ? after : null,
    delta: typeof delta === 'number' ? delta : null,
    better: typeof better === 'boolean' ? better : null
  };
}

function isObject(value: unknown): value is Record<string, ReadonlyJSONValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Take the fields of `data` whose kind agrees with the example's; null examples take anything. */
function fill<T extends object>(example: T, data: unknown): T {
  const filled: Record<string, unknown> = Object.fromEntries(Object.entries(example));
  if (isObject(data)) {
    for (const [name, value] of Object.entries(example)) {
      const given = data[name];
      if (given !== undefined && (value === null || kind(given) === kind(value))) {
        filled[name] = Array.isArray(given) ? given.filter(one => kind(one) !== 'null') : given;
      }
    }
  }
  return filled as T;
}

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function list(data: unknown, needed: string[]): Record<string, ReadonlyJSONValue>[] {
  return Array.isArray(data)
    ? data.filter(one => isObject(one) && needed.every(name => typeof one[name] === 'string'))
    : [];
}

function points(data: unknown): HistoryPoint[] {
  return list(data, ['run_id'])
    .filter(point => isObject(point['metrics']))
    .map(point => fill({ run_id: '', name: '', metrics: {} }, point));
}

/** One metric and what it is compared to. */
export interface IMetricLine {
  readonly name: string;
  readonly value: WireNumber;
  readonly before: WireNumber | null;
  readonly delta: number | null;
  readonly better: boolean | null;
}

/** The metrics of a card, each with the value of the run before. */
export function metricLines(card: Card): IMetricLine[] {
  const changed = new Map(card.changes.filter(one => one.kind === 'metric').map(one => [one.name, one]));
  return Object.entries(card.run.metrics).map(([name, value]) => {
    const before = card.previous?.metrics[name] ?? null;
    const delta = before === null ? null : toNumber(value) - toNumber(before);
    return {
      name,
      value,
      before,
      delta: delta !== null && Number.isFinite(delta) ? delta : null,
      better: changed.get(name)?.better ?? null
    };
  });
}

/** The values of one metric over the last runs of a cell, this run's last. */
export function trend(card: Card, metric: string): number[] {
  const earlier = card.history
    .filter(point => point.run_id !== card.run.run_id && metric in point.metrics)
    .map(point => toNumber(point.metrics[metric]));
  const now = card.run.metrics[metric];
  return [...earlier, ...(now === undefined ? [] : [toNumber(now)])].filter(Number.isFinite);
}

/** What changed apart from metrics and data: those have lines of their own. */
export function otherChanges(card: Card): Change[] {
  return card.changes.filter(one => one.kind === 'param' || one.kind === 'environment');
}

/** Whether the code differs from the run before; null where there is none. */
export function codeChanged(card: Card): boolean | null {
  return card.previous === null ? null : card.changes.some(one => one.kind === 'code');
}

/** Whether a frame is the one the run before read; null where there was none. */
export function sameData(card: Card, name: string): boolean | null {
  return card.previous === null ? null : !card.changes.some(one => one.kind === 'data' && one.name === name);
}
