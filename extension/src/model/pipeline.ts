import type { IPipelineRef, IPipelines, IRunLine } from '../pipelines';
import type { Explanation, PipelineRun, StageRun } from '../records';
import { failureOf, type IFailure } from './failure';
import { layered, type ILayout, type IMeasure } from './layered';
import { culprit, nodeOf, stageEdges, stageNodes, type IStageEdge, type IStageNode } from './stages';
import { Store } from './store';
import { step } from './walking';

export const STAGE: IMeasure = { width: 178, height: 58, across: 40, down: 16 };
/** Earlier runs shown at first, and how many more each time. */
export const RUNS = 30;
/** Stands for what would run now, where otherwise a run is named. */
export const PLAN = 'plan';

export interface IPipelineState {
  readonly wanted: IPipelineRef;
  /** The run shown: its id, {@link PLAN}, or empty for the newest (and the plan where there is none yet). */
  readonly shown: string;
  readonly run: PipelineRun | null;
  /** What would run now; null until it has been asked for, or where the file cannot be used. */
  readonly plan: PipelineRun | null;
  readonly planFailure: IFailure | null;
  readonly runs: readonly IRunLine[];
  readonly limit: number;
  readonly nodes: readonly IStageNode[];
  readonly edges: readonly IStageEdge[];
  readonly layout: ILayout;
  /** The node looked at, and of a group the stage. */
  readonly selected: string;
  readonly instance: string;
  readonly why: Explanation | null;
  /** Why the server does not say it. */
  readonly whyFailure: IFailure | null;
  /** Whether nothing can be started here. */
  readonly readonly: boolean;
  readonly loading: boolean;
  readonly loaded: boolean;
  readonly failure: IFailure | null;
}

/** One pipeline: a run of it as a graph, or what would run now, and its earlier runs. */
export class PipelineModel extends Store<IPipelineState> {
  constructor(
    private readonly _api: IPipelines,
    wanted: IPipelineRef,
    shown = '',
    /** Asks whether the server starts nothing here. */
    private readonly _isReadonly: () => Promise<boolean> = async () => false
  ) {
    super({
      wanted,
      shown,
      run: null,
      plan: null,
      planFailure: null,
      runs: [],
      limit: RUNS,
      nodes: [],
      edges: [],
      layout: layered([], [], STAGE),
      selected: '',
      instance: '',
      why: null,
      whyFailure: null,
      readonly: false,
      loading: false,
      loaded: false,
      failure: null
    });
  }

  /** What the graph shows: a run or the plan. */
  get drawn(): PipelineRun | null {
    const { run, plan, shown } = this.state;
    return shown === PLAN ? plan : (run ?? plan);
  }

  async refresh(): Promise<void> {
    const generation = ++this._generation;
    const { wanted, limit, shown } = this.state;
    this.update({ loading: true });
    try {
      const runs = await this._api.runs(wanted, limit);
      const runId = shown === PLAN ? '' : shown || runs[0]?.run_id || '';
      const run = runId ? await this._api.run({ path: wanted.path, runId }) : null;
      if (generation !== this._generation) {
        return;
      }
      this._permission ??= this._isReadonly().catch(() => false);
      this.update({
        runs,
        run,
        readonly: await this._permission,
        loading: false,
        loaded: true,
        failure: null
      });
      this._draw();
      await this._foresee(generation);
    } catch (reason) {
      if (generation === this._generation) {
        this.update({ loading: false, loaded: true, failure: failureOf(reason) });
      }
    }
  }

  /** Show another run, the plan, or (empty) always the newest run. */
  async show(shown: string): Promise<void> {
    if (shown !== this.state.shown) {
      this._follows = true;
      this.update({ shown, run: null, selected: '', instance: '', why: null });
    }
    this._planned = '';
    await this.refresh();
  }

  async older(): Promise<void> {
    this.update({ limit: this.state.limit + RUNS });
    await this.refresh();
  }

  /** Look at a node; of a group, at one of its stages. From now on it is looked at whatever happens elsewhere. */
  select(selected: string, instance = ''): void {
    this._follows = false;
    this._look(selected, instance);
  }

  private _look(selected: string, instance: string): void {
    const { why } = this.state;
    this.update({
      selected,
      instance,
      why: why?.stage === (instance || selected) ? why : null,
      whyFailure: null
    });
  }

  /** The stage looked at: of a group the one chosen, else the one that matters most. */
  get stage(): StageRun | null {
    const { nodes, selected, instance } = this.state;
    const members = nodes.find(node => node.id === selected)?.members ?? [];
    return members.length === 1 ? members[0] : (members.find(one => one.stage === instance) ?? null);
  }

  /** Ask what exactly differs from the last good run of the stage looked at. */
  async explain(): Promise<void> {
    const { stage } = this;
    if (!stage) {
      return;
    }
    try {
      const why = await this._api.why(this.state.wanted, stage.stage);
      if (this.stage?.stage === stage.stage) {
        this.update({ why, whyFailure: null });
      }
    } catch (reason) {
      this.update({ why: null, whyFailure: failureOf(reason) });
    }
  }

  /** The node that a key leads to from the one looked at, if there is one. */
  step(key: string): string | null {
    const { layout, selected, edges } = this.state;
    return step(key, selected, layout, edges);
  }

  /** Find out what would run now: once after each run, for nothing but a run or an edit changes it. */
  private async _foresee(generation: number): Promise<void> {
    const { run, runs, shown, wanted } = this.state;
    const going = run?.status === 'running' || runs[0]?.status === 'running';
    const seen = `${runs[0]?.run_id ?? PLAN} ${runs[0]?.status ?? ''}`;
    if (going || (this._planned === seen && shown !== PLAN)) {
      return;
    }
    this._planned = seen;
    let plan: PipelineRun | null = null;
    let planFailure: IFailure | null = null;
    try {
      plan = await this._api.plan(wanted);
    } catch (reason) {
      planFailure = failureOf(reason);
    }
    if (generation === this._generation) {
      this.update({ plan, planFailure });
      this._draw();
    }
  }

  /** Lay out the graph anew if its form has changed, and keep the node looked at. */
  private _draw(): void {
    const { drawn } = this;
    const stages = drawn?.stages ?? [];
    const nodes = stageNodes(stages);
    const edges = stageEdges(stages);
    const form = JSON.stringify([nodes.map(node => node.id), edges]);
    const layout =
      form === this._form
        ? this.state.layout
        : layered(
            nodes.map(node => node.id),
            edges,
            STAGE
          );
    this._form = form;
    this.update({ nodes, edges, layout });
    if (drawn && (this._follows || !nodes.some(node => node.id === this.state.selected))) {
      this._lookAtFirst(drawn);
    }
  }

  /** Until somebody chooses one, the node is looked at on which most depends now. */
  private _lookAtFirst(drawn: PipelineRun): void {
    const find = (status: StageRun['status']) => drawn.stages.find(stage => stage.status === status);
    const stage =
      culprit(drawn) ?? find('running') ?? find('pending') ?? drawn.stages[drawn.stages.length - 1];
    if (stage) {
      const alone = nodeOf(stage) === stage.stage;
      this._look(nodeOf(stage), alone ? '' : stage.stage);
    }
  }

  private _generation = 0;
  private _form = '';
  private _planned = '';
  private _follows = true;
  private _permission: Promise<boolean> | undefined;
}
