import type { Act } from '../governance';
import type { Approval, Obstacle, PromotionView } from '../records';
import { toNumber } from './format';
import type { ITrans } from '../tokens';

/** A button of the promotion panel. */
export interface IDecision {
  readonly act: Act | 'gates';
  readonly label: string;
  /** The next step; at most one is. */
  readonly primary: boolean;
  /** Why it cannot be done now; empty if it can. */
  readonly against: string;
  /** Whether it needs a reason in words. */
  readonly reason: boolean;
}

/** Whether gates have to be evaluated before anything else. */
export function gatesMissing(view: PromotionView): boolean {
  return !view.report_current && view.obstacles.some(one => one.kind === 'gates');
}

/** What people have said about this very version since it was asked for or last placed. */
export function standingWords(view: PromotionView): readonly Approval[] {
  const { approvals, digest, history, request, version } = view;
  const placed = history.filter(one => one.version === version).map(one => toNumber(one.at));
  const since = Math.max(...placed, request?.status === 'open' ? toNumber(request.requested_at) : -Infinity);
  const said = approvals.filter(one => one.digest === digest && toNumber(one.at) >= since);
  // A rejection takes back what was said before it.
  const last = said.map(one => one.verdict).lastIndexOf('reject');
  return last < 0 ? said : said.slice(last);
}

/** What can be done about a promotion now, the next step marked; where the server is read-only, nothing can. */
export function decisions(view: PromotionView, readonly: boolean, trans: ITrans): readonly IDecision[] {
  const found = possible(view, trans);
  const against = trans.__('nbops is read-only here.');
  return readonly ? found.map(one => ({ ...one, primary: false, against })) : found;
}

function possible(view: PromotionView, trans: ITrans): readonly IDecision[] {
  const { policy, request, target, me } = view;
  const holds = view.holder === view.version;
  const open = request?.status === 'open' ? request : null;
  const approved = standingWords(view).some(one => one.verdict === 'approve' && one.actor === me.name);
  const asks = policy.approvals > 0 || open !== null;
  const missing = gatesMissing(view);
  const ready = view.obstacles.length === 0;
  const lacking = view.obstacles.some(one => one.kind === 'approvals');
  const approves = asks && !approved && !holds && view.can_approve === '';
  const decision = (act: IDecision['act'], label: string, more: Partial<IDecision> = {}): IDecision => ({
    act,
    label,
    primary: false,
    against: '',
    reason: false,
    ...more
  });
  const found: (IDecision | false)[] = [
    !holds &&
      decision('promote', trans.__('Promote to %1', target), {
        primary: ready,
        against: view.obstacles[0]?.message ?? ''
      }),
    asks &&
      !approved &&
      !holds &&
      decision('approve', trans.__('Approve'), {
        primary: !missing && lacking && approves,
        against: view.can_approve
      }),
    policy.approvals > 0 &&
      open === null &&
      !holds &&
      lacking &&
      decision('request', trans.__('Request approval'), { primary: !missing && !approves }),
    open !== null && decision('reject', trans.__('Reject…'), { reason: true }),
    open !== null && open.requested_by === me.name && decision('withdraw', trans.__('Withdraw the request')),
    (view.report !== null || missing) &&
      decision('gates', view.report ? trans.__('Run the gates again') : trans.__('Run the gates'), {
        primary: missing && !holds
      })
  ];
  return found.filter((one): one is IDecision => one !== false);
}

/** How far approvals have come, in words; empty if none are needed. */
export function approvalState(view: PromotionView, trans: ITrans): string {
  const { approvals } = view.policy;
  return approvals > 0 && view.holder !== view.version
    ? trans.__('approval %1 of %2', Math.min(view.approved, approvals), approvals)
    : '';
}

/** What stands against it and is not said elsewhere in the panel: by the table of gates, or by the headline. */
export function openObstacles(view: PromotionView): readonly Obstacle[] {
  return view.holder === view.version
    ? []
    : view.obstacles.filter(
        one =>
          !(one.kind === 'gates' && view.report !== null) &&
          !view.headline.toLowerCase().includes(one.message.toLowerCase())
      );
}

/** A fragment of the server as a sentence of its own. */
export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
