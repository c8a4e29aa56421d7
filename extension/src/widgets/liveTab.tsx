import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { nbopsIcon } from '../icons';
import type { ChangeFeed } from '../model/feed';
import { Refresher } from '../model/refresher';

/** A tab's title has so many characters at most. */
const LONGEST = 48;

/** What a tab shows: it can be loaded again, and says when it has changed. */
export interface ILiveModel {
  refresh(): Promise<void>;
  subscribe(listener: () => void): () => void;
  dispose?(): void;
}

export interface ILiveTabOptions {
  readonly model: ILiveModel;
  readonly feed: ChangeFeed;
  /** What stands on the tab now. */
  readonly label: () => string;
  /** Whether a change in a workspace (null: in all of them) has to do with it; by default each has. */
  readonly concerned?: (workspace: string | null) => boolean;
}

/** A tab of the main area that follows what happens while it can be seen. */
export abstract class LiveTab extends ReactWidget {
  constructor({ model, feed, label, concerned }: ILiveTabOptions) {
    super();
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    const name = (): void => {
      const whole = label();
      // JupyterLab lets a long title run over what stands beside it.
      this.title.label = whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}…` : whole;
      this.title.caption = whole;
    };
    name();
    this._refresher = new Refresher({
      refresh: () => model.refresh(),
      visible: () => this.isVisible && document.visibilityState === 'visible'
    });
    const touch = (workspace: string | null): void => {
      if (concerned?.(workspace) ?? true) {
        this._refresher.touch();
      }
    };
    this._leave = [feed.subscribe(touch), model.subscribe(name), () => model.dispose?.()];
    void model.refresh();
  }

  override dispose(): void {
    this._leave.forEach(leave => leave());
    this._leave = [];
    this._refresher.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._refresher.shown();
  }

  /** Put the focus on the first of these that is there, else on the tab itself. */
  protected focusOn(...selectors: string[]): void {
    for (const selector of selectors) {
      const found = this.node.querySelector<HTMLElement | SVGElement>(selector);
      if (found) {
        found.focus();
        return;
      }
    }
    this.node.tabIndex = -1;
    this.node.focus();
  }

  private readonly _refresher: Refresher;
  private _leave: (() => void)[];
}
