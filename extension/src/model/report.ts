import { failureOf, type IFailure } from './failure';
import { Store } from './store';

export interface IReportState {
  readonly title: string;
  readonly html: string;
  readonly failure: IFailure | null;
}

/** A report as a page; once written it never changes. */
export class ReportModel extends Store<IReportState> {
  constructor(
    title: string,
    private readonly _load: () => Promise<string>
  ) {
    super({ title, html: '', failure: null });
  }

  async refresh(): Promise<void> {
    try {
      this.update({ html: await this._load(), failure: null });
    } catch (reason) {
      this.update({ failure: failureOf(reason) });
    }
  }
}
