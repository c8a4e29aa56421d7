import type { Http } from './http';
import type {
  ILaunch,
  IPipelineLine,
  IPipelineRef,
  IPipelineRunRef,
  IPipelines,
  IPreview,
  IProjectDraft,
  IProjects,
  IRunLine,
  ISaved,
  ISchedules,
  IStagePage,
  IStageRef,
  ScheduleAct,
  ScheduleDraft
} from './pipelines';
import type { Explanation, PipelineRun, Schedule, ScheduleRun } from './records';

function ofStage({ runId, stage }: IStageRef, what: string): string[] {
  return ['pipelines', 'runs', runId, 'stages', stage, what];
}

/** Pipelines and their runs, over the server part. */
export class PipelinesApi implements IPipelines {
  constructor(private readonly _http: Http) {}

  list(path: string): Promise<readonly IPipelineLine[]> {
    return this._http.get<IPipelineLine[]>(['pipelines'], { path });
  }

  plan({ path, pipeline }: IPipelineRef): Promise<PipelineRun> {
    return this._http.get<PipelineRun>(['pipelines', 'graph'], { path, pipeline });
  }

  why({ path, pipeline }: IPipelineRef, stage: string): Promise<Explanation> {
    return this._http.get<Explanation>(['pipelines', 'why'], { path, pipeline, stage });
  }

  runs({ path, pipeline }: IPipelineRef, limit: number): Promise<readonly IRunLine[]> {
    return this._http.get<IRunLine[]>(['pipelines', 'runs'], { path, pipeline, limit: String(limit) });
  }

  run({ path, runId }: IPipelineRunRef): Promise<PipelineRun> {
    return this._http.get<PipelineRun>(['pipelines', 'runs', runId], { path });
  }

  async page(stage: IStageRef): Promise<IStagePage> {
    const { text, headers } = await this._http.getText(ofStage(stage, 'page'), { path: stage.path });
    return { html: text, running: headers.get('Nbops-Stage') === 'running' };
  }

  async launch({ path, pipeline }: IPipelineRef, wanted: ILaunch): Promise<IPipelineRunRef> {
    const body = { pipeline, force: false, only: [], parameters: {}, ...wanted };
    const { run_id } = await this._http.post<{ run_id: string }>(['pipelines', 'runs'], { path }, body);
    return { path, runId: run_id };
  }

  async resume({ path, runId }: IPipelineRunRef): Promise<IPipelineRunRef> {
    const parts = ['pipelines', 'runs', runId, 'resume'];
    const { run_id } = await this._http.post<{ run_id: string }>(parts, { path }, {});
    return { path, runId: run_id };
  }

  stop({ path, runId }: IPipelineRunRef): Promise<unknown> {
    return this._http.post(['pipelines', 'runs', runId, 'stop'], { path }, {});
  }
}

/** Schedules, over the server part. */
export class SchedulesApi implements ISchedules {
  constructor(private readonly _http: Http) {}

  list(path: string): Promise<readonly Schedule[]> {
    return this._http.get<Schedule[]>(['schedules'], { path });
  }

  runs(path: string, name: string): Promise<readonly ScheduleRun[]> {
    return this._http.get<ScheduleRun[]>(['schedules', name, 'runs'], { path });
  }

  failures(path: string): Promise<readonly ScheduleRun[]> {
    return this._http.get<ScheduleRun[]>(['schedules', 'failures'], { path });
  }

  save(path: string, { name, ...draft }: ScheduleDraft): Promise<ISaved> {
    return this._http.put<ISaved>(['schedules', name], { path }, draft);
  }

  remove(path: string, name: string): Promise<unknown> {
    return this._http.delete(['schedules', name], { path });
  }

  act(path: string, name: string, act: ScheduleAct): Promise<unknown> {
    return this._http.post(['schedules', name, act], { path }, {});
  }

  preview(path: string, cron: string, timezone: string): Promise<IPreview> {
    return this._http.get<IPreview>(['schedules', 'preview'], { path, cron, timezone });
  }
}

/** New projects, over the server part. */
export class ProjectsApi implements IProjects {
  constructor(private readonly _http: Http) {}

  templates(): Promise<readonly string[]> {
    return this._http.get<string[]>(['projects'], {});
  }

  async make(folder: string, draft: IProjectDraft): Promise<string> {
    const made = await this._http.post<{ folder: string }>(['projects'], { path: folder }, draft);
    return made.folder;
  }
}
