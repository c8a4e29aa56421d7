import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Card, MetricPoint, ModelVersion, RegisteredModel, RunPage } from './records';
import { ApiError, type IApi, type IRegistration, type IRunsQuery, type IServerStatus } from './tokens';

/** The server part over HTTP, with the token, the XSRF check and the base URL of this JupyterLab. */
export class Api implements IApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  status(path: string): Promise<IServerStatus> {
    return this._request<IServerStatus>(['status'], { path });
  }

  runs(query: IRunsQuery, offset: number, limit: number): Promise<RunPage> {
    return this._request<RunPage>(['runs'], {
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
    return this._request<Card>(['runs', runId], { path });
  }

  series(path: string, runId: string): Promise<readonly MetricPoint[]> {
    return this._request<MetricPoint[]>(['runs', runId, 'series'], { path });
  }

  models(path: string): Promise<readonly RegisteredModel[]> {
    return this._request<RegisteredModel[]>(['models'], { path });
  }

  register(path: string, wanted: IRegistration): Promise<ModelVersion> {
    const { name, runId, model, alias, description } = wanted;
    const body = JSON.stringify({ run_id: runId, model, alias, description });
    return this._request<ModelVersion>(['models', name, 'versions'], { path }, { method: 'POST', body });
  }

  artifactUrl(path: string, runId: string, artifact: string): string {
    return this._url(['runs', runId, 'artifacts', ...artifact.split('/')], { path });
  }

  private _url(parts: string[], query: Record<string, string>): string {
    const given = Object.entries(query).filter(([, value]) => value !== '');
    return (
      URLExt.join(this._settings.baseUrl, 'nbops', 'api', ...parts.map(encodeURIComponent)) +
      URLExt.objectToQueryString(Object.fromEntries(given))
    );
  }

  private async _request<T>(
    parts: string[],
    query: Record<string, string>,
    init: RequestInit = {}
  ): Promise<T> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(this._url(parts, query), init, this._settings);
    } catch (reason) {
      throw new ApiError(0, reason instanceof Error ? reason.message : String(reason));
    }
    const data: unknown = await response.json().catch(() => null);
    if (!response.ok) {
      const { message, hint } = (data ?? {}) as { message?: unknown; hint?: unknown };
      throw new ApiError(
        response.status,
        typeof message === 'string' ? message : `${response.status} ${response.statusText}`,
        typeof hint === 'string' ? hint : ''
      );
    }
    return data as T;
  }
}
