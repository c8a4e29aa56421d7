import { parseCard } from '../model/card';
import type { IGovernance, IQuestion, IRegistryActions } from '../governance';
import type {
  AuditEvent,
  Card,
  GateReport,
  GateResult,
  Lineage,
  ModelCard,
  PromotionRequest,
  PromotionView,
  RegisteredModel,
  RunPage,
  RunRow
} from '../records';
import type { IPipelineActions, IPipelines, IRunLine, ISchedules } from '../pipelines';
import type { Explanation, PipelineRun, Schedule, ScheduleRun, StageRun } from '../records';
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
    workspace: '/churn',
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
  workspace: '/churn',
  server_root: '/srv',
  readonly: false,
  me: { name: 'ada', source: 'jupyter', roles: ['reviewer'] },
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

export function gate(change: Partial<GateResult> = {}): GateResult {
  return {
    name: 'AUC, held out',
    kind: 'metric',
    verdict: 'passed',
    value: 0.913,
    champion: 0.892,
    low: 0.901,
    high: 0.925,
    limit: '≥ 0.88',
    close: false,
    message: '',
    evidence: { rows: 1409 },
    data: {},
    duration: 0.2,
    ...change
  };
}

export function report(change: Partial<GateReport> = {}): GateReport {
  return {
    digest: '88f2d0aa',
    model: 'churn',
    version: 4,
    artifact_digest: '5e1c9abb',
    target: 'Production',
    passed: true,
    gates: [gate()],
    champion: 3,
    spec_digest: 's',
    run_id: 'run-9',
    actor: 'ada',
    created_at: 2000,
    ...change
  };
}

export function request(change: Partial<PromotionRequest> = {}): PromotionRequest {
  return {
    id: 'r1',
    model: 'churn',
    version: 4,
    digest: '5e1c9abb',
    target: 'Production',
    expected: 3,
    requested_by: 'ben',
    requested_at: 2100,
    status: 'open',
    comment: 'segment table checked',
    gate_report: '88f2d0aa',
    closed_by: '',
    closed_at: null,
    approvals: [],
    ...change
  };
}

/** Version 4 of churn on its way to Production, which version 3 holds; nothing stands against it. */
export function view(change: Partial<PromotionView> = {}): PromotionView {
  return {
    model: 'churn',
    version: 4,
    target: 'Production',
    digest: '5e1c9abb',
    holder: 3,
    holder_since: 1500,
    policy: {
      target: 'Production',
      approvals: 0,
      roles: [],
      gates: true,
      card: [],
      four_eyes: true,
      expires: null,
      digest: 'p'
    },
    me: { name: 'ada', source: 'jupyter', roles: ['reviewer'] },
    headline: 'Its gate passes.',
    report: report(),
    report_current: true,
    request: null,
    approvals: [],
    obstacles: [],
    approved: 0,
    can_approve: '',
    diff: null,
    history: [placement()],
    lifecycle_stage: 'None',
    aliases: [],
    audit_seq: 1204,
    ...change
  };
}

export function placement(change: Partial<PromotionView['history'][number]> = {}) {
  return {
    model: 'churn',
    target: 'Production',
    version: 3,
    previous: null,
    at: 1500,
    until: null,
    actor: 'ben',
    kind: 'promote',
    reason: 'better',
    digest: 'd3',
    gate_report: '',
    self_approved: false,
    seq: 7,
    ...change
  };
}

export function event(seq: number, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    seq,
    at: 1000 + seq,
    actor: 'ben',
    source: 'jupyter',
    action: 'promote',
    model: 'churn',
    version: 4,
    reason: '',
    detail: { target: 'Production', from: 3, to: 4 },
    rows: {},
    mac: 'm',
    ...change
  };
}

const node = (id: string, kind: string, label: string): Lineage['nodes'][number] => ({
  id,
  kind,
  label,
  detail: `${kind} detail`,
  at: 1000,
  facts: { rows: '5634' },
  columns: kind === 'data' ? ['age', 'plan'] : []
});

