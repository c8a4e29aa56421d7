import type { IPipelineRunRef, IPipelines, ISchedules } from '../pipelines';
import type { PipelineRun, ScheduleRun } from '../records';
import type { ITrans } from '../tokens';
import { culprit } from './stages';
import { failedWords } from './stageWords';

/** Something about pipelines that a person should hear of. */
export interface IPipelineNotice {
  readonly text: string;
  readonly tone: 'success' | 'error' | 'warning';
  /** What to show when asked for more. */
  readonly run: IPipelineRunRef | null;
}

export interface IPipelineNewsOptions {
  readonly pipelines: IPipelines;
  readonly schedules: ISchedules;
  readonly trans: ITrans;
  /** The workspace a path belongs to; empty if the server does not say. */
  readonly workspace: (path: string) => Promise<string>;
  readonly tell: (notice: IPipelineNotice) => void;
  /** Whether only what was started from this page is told. */
  readonly quiet: () => boolean;
}

/** Tells how runs ended that were started from this page, and which scheduled runs failed. */
export class PipelineNews {
  constructor(private readonly _options: IPipelineNewsOptions) {}

  /** Another notebook, perhaps of another workspace, is in front. */
  setPath(path: string): void {
    this._path = path;
  }

  /** A run was started from this page. */
  started(run: IPipelineRunRef): void {
    this._own.set(run.runId, run);
  }

  /** Whether anybody waits for the end of a run. */
  get waits(): boolean {
    return this._own.size > 0;
  }

  async look(): Promise<void> {
    const own = [...this._own.values()].map(run => this._lookAt(run));
    await Promise.all([...own, ...(this._options.quiet() ? [] : [this._failures()])]);
  }

  private async _lookAt(own: IPipelineRunRef): Promise<void> {
    const { pipelines, tell, trans } = this._options;
    const run = await pipelines.run(own).catch(() => null);
    if (run === null || run.status === 'running' || !this._own.delete(own.runId)) {
      return;
    }
    tell({ ...endOf(run, trans), run: own });
  }

  /** The first look at a workspace only remembers what had failed before. */
  private async _failures(): Promise<void> {
    const path = this._path;
    const { schedules, workspace, tell, trans } = this._options;
    const here = await workspace(path).catch(() => '');
    const failures = here ? await schedules.failures(path).catch(() => null) : null;
    if (failures === null) {
      return;
    }
    const seen = this._seen.get(here);
    const known = seen ?? new Set<number>();
    this._seen.set(here, known);
    for (const failure of [...failures].reverse()) {
      if (!known.has(failure.id)) {
        known.add(failure.id);
        if (seen !== undefined) {
          tell(noticeOf(failure, path, trans));
        }
      }
    }
  }

  private _path = '';
  private readonly _own = new Map<string, IPipelineRunRef>();
  private readonly _seen = new Map<string, Set<number>>();
}

/** How a run ended, in a sentence. */
function endOf(run: PipelineRun, trans: ITrans): Pick<IPipelineNotice, 'text' | 'tone'> {
  const bad = culprit(run);
  switch (run.status) {
    case 'succeeded':
      return { tone: 'success', text: trans.__('%1 succeeded.', run.pipeline) };
    case 'failed':
      return {
        tone: 'error',
        text: trans.__(
          '%1: %2',
          run.pipeline,
          bad ? [failedWords(bad, trans), bad.error].filter(Boolean).join(': ') : run.error
        )
      };
    case 'stopped':
      return { tone: 'warning', text: trans.__('%1 was stopped.', run.pipeline) };
    default:
      return { tone: 'warning', text: trans.__('%1: the process that ran it is gone.', run.pipeline) };
  }
}

function noticeOf(failure: ScheduleRun, path: string, trans: ITrans): IPipelineNotice {
  const said = failure.error
    ? trans.__('Scheduled run of %1 failed: %2', failure.schedule, failure.error)
    : '';
  return {
    tone: 'error',
    text: said || trans.__('Scheduled run of %1 failed.', failure.schedule),
    run: failure.run_id ? { path, runId: failure.run_id } : null
  };
}
