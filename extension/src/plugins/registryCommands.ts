import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { type Args, text } from '../model/args';
import type { ILineageActions } from '../components/LineageView';
import type { Act, IVersionTarget } from '../governance';
import { failureOf, sentence } from '../model/failure';
import { LineageModel } from '../model/lineage';
import { nodeTarget } from '../model/nodes';
import { PromotionModel } from '../model/promotion';
import { CommandIDs } from '../tokens';
import { LineageTab } from '../widgets/lineageTab';
import { PromotionTab } from '../widgets/promotionTab';
import { Tabs } from '../widgets/tabs';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** The version a command is about: the one named, else the newest of the first model listed. */
function versionOf(args: Args, { model }: INbopsPanel): IVersionTarget | null {
  const { models, path } = model.models.state;
  const name = text(args, 'name') || models[0]?.name;
  const newest = models.find(one => one.name === name)?.versions[0]?.version;
  const version = Number(text(args, 'version') || newest);
  return name && Number.isInteger(version) ? { path: text(args, 'path') || path, name, version } : null;
}

/** Do something with a version after asking for a reason, and tell how it ended. */
async function actOn(
  { governance, feed, registry, trans }: INbops,
  version: IVersionTarget,
  act: Act,
  question: { title: string; text: string; verb: string; done: string; target?: string }
): Promise<void> {
  const reason = await registry.ask({ ...question, reason: true, danger: true });
  if (reason === null) {
    return;
  }
  const { target } = question;
  try {
    await governance.act(version, act, target ? { reason, target } : { reason });
    feed.local();
    Notification.success(question.done, { autoClose: 5000 });
  } catch (failure) {
    Notification.error(sentence(failureOf(failure), trans), { autoClose: false });
  }
}

function addTabs(
  app: JupyterFrontEnd,
  nbops: INbops,
  panel: INbopsPanel,
  restorer: ILayoutRestorer | null
): void {
  const { api, governance, feed, registry, actions, trans } = nbops;
  const shown = new Map<string, PromotionModel>();
  const promotions = new Tabs(app, 'nbops-promotion', restorer, CommandIDs.promote);
  const lineages = new Tabs(app, 'nbops-lineage', restorer, CommandIDs.lineage);
  app.commands.addCommand(CommandIDs.promote, {
    label: trans.__('Promote a version…'),
    caption: trans.__('Candidate against holder: gates, what changed, approvals'),
    execute: args => {
      const version = versionOf(args, panel);
      if (!version) {
        Notification.info(trans.__('There is no registered model yet.'));
        return;
      }
      const wanted = { ...version, target: text(args, 'target') || 'Production' };
      // The tab can turn to another target, so that is not part of what it is known by.
      const key = `${version.name}-${version.version}`;
      const known = shown.get(key);
      promotions.open(key, { ...wanted }, () => {
        const model = new PromotionModel(
          governance,
          wanted,
          async () => (await api.status(wanted.path)).readonly
        );
        const tab = new PromotionTab({ model, governance, actions: registry, trans }, feed);
        shown.set(key, model);
        tab.disposed.connect(() => shown.delete(key));
        return tab;
      });
      if (known && text(args, 'target') && known.state.wanted.target !== wanted.target) {
        void known.choose(wanted.target);
      }
    }
  });
  app.commands.addCommand(CommandIDs.lineage, {
    label: trans.__('Show the lineage'),
    caption: trans.__('What a model came from and what came from it'),
    execute: args => {
      const version = versionOf(args, panel);
      const start = text(args, 'start') || (version ? `${version.name}@${version.version}` : '');
      const path = text(args, 'path') || panel.model.models.state.path;
      if (!start) {
        Notification.info(trans.__('There is no registered model yet.'));
        return;
      }
      lineages.open(encodeURIComponent(start), { path, start }, () => {
        const model = new LineageModel(governance, path, start);
        const opened: ILineageActions = {
          canOpen: node => nodeTarget(node, path) !== null,
          open: node => {
            const target = nodeTarget(node, path);
            if (target?.kind === 'run') {
              actions.openTab(target, false);
            } else if (target?.kind === 'cell') {
              actions.jumpToCell(target);
            } else if (target?.kind === 'version') {
              registry.openPromotion(target);
            }
          }
        };
        return new LineageTab({ model, actions: opened, trans });
      });
    }
  });
}

