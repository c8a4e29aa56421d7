import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { CardView } from '../components/CardView';
import { useStore } from '../components/hooks';
import { parseCard } from '../model/card';
import { concerns, type ChangeFeed } from '../model/feed';
import { Refresher } from '../model/refresher';
import { RunModel } from '../model/run';
import type { IApi, IRunActions, ITrans } from '../tokens';

export interface ICardServices {
  readonly api: IApi;
  readonly feed: ChangeFeed;
  readonly actions: IRunActions;
  readonly trans: ITrans;
}

function LiveCard({
  model,
  services
}: {
  model: RunModel;
  services: ICardServices;
}): React.JSX.Element | null {
  const { card, failure } = useStore(model);
  const { actions, trans } = services;
  const known = failure === null || failure.status !== 404;
  return card && <CardView card={card} path={model.path} known={known} actions={actions} trans={trans} />;
}

/**
 * Shows the card of a run under its cell. What the notebook saved is shown at once; the server, where it knows the
 * run, keeps it fresh until the run has been delivered.
 */
export class CardRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _mimeType: string,
    private readonly _path: () => string,
    private readonly _services: ICardServices
  ) {
    super();
    this.addClass('nbops-output');
    this._root = createRoot(this.node);
    this._refresher = new Refresher({
      refresh: () => this._refresh(),
      visible: () => this.isAttached && this._inView && document.visibilityState === 'visible'
    });
    this._unsubscribe = _services.feed.subscribe(changed => {
      if (this._model && !this._model.settled && concerns(changed, this._model.state.card?.workspace ?? '')) {
        this._refresher.touch();
      }
    });
    this._watchView();
  }

  renderModel(mime: IRenderMime.IMimeModel): Promise<void> {
    const card = parseCard(mime.data[this._mimeType] as ReadonlyJSONValue | undefined);
    if (card === null) {
      this._model = null;
      this._root.render(<p className="nbops-dim">{this._services.trans.__('This output holds no run.')}</p>);
      return Promise.resolve();
    }
    this._model = new RunModel(this._services.api, { runId: card.run.run_id, path: this._path(), card });
    this._root.render(<LiveCard key={card.run.run_id} model={this._model} services={this._services} />);
    this._refresher.touch();
    return Promise.resolve();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._unsubscribe();
    this._observer?.disconnect();
    this._refresher.dispose();
    // React must not be torn down while it is drawing.
    setTimeout(() => this._root.unmount(), 0);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._refresher.shown();
  }

  private async _refresh(): Promise<void> {
    if (this._model && !this._model.settled) {
      await this._model.refresh();
    }
  }

  /** A long notebook holds many cards; only those in view ask the server. */
  private _watchView(): void {
    if (typeof IntersectionObserver === 'undefined') {
      return;
    }
    this._inView = false;
    this._observer = new IntersectionObserver(entries => {
      this._inView = entries.some(entry => entry.isIntersecting);
      if (this._inView) {
        this._refresher.shown();
      }
    });
    this._observer.observe(this.node);
  }

  private _model: RunModel | null = null;
  private _inView = true;
  private _observer: IntersectionObserver | undefined;
  private readonly _root: Root;
  private readonly _refresher: Refresher;
  private readonly _unsubscribe: () => void;
}
