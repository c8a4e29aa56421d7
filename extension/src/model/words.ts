import type { Delivery, Run, RunStatus } from '../records';
import type { ITrans } from '../tokens';

/** A state told by shape and word; the tone adds colour. */
export interface ISign {
  readonly shape: string;
  readonly word: string;
  readonly title: string;
  readonly tone: 'good' | 'bad' | 'warn' | 'busy' | 'dim';
}

/** How a run's state looks. */
export function statusSign(status: RunStatus, trans: ITrans): ISign {
  switch (status) {
    case 'RUNNING':
      return { shape: '◐', word: trans.__('running'), title: trans.__('The run goes on.'), tone: 'busy' };
    case 'FAILED':
      return {
        shape: '✕',
        word: trans.__('failed'),
        title: trans.__('The cell raised an error.'),
        tone: 'bad'
      };
    case 'KILLED':
      return {
        shape: '■',
        word: trans.__('killed'),
        title: trans.__('The run was interrupted or its kernel ended.'),
        tone: 'warn'
      };
    default:
      return { shape: '●', word: trans.__('finished'), title: trans.__('The run ended well.'), tone: 'good' };
  }
}

const DELIVERY: Record<Delivery, (run: Run, trans: ITrans) => ISign> = {
  pending: (_, trans) => ({
    shape: '◌',
    word: trans.__('recorded'),
    title: trans.__('Safe on this machine, on its way to the ledger and to MLflow.'),
    tone: 'dim'
  }),
  ledger: (_, trans) => ({
    shape: '◑',
    word: trans.__('in the ledger'),
    title: trans.__('In the ledger, on its way to MLflow.'),
    tone: 'dim'
  }),
  delivered: (run, trans) => ({
    shape: '●',
    word: trans.__('delivered'),
    title: run.mlflow_run_id ? trans.__('In MLflow as run %1.', run.mlflow_run_id) : trans.__('In MLflow.'),
    tone: 'good'
  }),
  failed: (run, trans) => ({
    shape: '▲',
    word: trans.__('not delivered'),
    title: run.delivery_error || trans.__('MLflow does not take it yet; nbops keeps trying.'),
    tone: 'warn'
  })
};

/** How far a run has come on its way to MLflow. */
export function deliverySign(run: Run, trans: ITrans): ISign {
  return (DELIVERY[run.delivery] ?? DELIVERY.pending)(run, trans);
}
