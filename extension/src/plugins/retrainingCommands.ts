import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import { createElement } from 'react';
import { type Args, text } from '../model/args';
import { PolicyView } from '../components/PolicyView';
import { pipelineChoices } from '../components/DraftFields';
import { policyWords } from '../model/monitorWords';
import { PolicyModel } from '../model/policy';
import type { IModelRef } from '../retraining';
import { CommandIDs } from '../tokens';
import { DraftTab } from '../widgets/draftTab';
import { Tabs } from '../widgets/tabs';
import { change } from './acting';
import { INbops } from './core';
import { INbopsPanel } from './panel';

/** The model that a command was called for; where it was called for none, the one that is chosen. */
async function named(
  args: Args,
  { trans }: INbops,
  { model: panel }: INbopsPanel,
  title: string
): Promise<IModelRef | null> {
  const path = text(args, 'path') || panel.models.state.path;
  if (text(args, 'model')) {
    return { path, model: text(args, 'model') };
  }
  await panel.models.refresh();
  const items = panel.models.state.models.map(one => one.name);
  if (items.length === 0) {
    Notification.info(trans.__('No model is registered here yet.'), { autoClose: 5000 });
    return null;
  }
  const chosen =
    items.length === 1
      ? items[0]
      : (await InputDialog.getItem({ title, label: trans.__('Model'), items })).value;
  return chosen ? { path, model: chosen } : null;
}

function addTab(app: JupyterFrontEnd, nbops: INbops, shown: INbopsPanel, tabs: Tabs): void {
  const { retraining, schedules, retrainingActions, registry, pipelineActions, feed, trans } = nbops;
  const { model: panel } = shown;
  app.commands.addCommand(CommandIDs.retraining, {
    label: trans.__('Retraining policy of a model…'),
    caption: trans.__('When a model is trained anew, what becomes of a better one, and what was decided'),
    execute: async args => {
      const ref = await named(args, nbops, shown, trans.__('Retraining policy'));
      if (!ref) {
        return;
      }
      const { path, model: name } = ref;
      if (panel.pipelines.state.items.length === 0) {
        await panel.pipelines.refresh();
      }
      tabs.open(encodeURIComponent(name), { path, model: name }, () => {
        const [pipeline = ''] = pipelineChoices(panel.pipelines.state.items, panel.workspace)[0] ?? [];
        const model = new PolicyModel(
          retraining,
          (place, cron, zone) => schedules.preview(place, cron, zone),
          path,
          name,
          { pipeline }
        );
        return new DraftTab(
          model,
          feed,
          () => trans.__('Retraining of %1', name),
          () =>
            createElement(PolicyView, {
              model,
              pipelines: panel.pipelines,
              root: () => panel.workspace,
              decision: typeof args['decision'] === 'number' ? args['decision'] : undefined,
              actions: retrainingActions,
              registry,
              pipelineActions,
              trans
            })
        );
      });
    }
  });
}

function addActs(app: JupyterFrontEnd, nbops: INbops, shown: INbopsPanel): void {
  const { retraining, registry, trans } = nbops;
  const refOf = (args: Args): IModelRef => ({ path: text(args, 'path'), model: text(args, 'model') });
  app.commands.addCommand(CommandIDs.restRetraining, {
    label: trans.__('Switch a retraining policy off or on'),
    execute: async args => {
      const [ref, paused] = [refOf(args), args['paused'] === true];
      const done = paused
        ? trans.__('%1 is not trained anew by itself until its policy is switched on.', ref.model)
        : trans.__('The policy of %1 counts from now on.', ref.model);
      if (ref.model) {
        await change(nbops, () => retraining.act(ref, paused ? 'pause' : 'resume'), done);
      }
    }
  });
  app.commands.addCommand(CommandIDs.removeRetraining, {
    label: trans.__('Delete a retraining policy…'),
    execute: async args => {
      const ref = refOf(args);
      const sure =
        ref.model !== '' &&
        (await registry.ask({
          title: trans.__('Delete the retraining policy of %1?', ref.model),
          text: trans.__('It is not trained anew by itself any more. What was decided stays.'),
          verb: trans.__('Delete'),
          reason: false,
          wordless: true,
          danger: true
        })) !== null;
      if (sure) {
        await change(
          nbops,
          () => retraining.remove(ref),
          trans.__('The policy of %1 is deleted.', ref.model)
        );
      }
    }
  });
  app.commands.addCommand(CommandIDs.retrain, {
    label: trans.__('Retrain now…'),
    caption: trans.__('Train a model anew, by its policy'),
    execute: async args => {
      const ref = await named(args, nbops, shown, trans.__('Retrain a model'));
      if (ref) {
        await retrain(nbops, ref);
      }
    }
  });
}

/** Say what the policy will do, and begin. */
async function retrain(nbops: INbops, ref: IModelRef): Promise<void> {
  const { retraining, retrainingActions, registry, trans } = nbops;
  const view = await retraining.view(ref).catch(() => null);
  if (!view?.policy) {
    Notification.warning(trans.__('No policy says how %1 is trained anew.', ref.model), {
      autoClose: 10_000,
      actions: [{ label: trans.__('Set a policy'), callback: () => retrainingActions.show(ref) }]
    });
    return;
  }
  const { policy } = view;
  const sure = await registry.ask({
    title: trans.__('Retrain %1 now?', policy.model),
    text: policyWords(policy, trans).slice(1).join(' '),
    verb: trans.__('Retrain'),
    reason: false,
    wordless: true
  });
  if (sure !== null) {
    await change(
      nbops,
      () => retraining.act(ref, 'now'),
      trans.__('%1 is trained anew by %2.', policy.model, policy.pipeline)
    );
  }
}

/** Commands about retraining. */
export const retrainingCommands: JupyterFrontEndPlugin<void> = {
  id: 'nbops-lab:retraining-commands',
  description: 'Sets, switches off and deletes policies of retraining; shows what was decided; retrains.',
  autoStart: true,
  requires: [INbops, INbopsPanel],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    nbops: INbops,
    panel: INbopsPanel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const tabs = new Tabs(app, 'nbops-retraining', restorer, CommandIDs.retraining);
    addTab(app, nbops, panel, tabs);
    addActs(app, nbops, panel);
    palette?.addItem({ command: CommandIDs.retraining, category: 'nbops' });
    palette?.addItem({ command: CommandIDs.retrain, category: 'nbops' });
  }
};
