import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { ApiError, type IFault } from './tokens';

type Query = Readonly<Record<string, string>>;

/** Requests to the server part, with the token, the XSRF check and the base URL of this JupyterLab. */
export class Http {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** The address of a route; parameters that are empty are left out. */
  url(parts: readonly string[], query: Query): string {
    const given = Object.entries(query).filter(([, value]) => value !== '');
    return (
      URLExt.join(this._settings.baseUrl, 'nbops', 'api', ...parts.map(encodeURIComponent)) +
      URLExt.objectToQueryString(Object.fromEntries(given))
    );
  }

  get<T>(parts: readonly string[], query: Query): Promise<T> {
    return this._request<T>(parts, query, {});
  }

  /** Send a JSON object. */
  post<T>(parts: readonly string[], query: Query, body: object): Promise<T> {
    return this._request<T>(parts, query, { method: 'POST', body: JSON.stringify(body) });
  }

  put<T>(parts: readonly string[], query: Query, body: object): Promise<T> {
    return this._request<T>(parts, query, { method: 'PUT', body: JSON.stringify(body) });
  }

  delete<T>(parts: readonly string[], query: Query): Promise<T> {
    return this._request<T>(parts, query, { method: 'DELETE' });
  }

  /** Ask for something that is no JSON. */
  async getText(parts: readonly string[], query: Query): Promise<{ text: string; headers: Headers }> {
    const response = await this._send(parts, query, {});
    return { text: await response.text(), headers: response.headers };
  }

  private async _request<T>(parts: readonly string[], query: Query, init: RequestInit): Promise<T> {
    const response = await this._send(parts, query, init);
    return (await response.json().catch(() => null)) as T;
  }

  private async _send(parts: readonly string[], query: Query, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(this.url(parts, query), init, this._settings);
    } catch (reason) {
      throw new ApiError(0, reason instanceof Error ? reason.message : String(reason));
    }
    if (!response.ok) {
      const data: unknown = await response.json().catch(() => null);
      const { message, hint, field, further } = (data ?? {}) as Readonly<Record<string, unknown>>;
      throw new ApiError(
        response.status,
        typeof message === 'string' ? message : `${response.status} ${response.statusText}`,
        typeof hint === 'string' ? hint : '',
        typeof field === 'string' ? field : '',
        Array.isArray(further) ? (further as readonly IFault[]) : []
      );
    }
    return response;
  }
}
