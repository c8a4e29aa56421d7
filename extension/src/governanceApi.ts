import type {
  Act,
  IActFields,
  IAuditPage,
  IAuditQuery,
  IGateRun,
  IGovernance,
  IPromotionTarget,
  IVersionTarget
} from './governance';
import type { Http } from './http';
import type { AuditVerdict, Lineage, ModelCard, Placement, PromotionRequest, PromotionView } from './records';

function route({ name, version }: IVersionTarget, ...rest: string[]): string[] {
  return ['models', name, 'versions', String(version), ...rest];
}

/** Promotion, audit log, lineage and model cards of the server part. */
export class GovernanceApi implements IGovernance {
  constructor(private readonly _http: Http) {}

  view(wanted: IPromotionTarget): Promise<PromotionView> {
    const { path, target } = wanted;
    return this._http.get<PromotionView>(route(wanted, 'promotion'), { path, target });
  }

  runGates(wanted: IPromotionTarget): Promise<IGateRun> {
    const { path, target } = wanted;
    return this._http.post<IGateRun>(route(wanted, 'gates'), { path }, { target });
  }

  gates(wanted: IPromotionTarget): Promise<IGateRun> {
    const { path, target } = wanted;
    return this._http.get<IGateRun>(route(wanted, 'gates'), { path, target });
  }

  act(version: IVersionTarget, act: Act, fields: IActFields): Promise<unknown> {
    const said = Object.entries(fields).filter(([, value]) => value !== undefined) as [string, string][];
    return this._http.post(route(version, act), { path: version.path }, Object.fromEntries(said));
  }

  requests(path: string): Promise<readonly PromotionRequest[]> {
    return this._http.get<PromotionRequest[]>(['requests'], { path });
  }

  history(path: string, name: string): Promise<readonly Placement[]> {
    return this._http.get<Placement[]>(['models', name, 'history'], { path });
  }

  card(version: IVersionTarget): Promise<ModelCard> {
    return this._http.get<ModelCard>(route(version, 'card'), { path: version.path });
  }

  writeCard(version: IVersionTarget, texts: Readonly<Record<string, string>>): Promise<ModelCard> {
    return this._http.post<ModelCard>(route(version, 'card'), { path: version.path }, texts);
  }

  audit(path: string, { model, after, limit }: IAuditQuery): Promise<IAuditPage> {
    const query = { path, model, after: String(after), limit: String(limit), newest: '1' };
    return this._http.get<IAuditPage>(['audit'], query);
  }

  verify(path: string): Promise<AuditVerdict> {
    return this._http.get<AuditVerdict>(['audit', 'verify'], { path });
  }

  lineage(path: string, start: string): Promise<Lineage> {
    return this._http.get<Lineage>(['lineage'], { path, start });
  }
}
