import type { IPipelines, IStageRef } from '../pipelines';
import { failureOf, type IFailure } from './failure';
import { Store } from './store';

export interface ILogState {
  readonly stage: IStageRef;
  readonly html: string;
  readonly running: boolean;
  readonly loaded: boolean;
  readonly failure: IFailure | null;
}

/** The executed notebook of a stage as a page, kept fresh while the stage runs. */
export class LogModel extends Store<ILogState> {
  constructor(
    private readonly _api: IPipelines,
    stage: IStageRef
  ) {
    super({ stage, html: '', running: true, loaded: false, failure: null });
  }

  /** Whether asking again would bring nothing new. */
  get settled(): boolean {
    const { loaded, running, failure } = this.state;
    return loaded && !running && failure === null;
  }

  async refresh(): Promise<void> {
    if (this.settled) {
      return;
    }
    try {
      const { html, running } = await this._api.page(this.state.stage);
      this.update({ html, running, loaded: true, failure: null });
    } catch (reason) {
      // Before its first cell a stage has no notebook; while it runs the next look may find one.
      this.update({ loaded: true, failure: failureOf(reason) });
    }
  }
}
