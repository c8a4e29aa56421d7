import type { Counts } from '../pipelines';
import type { PipelineRun, StageRun, StageRunStatus } from '../records';
import { toNumber } from './format';

/** A node of the graph: a stage, or all that a `foreach` made of one. */
export interface IStageNode {
  /** The stage's name, or that of the group. */
  readonly id: string;
  readonly status: StageRunStatus;
  readonly members: readonly StageRun[];
  readonly counts: Counts;
}

export interface IStageEdge {
  readonly source: string;
  readonly target: string;
}

/** What a person must see first when several stages are shown as one. */
const WORST: readonly StageRunStatus[] = [
  'failed',
  'lost',
  'running',
  'stopped',
  'pending',
  'succeeded',
  'skipped'
];

/** The node a stage belongs to. */
export function nodeOf(stage: StageRun): string {
  return stage.group || stage.stage;
}

/** The stages of a run as nodes, in the order in which they run. */
export function stageNodes(stages: readonly StageRun[]): readonly IStageNode[] {
  const found = new Map<string, StageRun[]>();
  for (const stage of stages) {
    const id = nodeOf(stage);
    const members = found.get(id);
    if (members) {
      members.push(stage);
    } else {
      found.set(id, [stage]);
    }
  }
  return [...found].map(([id, members]) => {
    const counts = countStages(members);
    return { id, members, counts, status: summary(counts) };
  });
}

/** Which node comes after which. */
export function stageEdges(stages: readonly StageRun[]): readonly IStageEdge[] {
  const nodes = new Map(stages.map(stage => [stage.stage, nodeOf(stage)]));
  const found = new Map<string, IStageEdge>();
  for (const stage of stages) {
    for (const before of stage.after) {
      const [source, target] = [nodes.get(before) ?? before, nodeOf(stage)];
      if (source !== target) {
        found.set(JSON.stringify([source, target]), { source, target });
      }
    }
  }
  return [...found.values()];
}

export function countStages(stages: readonly StageRun[]): Counts {
  const counts: Partial<Record<StageRunStatus, number>> = {};
  for (const { status } of stages) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** One status for several stages. Those that go on are running, even if just now none is. */
function summary(counts: Counts): StageRunStatus {
  return WORST.find(status => (counts[status] ?? 0) > 0) ?? 'pending';
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** How many need no more work in this run. */
export function settled(counts: Counts): number {
  return (counts.succeeded ?? 0) + (counts.skipped ?? 0);
}

/** How many were executed. */
export function executed(counts: Counts): number {
  return total(counts) - (counts.skipped ?? 0) - (counts.pending ?? 0);
}

/** How far a stage is, from 0 to 1. */
export function progressOf(stage: StageRun): number {
  switch (stage.status) {
    case 'pending':
      return 0;
    case 'succeeded':
    case 'skipped':
      return 1;
    default:
      // The cell that runs is not done yet.
      return stage.cells > 0 ? Math.max(0, stage.cell - 1) / stage.cells : 0;
  }
}

/** Seconds a stage or a run took, or has taken up to now; null if it has not begun. */
export function durationOf(
  { started_at, ended_at }: Pick<StageRun | PipelineRun, 'started_at' | 'ended_at'>,
  now: number
): number | null {
  const begun = started_at === null ? 0 : toNumber(started_at);
  return begun === 0 ? null : Math.max(0, (ended_at === null ? now : toNumber(ended_at)) - begun);
}

/** The first stage that ended badly, which is why the run did. */
export function culprit(run: PipelineRun): StageRun | undefined {
  return (
    run.stages.find(stage => stage.status === 'failed') ?? run.stages.find(stage => stage.status === 'lost')
  );
}

/** Whether going on from where a run ended makes sense. */
export function canResume(run: PipelineRun): boolean {
  return run.status === 'failed' || run.status === 'stopped' || run.status === 'lost';
}
