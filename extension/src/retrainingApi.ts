import type { Http } from './http';
import type { RetrainPolicy } from './records';
import type { IModelRef, IRetraining, IRetrainingView, PolicyDraft, RetrainingAct } from './retraining';

/** Retraining, over the server part. */
export class RetrainingApi implements IRetraining {
  constructor(private readonly _http: Http) {}

  view({ path, model }: IModelRef): Promise<IRetrainingView> {
    return this._http.get<IRetrainingView>(['retraining', model], { path });
  }

  save({ path, model }: IModelRef, draft: PolicyDraft): Promise<RetrainPolicy> {
    return this._http.put<RetrainPolicy>(['retraining', model], { path }, draft);
  }

  remove({ path, model }: IModelRef): Promise<unknown> {
    return this._http.delete(['retraining', model], { path });
  }

  act({ path, model }: IModelRef, act: RetrainingAct): Promise<unknown> {
    return this._http.post(['retraining', model, act], { path }, {});
  }
}
