import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { LineageView, type ILineageProps } from '../components/LineageView';
import { nbopsIcon } from '../icons';

/** What a model came from and what came from it, in a tab of the main area. */
export class LineageTab extends ReactWidget {
  constructor(private readonly _props: ILineageProps) {
    super();
    const { model, trans } = _props;
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    const name = (): void => {
      this.title.label = trans.__('Lineage of %1', model.state.start);
    };
    name();
    this._leave = model.subscribe(name);
    void model.refresh();
  }

  override dispose(): void {
    this._leave();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <LineageView {...this._props} />;
  }

  protected override onActivateRequest(): void {
    const first = this.node.querySelector<HTMLElement>('[tabindex="0"]');
    if (first) {
      first.focus();
    } else {
      this.node.tabIndex = -1;
      this.node.focus();
    }
  }

  private readonly _leave: () => void;
}