/** Two files go into a run, which made a version, which was promoted. */
export const LINEAGE: Lineage = {
  start: 'version:churn@4',
  nodes: [
    node('data:a', 'data', 'train.csv'),
    node('data:b', 'data', 'plans.csv'),
    node('run:run-9', 'run', 'brisk-heron'),
    node('version:churn@4', 'version', 'churn v4'),
    node('promotion:7', 'promotion', 'Production')
  ],
  edges: [
    { source: 'data:a', target: 'run:run-9', label: 'read', columns: ['age'] },
    { source: 'data:b', target: 'run:run-9', label: 'read', columns: [] },
    { source: 'run:run-9', target: 'version:churn@4', label: 'registered', columns: [] },
    { source: 'version:churn@4', target: 'promotion:7', label: 'promoted', columns: [] }
  ],
  truncated: false
};

/** A model card that lacks what only a person can say. */
export const CARD: ModelCard = {
  model: 'churn',
  version: 4,
  revision: 1,
  digest: 'c',
  fields: [
    {
      name: 'intended_use',
      title: 'Intended use',
      text: '',
      source: 'missing',
      required: true,
      generated: false
    },
    {
      name: 'metrics',
      title: 'Metrics',
      text: 'auc 0.913',
      source: 'known',
      required: false,
      generated: true
    }
  ],
  missing: ['intended_use'],
  actor: 'ada',
  at: 1000
};

/** The registry's decisions, whose answers a test may replace. */
export function fakeGovernance(
  change: Partial<Record<keyof IGovernance, jest.Mock>> = {}
): jest.Mocked<IGovernance> {
  return {
    view: jest.fn(async () => view()),
    runGates: jest.fn(async () => ({ running: false, failure: '' })),
    gates: jest.fn(async () => ({ running: false, failure: '' })),
    act: jest.fn(async () => ({})),
    requests: jest.fn(async () => []),
    history: jest.fn(async () => []),
    card: jest.fn(async () => CARD),
    writeCard: jest.fn(async () => ({ ...CARD, missing: [] })),
    audit: jest.fn(async () => ({ events: [], head: 0 })),
    verify: jest.fn(async () => ({ ok: true, events: 7, rows: 9, head: 'm', anchors: 1, problems: [] })),
    lineage: jest.fn(async () => LINEAGE),
    ...change
  } as jest.Mocked<IGovernance>;
}

export function fakeRegistry(): jest.Mocked<IRegistryActions> {
  return {
    openPromotion: jest.fn(),
    openLineage: jest.fn(),
    archive: jest.fn(),
    allowPickle: jest.fn(),
    insertLoad: jest.fn(),
    ask: jest.fn<Promise<string | null>, [IQuestion]>(async () => 'because'),
    changed: jest.fn()
  };
}

export function stage(name: string, change: Partial<StageRun> = {}): StageRun {
  return {
    stage: name,
    status: 'succeeded',
    group: '',
    after: [],
    attempt: 1,
    reason: 'never ran',
    key: 'a1b2c3d4',
    track_id: '',
    started_at: 1000,
    ended_at: 1003,
    cell: 3,
    cells: 3,
    line: '',
    kernel: 'forked',
    notebook: `/churn/.nbops/pipelines/churn/r1/${name}.ipynb`,
    error: '',
    failed_cell: 0,
    resumable: false,
    resume_problem: '',
    ...change
  };
}

/** Ingest, then two beside each other, then one after both. */
export const STAGES: readonly StageRun[] = [
  stage('ingest'),
  stage('clean', { after: ['ingest'] }),
  stage('train', { after: ['ingest'] }),
  stage('report', { after: ['clean', 'train'] })
];

export function pipelineRun(change: Partial<PipelineRun> = {}): PipelineRun {
  return {
    run_id: 'r1',
    pipeline: 'churn',
    path: '/churn/pipeline.toml',
    status: 'succeeded',
    trigger: 'manual',
    schedule: '',
    runner: 'local',
    started_at: 1000,
    ended_at: 1010,
    error: '',
    resumed_from: '',
    options: {},
    stages: STAGES,
    ...change
  };
}

/** A run as a list has it. */
export function runLine(run: PipelineRun): IRunLine {
  const counts: Record<string, number> = {};
  run.stages.forEach(({ status }) => (counts[status] = (counts[status] ?? 0) + 1));
  return { ...run, counts };
}

