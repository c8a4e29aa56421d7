import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';

/** Opens widgets in tabs of the main area, each only once, and again after a reload. */
export class Tabs {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _namespace: string,
    restorer: ILayoutRestorer | null,
    command: string
  ) {
    this._tracker = new WidgetTracker<MainAreaWidget<Widget>>({ namespace: _namespace });
    if (restorer) {
      void restorer.restore(this._tracker, {
        command,
        args: widget => this._args.get(widget.id) ?? {},
        name: widget => widget.id
      });
    }
  }

  /**
   * Show the tab of a key; `make` is called where there is none, `args` is what the command needs to make it again.
   * With `below` a new tab goes below what is in front.
   */
  open(key: string, args: ReadonlyPartialJSONObject, make: () => Widget, below = false): void {
    const id = `${this._namespace}-${key}`;
    let tab = this._find(key);
    if (!tab) {
      tab = new MainAreaWidget<Widget>({ content: make() });
      tab.id = id;
      tab.toolbar.hide();
      this._args.set(id, args);
      tab.disposed.connect(() => this._args.delete(id));
      this._app.shell.add(tab, 'main', below ? { mode: 'split-bottom' } : undefined);
      void this._tracker.add(tab);
    }
    this._app.shell.activateById(id);
  }

  /** What the command of a tab needs from now on to make it again. */
  update(key: string, args: ReadonlyPartialJSONObject): void {
    const tab = this._find(key);
    if (tab) {
      this._args.set(tab.id, args);
      void this._tracker.save(tab);
    }
  }

  /** Close the tab of a key, if there is one. */
  close(key: string): void {
    this._find(key)?.close();
  }

  private _find(key: string): MainAreaWidget<Widget> | undefined {
    return this._tracker.find(widget => widget.id === `${this._namespace}-${key}`);
  }

  private readonly _tracker: WidgetTracker<MainAreaWidget<Widget>>;
  private readonly _args = new Map<string, ReadonlyPartialJSONObject>();
}
