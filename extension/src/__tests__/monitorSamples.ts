import type { IMonitorActions, IMonitors, IMonitorView } from '../monitors';
import type {
  CheckSeries,
  Incident,
  Monitor,
  MonitorRun,
  MonitorSummary,
  RetrainDecision,
  RetrainPolicy
} from '../records';
import type { IRetraining, IRetrainingActions } from '../retraining';

export function monitor(change: Partial<Monitor> = {}): Monitor {
  return {
    name: 'churn',
    model: 'churn@Production',
    source: 'predictions',
    reference: '',
    time: '',
    window: '1d',
    cron: '0 6 * * *',
    timezone: 'UTC',
    checks: [
      { name: 'drift', kind: 'drift', columns: [], metric: '', threshold: null, warning: null, options: {} }
    ],
    routes: ['lab'],
    remind_hours: 24,
    paused: false,
    muted_until: null,
    mute_reason: '',
    origin: '',
    author: 'ada',
    created_at: 1000,
    next_at: 4000,
    problem: '',
    ...change
  };
}

export function series(change: Partial<CheckSeries> = {}): CheckSeries {
  return {
    check: 'drift',
    kind: 'drift',
    state: 'ok',
    message: 'nothing moved',
    values: [0.02, 0.03, null, 0.04],
    at: [100, 200, 300, 400],
    limit: 0.1,
    ...change
  };
}

export function look(id: number, change: Partial<MonitorRun> = {}): MonitorRun {
  return {
    id,
    monitor: 'churn',
    model: 'churn@Production',
    version: 3,
    at: 1000 + id,
    window_start: 0,
    window_end: 86_400,
    rows: 5634,
    state: 'ok',
    sentence: 'No drift that matters.',
    report: 'd1',
    error: '',
    checks: [],
    ...change
  };
}

export function incident(id: number, change: Partial<Incident> = {}): Incident {
  return {
    id,
    monitor: 'churn',
    model: 'churn@Production',
    check: 'drift',
    kind: 'drift',
    state: 'open',
    message: 'tenure moved 0.31 σ',
    opened_at: 1000,
    last_at: 1100,
    windows: 2,
    recovered_at: null,
    reminded_at: null,
    acknowledged_by: '',
    acknowledged_at: null,
    reason: '',
    undelivered: '',
    ...change
  };
}

export function policy(change: Partial<RetrainPolicy> = {}): RetrainPolicy {
  return {
    model: 'churn',
    pipeline: 'pipeline.toml',
    on: ['drift', 'performance'],
    cron: '',
    timezone: 'UTC',
    volume: 0,
    source: 'predictions',
    time: '',
    label: 'target',
    window: '90d',
    data_parameter: 'source',
    parameters: {},
    holdout: 0.25,
    metric: 'roc_auc',
    min_gain: 0.01,
    confidence: 0.95,
    target: 'Production',
    mode: 'approval',
    cool_down_hours: 24,
    budget: 4,
    budget_days: 30,
    paused: false,
    origin: '',
    author: 'ada',
    ...change
  };
}

export function decision(id: number, change: Partial<RetrainDecision> = {}): RetrainDecision {
  return {
    id,
    model: 'churn',
    at: 1200 + id,
    cause: 'drift',
    outcome: 'awaiting approval',
    message: 'v4 beats v3 by 0.021 in roc_auc.',
    ended_at: 1300,
    evidence: { incident: 7, columns: ['tenure', 'plan'] },
    run_id: 'r9',
    challenger: 4,
    champion: 3,
    comparison: { gain: 0.021, p_value: 0.003 },
    actor: 'scheduler',
    ...change
  };
}

/** A monitor that has found drift. */
export function alerting(change: Partial<MonitorSummary> = {}): MonitorSummary {
  return {
    monitor: monitor(),
    state: 'alert',
    sentence: 'tenure moved 0.31 σ: drift that matters.',
    version: 3,
    last: look(9, { state: 'alert' }),
    incidents: [incident(7)],
    series: [
      series({ check: 'volume', kind: 'volume', message: '5,634 rows' }),
      series({ state: 'alert', message: 'tenure moved 0.31 σ', values: [0.02, 0.03, null, 0.31] })
    ],
    labelled: 0.4,
    retrain: null,
    policy: null,
    ...change
  };
}

/** A monitor that is in order. */
export function steady(change: Partial<MonitorSummary> = {}): MonitorSummary {
  return {
    monitor: monitor({ name: 'fraud-daily', model: 'fraud' }),
    state: 'ok',
    sentence: 'No drift that matters.',
    version: 9,
    last: look(8),
    incidents: [],
    series: [series()],
    labelled: 0.83,
    retrain: null,
    policy: null,
    ...change
  };
}

export function monitorView(change: Partial<IMonitorView> = {}): IMonitorView {
  return {
    summary: alerting(),
    incidents: [
      incident(7),
      incident(6, {
        state: 'acknowledged',
        check: 'volume',
        kind: 'volume',
        message: 'only 12 rows',
        acknowledged_by: 'ben',
        reason: 'holiday'
      }),
      incident(2, { state: 'recovered', recovered_at: 1050, message: 'plan: new category' })
    ],
    runs: [look(9, { state: 'alert', sentence: 'tenure moved' }), look(8, { report: '', error: 'no rows' })],
    decisions: [decision(1)],
    policy: policy(),
    look: { running: false, failure: '' },
    ...change
  };
}

/** Monitors whose answers a test may replace. */
export function fakeMonitors(
  change: Partial<Record<keyof IMonitors, jest.Mock>> = {}
): jest.Mocked<IMonitors> {
  return {
    list: jest.fn(async () => [alerting(), steady()]),
    view: jest.fn(async () => monitorView()),
    report: jest.fn(async () => '<p>drift</p>'),
    news: jest.fn(async () => []),
    save: jest.fn(async (_: string, draft: object) => monitor(draft)),
    remove: jest.fn(async () => ({})),
    act: jest.fn(async () => ({})),
    acknowledge: jest.fn(async () => ({})),
    mute: jest.fn(async () => ({})),
    ...change
  } as jest.Mocked<IMonitors>;
}

export function fakeMonitorActions(): jest.Mocked<IMonitorActions> {
  return {
    show: jest.fn(),
    add: jest.fn(),
    act: jest.fn(),
    acknowledge: jest.fn(),
    mute: jest.fn(),
    remove: jest.fn(),
    report: jest.fn()
  };
}

/** Retraining whose answers a test may replace. */
export function fakeRetraining(
  change: Partial<Record<keyof IRetraining, jest.Mock>> = {}
): jest.Mocked<IRetraining> {
  return {
    view: jest.fn(async () => ({ policy: policy(), decisions: [decision(1)] })),
    save: jest.fn(async (_: object, draft: object) => policy(draft)),
    remove: jest.fn(async () => ({})),
    act: jest.fn(async () => ({})),
    ...change
  } as jest.Mocked<IRetraining>;
}

export function fakeRetrainingActions(): jest.Mocked<IRetrainingActions> {
  return { show: jest.fn(), rest: jest.fn(), remove: jest.fn(), now: jest.fn() };
}