/** A run in which `train` failed and `report` therefore did not run. */
export const FAILED_RUN = pipelineRun({
  status: 'failed',
  stages: [
    stage('ingest', { status: 'skipped', reason: 'unchanged' }),
    stage('clean', { after: ['ingest'] }),
    stage('train', { after: ['ingest'], status: 'failed', failed_cell: 4, error: 'ValueError: NaN' }),
    stage('report', {
      after: ['clean', 'train'],
      status: 'pending',
      reason: '',
      started_at: null,
      notebook: ''
    })
  ]
});

export function schedule(change: Partial<Schedule> = {}): Schedule {
  return {
    name: 'nightly',
    pipeline: 'pipeline.toml',
    trigger: 'cron',
    cron: '0 2 * * *',
    timezone: 'UTC',
    subject: '',
    measure: '',
    threshold: 0,
    missed: 'once',
    missed_cap: 10,
    overlap: 'skip',
    parameters: {},
    alerts: ['lab'],
    paused: false,
    author: 'ada',
    origin: '',
    created_at: 1000,
    next_at: 4000,
    problem: '',
    words: 'At 02:00 every day, UTC',
    last: null,
    ...change
  };
}

export function due(id: number, change: Partial<ScheduleRun> = {}): ScheduleRun {
  return {
    id,
    schedule: 'nightly',
    due_at: 1000 + id,
    status: 'succeeded',
    evidence: 'due at 02:00',
    run_id: `r${id}`,
    started_at: 1000,
    ended_at: 1009,
    error: '',
    ...change
  };
}

/** A stage that is up to date. */
export function explanation(change: Partial<Explanation> = {}): Explanation {
  return {
    stage: 'train',
    status: 'current',
    reason: 'up to date',
    differences: [],
    run_id: 'r0',
    ended_at: 900,
    cached: false,
    ...change
  };
}

/** Pipelines whose answers a test may replace; one that ran once. */
export function fakePipelines(
  change: Partial<Record<keyof IPipelines, jest.Mock>> = {}
): jest.Mocked<IPipelines> {
  const line = {
    name: 'churn',
    path: '/churn/pipeline.toml',
    problem: '',
    runs: 1,
    last: runLine(pipelineRun())
  };
  return {
    list: jest.fn(async () => [line]),
    plan: jest.fn(async () =>
      pipelineRun({
        run_id: '',
        stages: STAGES.map(one => ({ ...one, status: 'skipped', reason: 'unchanged' }))
      })
    ),
    why: jest.fn(async (_: object, name: string) => explanation({ stage: name })),
    runs: jest.fn(async () => [runLine(pipelineRun())]),
    run: jest.fn(async () => pipelineRun()),
    page: jest.fn(async () => ({ html: '<p>cell</p>', running: false })),
    launch: jest.fn(async () => ({ path: 'p', runId: 'r2' })),
    resume: jest.fn(async () => ({ path: 'p', runId: 'r2' })),
    stop: jest.fn(async () => ({})),
    ...change
  } as jest.Mocked<IPipelines>;
}

/** Schedules whose answers a test may replace. */
export function fakeSchedules(
  change: Partial<Record<keyof ISchedules, jest.Mock>> = {}
): jest.Mocked<ISchedules> {
  return {
    list: jest.fn(async () => [schedule()]),
    runs: jest.fn(async () => [due(2), due(1)]),
    failures: jest.fn(async () => []),
    save: jest.fn(async (_: string, draft: object) => ({ schedule: schedule(draft), times: [4000, 5000] })),
    remove: jest.fn(async () => ({})),
    act: jest.fn(async () => ({})),
    preview: jest.fn(async () => ({ times: [4000, 5000], problem: '' })),
    ...change
  } as jest.Mocked<ISchedules>;
}

export function fakePipelineActions(): jest.Mocked<IPipelineActions> {
  return {
    show: jest.fn(),
    run: jest.fn(),
    resume: jest.fn(),
    stop: jest.fn(),
    openFile: jest.fn(),
    log: jest.fn(),
    openExecuted: jest.fn(),
    openTracked: jest.fn(),
    schedule: jest.fn(),
    actOnSchedule: jest.fn(),
    deleteSchedule: jest.fn()
  };
}

/** Let promises that are done be noticed. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await Promise.resolve();
  }
}