function addVersionCommands(
  { commands }: JupyterFrontEnd,
  nbops: INbops,
  panel: INbopsPanel,
  notebooks: INotebookTracker
): void {
  const { trans } = nbops;
  const onVersion = (args: Args, run: (version: IVersionTarget) => Promise<void>) => {
    const version = versionOf(args, panel);
    return version ? run(version) : Notification.info(trans.__('There is no registered model yet.'));
  };
  commands.addCommand(CommandIDs.archiveVersion, {
    label: trans.__('Archive a version…'),
    execute: args =>
      onVersion(args, version =>
        actOn(nbops, version, 'archive', {
          title: trans.__('Archive %1 v%2?', version.name, version.version),
          text: trans.__('It stays whole and can be loaded, and says that it is not for use any more.'),
          verb: trans.__('Archive'),
          done: trans.__('%1 v%2 is archived.', version.name, version.version)
        })
      )
  });
  commands.addCommand(CommandIDs.allowPickle, {
    label: trans.__('Allow a pickled version to be loaded…'),
    execute: args =>
      onVersion(args, version =>
        actOn(nbops, version, 'approve', {
          title: trans.__('Allow %1 v%2 to be loaded?', version.name, version.version),
          text: trans.__('It is stored as a pickle: loading it runs whatever code is in it.'),
          verb: trans.__('Allow'),
          done: trans.__('%1 v%2 may be loaded.', version.name, version.version),
          target: 'load:pickle'
        })
      )
  });
  commands.addCommand(CommandIDs.insertLoad, {
    label: trans.__('Insert code that loads the version'),
    isEnabled: () => notebooks.currentWidget !== null,
    execute: args => {
      const content = notebooks.currentWidget?.content;
      const version = versionOf(args, panel);
      if (!content?.model || !version) {
        Notification.info(trans.__('Open a notebook first: the code goes below its active cell.'));
        return;
      }
      const name = JSON.stringify(version.name);
      const source = `from nbops import registry\n\nmodel = registry.load_model(${name}, ${version.version})`;
      const at = content.activeCellIndex + 1;
      content.model.sharedModel.insertCell(at, { cell_type: 'code', source, metadata: {} });
      content.activeCellIndex = at;
    }
  });
  commands.addCommand(CommandIDs.verifyAudit, {
    label: trans.__('Verify the audit log'),
    execute: async () => {
      await panel.model.audit.verify();
      const { verdict, failure } = panel.model.audit.state;
      if (failure) {
        Notification.error(sentence(failure, trans), { autoClose: false });
      } else if (verdict?.ok) {
        Notification.success(trans.__('Audit log and registry agree: %1 events.', verdict.events), {
          autoClose: 5000
        });
      } else if (verdict) {
        const [first] = verdict.problems;
        Notification.error(trans.__('The audit log is broken: %1', first?.message ?? ''), {
          autoClose: false
        });
      }
    }
  });
}

/** Commands about registered versions. */
export const registryCommands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:registry-commands',
  description: 'Promotes versions, shows their lineage, verifies the audit log.',
  autoStart: true,
  requires: [INbops, INbopsPanel, INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    nbops: INbops,
    panel: INbopsPanel,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    addTabs(app, nbops, panel, restorer);
    addVersionCommands(app, nbops, panel, notebooks);
    for (const command of [
      CommandIDs.promote,
      CommandIDs.lineage,
      CommandIDs.archiveVersion,
      CommandIDs.insertLoad,
      CommandIDs.verifyAudit
    ]) {
      palette?.addItem({ command, category: 'nbops' });
    }
  }
};
