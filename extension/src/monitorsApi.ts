import type { Http } from './http';
import type { ILookRef, IMonitorRef, IMonitors, IMonitorView, MonitorAct, MonitorDraft } from './monitors';
import type { Incident, Monitor, MonitorSummary, WireNumber } from './records';

/** Monitors, over the server part. */
export class MonitorsApi implements IMonitors {
  constructor(private readonly _http: Http) {}

  list(path: string): Promise<readonly MonitorSummary[]> {
    return this._http.get<MonitorSummary[]>(['monitors'], { path });
  }

  view({ path, name }: IMonitorRef): Promise<IMonitorView> {
    return this._http.get<IMonitorView>(['monitors', name], { path });
  }

  async report({ path, name, run }: ILookRef): Promise<string> {
    return (await this._http.getText(['monitors', name, 'runs', String(run), 'report'], { path })).text;
  }

  news(path: string): Promise<readonly Incident[]> {
    return this._http.get<Incident[]>(['incidents'], { path });
  }

  save(path: string, { name, ...draft }: MonitorDraft): Promise<Monitor> {
    return this._http.put<Monitor>(['monitors', name], { path }, draft);
  }

  remove({ path, name }: IMonitorRef): Promise<unknown> {
    return this._http.delete(['monitors', name], { path });
  }

  act({ path, name }: IMonitorRef, act: MonitorAct): Promise<unknown> {
    return this._http.post(['monitors', name, act], { path }, {});
  }

  acknowledge({ path, name }: IMonitorRef, incident: number, reason: string): Promise<unknown> {
    return this._http.post(['monitors', name, 'acknowledge'], { path }, { incident, reason });
  }

  mute({ path, name }: IMonitorRef, until: WireNumber, reason: string): Promise<unknown> {
    return this._http.post(['monitors', name, 'mute'], { path }, { until, reason });
  }
}
