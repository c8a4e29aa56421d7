import type { IThemeManager } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { ReportView } from '../components/ReportView';
import { nbopsIcon } from '../icons';
import type { ReportModel } from '../model/report';
import type { ITrans } from '../tokens';

/** A report, in a tab of the main area. */
export class ReportTab extends ReactWidget {
  constructor(
    private readonly _model: ReportModel,
    private readonly _themes: IThemeManager | null,
    private readonly _trans: ITrans
  ) {
    super();
    this.addClass('nbops-run-tab');
    this.title.icon = nbopsIcon;
    this.title.label = _model.state.title;
    _themes?.themeChanged.connect(this._onTheme);
    void _model.refresh();
  }

  override dispose(): void {
    this._themes?.themeChanged.disconnect(this._onTheme);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const themes = this._themes;
    const dark = themes?.theme ? !themes.isLight(themes.theme) : false;
    return <ReportView model={this._model} dark={dark} trans={this._trans} />;
  }

  protected override onActivateRequest(): void {
    this.node.tabIndex = -1;
    this.node.focus();
  }

  private readonly _onTheme = (): void => this.update();
}
