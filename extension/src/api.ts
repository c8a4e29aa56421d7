import type { Http } from './http';
import type { Card, MetricPoint, ModelVersion, RegisteredModel, RunPage } from './records';
import type { IApi, IRegistration, IRunsQuery, IServerStatus } from './tokens';

/** Runs and registered models of the server part. */
export class Api implements IApi {
  constructor(private readonly _http: Http) {}

  status(path: string): Promise<IServerStatus> {
    return this._http.get<IServerStatus>(['status'], { path });
  }

  runs(query: IRunsQuery, offset: number, limit: number): Promise<RunPage> {
    return this._http.get<RunPage>(['runs'], {
      path: query.path,
      notebook: query.onlyNotebook && query.path ? '1' : '0',
      q: query.search,
      experiment: query.experiment,
      sort: query.sort,
      descending: query.descending ? '1' : '0',
      mlflow: query.mlflow ? '1' : '0',
      offset: String(offset),
      limit: String(limit)
    });
  }

  card(path: string, runId: string): Promise<Card> {
    return this._http.get<Card>(['runs', runId], { path });
  }

  series(path: string, runId: string): Promise<readonly MetricPoint[]> {
    return this._http.get<MetricPoint[]>(['runs', runId, 'series'], { path });
  }

  models(path: string): Promise<readonly RegisteredModel[]> {
    return this._http.get<RegisteredModel[]>(['models'], { path });
  }

  register(path: string, wanted: IRegistration): Promise<ModelVersion> {
    const { name, runId, model, alias, description } = wanted;
    const body = { run_id: runId, model, alias, description };
    return this._http.post<ModelVersion>(['models', name, 'versions'], { path }, body);
  }

  artifactUrl(path: string, runId: string, artifact: string): string {
    return this._http.url(['runs', runId, 'artifacts', ...artifact.split('/')], { path });
  }
}
