import { parseCard } from '../model/card';
import type { Card, RegisteredModel, RunPage, RunRow } from '../records';
import type { IApi, IRunActions, IRunsQuery, IServerStatus, ITrans } from '../tokens';

function fill(text: string, values: unknown[]): string {
  return text.replace(/%(\d)/g, (_, n) => String(values[Number(n) - 1]));
}

/** English as it stands in the source. */
export const trans: ITrans = {
  __: (text, ...values) => fill(text, values),
  _n: (singular, plural, n, ...values) => fill(n === 1 ? singular : plural, [n, ...values])
};

export const QUERY: IRunsQuery = {
  path: 'work/01_train.ipynb',
  onlyNotebook: true,
  experiment: '',
  search: '',
  sort: 'started_at',
  descending: true,
  mlflow: true
};

export function row(index: number, change: Partial<RunRow> = {}): RunRow {
  return {
    run_id: `run-${index}`,
    name: `heron-${index}`,
    experiment: 'churn',
    kind: 'cell',
    status: 'FINISHED',
    origin: 'nbops',
    parent_id: '',
    notebook: '/srv/study/01_train.ipynb',
    cell_id: 'c1',
    execution_count: 3,
    started_at: 1000 + index,
    duration: 1.5,
    params: { max_depth: '6' },
    metrics: { auc: 0.9 },
    error: '',
    delivery: 'delivered',
    has_model: true,
    mlflow_run_id: '',
    ...change
  };
}

export function page(total: number, offset = 0, limit = 100, rows: Partial<RunRow> = {}): RunPage {
  const count = Math.max(0, Math.min(limit, total - offset));
  return {
    runs: Array.from({ length: count }, (_, i) => row(offset + i, rows)),
    total,
    offset,
    limit,
    metric_names: ['auc', 'recall'],
    experiments: ['churn', 'fraud']
  };
}

/** A card as a notebook holds it, with the given fields of its run and of itself replaced. */
export function cardData(run: object = {}, rest: object = {}): Record<string, unknown> {
  return {
    run: {
      run_id: 'run-14',
      name: 'brisk-heron',
      experiment: 'churn',
      kind: 'cell',
      status: 'FINISHED',
      attempt: 14,
      duration: 1.82,
      tracking: 0.006,
      cell: {
        notebook: '/srv/study/01_train.ipynb',
        cell_id: 'c1',
        execution_count: 3,
        key: 'k',
        source: ''
      },
      code: 'a = 1\nb = 2',
      params: { max_depth: '6' },
      metrics: { auc: 0.913, recall: 0.78 },
      data: [
        {
          name: 'X',
          fingerprint: '9c41f0aa',
          rows: 5634,
          columns: 19,
          schema: {},
          context: 'read',
          origin: ''
        }
      ],
      models: [{ name: 'model', class_name: 'Forest', digest: 'd', size: 412000, problem: '', features: [] }],
      delivery: 'pending',
      ...run
    },
    previous: { run_id: 'run-13', name: 'calm-otter', metrics: { auc: 0.892, recall: 0.792 } },
    changes: [
      { kind: 'param', name: 'max_depth', before: '4', after: '6', delta: null, better: null },
      { kind: 'metric', name: 'auc', before: '0.892', after: '0.913', delta: 0.021, better: true },
      { kind: 'metric', name: 'recall', before: '0.792', after: '0.78', delta: -0.012, better: false }
    ],
    history: [{ run_id: 'run-13', name: 'calm-otter', metrics: { auc: 0.892 } }],
    warnings: [],
    workspace: '/srv/work',
    ...rest
  };
}

export function card(run: object = {}, rest: object = {}): Card {
  const parsed = parseCard(cardData(run, rest) as never);
  if (parsed === null) {
    throw new Error('the sample is no card');
  }
  return parsed;
}

export const STATUS: IServerStatus = {
  version: '0.1.0',
  workspace: '/srv/work',
  server_root: '/srv',
  readonly: false,
  courier: { running: true, pending: 0, error: '' }
};

export const MODELS: readonly RegisteredModel[] = [
  {
    name: 'churn',
    created_at: 1000,
    aliases: [{ name: 'champion', version: 1, set_at: 1000, actor: 'ada' }],
    foreign: [],
    origin: 'nbops',
    versions: [
      {
        model: 'churn',
        version: 1,
        run_id: 'run-3',
        digest: 'd',
        size: 10,
        class_name: 'Forest',
        flavor: 'sklearn',
        serialization: 'pickle',
        created_at: 1000,
        author: 'ada',
        lifecycle_stage: 'None',
        aliases: ['champion'],
        files: [],
        metrics: { auc: 0.9 },
        params: {},
        data: {},
        features: [],
        feature_types: [],
        task: '',
        description: '',
        problem: '',
        mlflow_version: '',
        mlflow_model_id: '',
        origin: 'nbops'
      }
    ]
  }
];

/** A server part whose answers a test may replace. */
export function fakeApi(change: Partial<Record<keyof IApi, jest.Mock>> = {}): jest.Mocked<IApi> {
  return {
    status: jest.fn(async () => STATUS),
    runs: jest.fn(async (_: IRunsQuery, offset: number, limit: number) => page(3, offset, limit)),
    card: jest.fn(async () => card({ delivery: 'delivered' })),
    series: jest.fn(async () => []),
    models: jest.fn(async () => MODELS),
    register: jest.fn(async () => MODELS[0].versions[0]),
    artifactUrl: jest.fn((_path: string, runId: string, artifact: string) => `/files/${runId}/${artifact}`),
    ...change
  } as jest.Mocked<IApi>;
}

export function fakeActions(): jest.Mocked<IRunActions> {
  return { open: jest.fn(), openTab: jest.fn(), register: jest.fn(), jumpToCell: jest.fn(), copy: jest.fn() };
}

/** Let promises that are done be noticed. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await Promise.resolve();
  }
}
