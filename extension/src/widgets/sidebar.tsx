import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { Panel, type IPanelProps } from '../components/Panel';
import { nbopsIcon } from '../icons';

/** The panel in JupyterLab's sidebar. */
export class Sidebar extends ReactWidget {
  constructor(private readonly _props: IPanelProps) {
    super();
    this.id = 'nbops-panel';
    this.title.icon = nbopsIcon;
    this.title.caption = _props.trans.__('nbops: runs, models and pipelines');
    this.addClass('nbops-sidebar');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'nbops');
  }

  protected override render(): React.JSX.Element {
    return <Panel {...this._props} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._props.model.shown();
  }

  protected override onActivateRequest(): void {
    // What was asked for in it has the focus already.
    if (this.node.contains(document.activeElement)) {
      return;
    }
    const find = (selector: string) => this.node.querySelector<HTMLElement>(selector);
    (find('[role=listbox]') ?? find('input') ?? find('button'))?.focus();
  }
}
