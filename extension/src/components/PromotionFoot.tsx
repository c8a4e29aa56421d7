import React, { useEffect, useId, useState } from 'react';
import { decisions, standingWords, type IDecision } from '../model/decision';
import { shortDigest } from '../model/format';
import type { Busy } from '../model/promotion';
import type { PromotionView } from '../records';
import type { ITrans } from '../tokens';
import { useStore } from './hooks';
import type { IBodyProps } from './Promotion';

/** What is said about it and what can be done. */
export function PromotionFoot(props: IBodyProps): React.JSX.Element {
  const { view, model, trans } = props;
  const { busy, refusal, done, readonly } = useStore(model);
  const [comment, setComment] = useState('');
  const id = useId();
  useEffect(() => {
    if (done !== '' && done !== 'gates') {
      setComment('');
    }
  }, [done]);
  const todo = decisions(view, readonly, trans);
  const said = doneWords(done, view, trans);
  return (
    <footer className="nbops-foot">
      <textarea
        rows={2}
        aria-label={trans.__('Comment or reason')}
        placeholder={trans.__('Comment or reason; it goes into the audit log')}
        value={comment}
        onChange={event => setComment(event.target.value)}
      />
      <div className="nbops-decisions" role="group" aria-label={trans.__('Decisions')}>
        {todo.map(one => (
          <DecisionButton
            key={one.act}
            {...{ decision: one, busy, id }}
            onClick={() => void decide(props, one, comment)}
          />
        ))}
        <span className="nbops-push nbops-dim nbops-mono nbops-prints">
          {trans.__('artifact %1', shortDigest(view.digest))}
          {view.report && ` · ${trans.__('gates %1', shortDigest(view.report.digest))}`}
          {view.audit_seq > 0 && ` · ${trans.__('audit #%1', view.audit_seq)}`} ·{' '}
          {trans.__('you are %1', view.me.name)}
        </span>
      </div>
      <p role="status" className="nbops-done">
        {busy === 'gates'
          ? trans.__('The gates are being run. You can go on with something else.')
          : busy !== ''
            ? trans.__('Working…')
            : said}
      </p>
      {refusal && (
        <p role="alert" className="nbops-bad">
          ✕ {refusal.message} {refusal.hint}
        </p>
      )}
    </footer>
  );
}

function DecisionButton(props: {
  decision: IDecision;
  busy: Busy;
  id: string;
  onClick: () => void;
}): React.JSX.Element {
  const { decision, busy, id, onClick } = props;
  const { act, label, against, primary } = decision;
  const note = `${id}-${act}`;
  return (
    <>
      <button
        type="button"
        className={primary ? 'nbops-primary' : ''}
        // Still to be found with the keyboard, so that its reason can be heard.
        aria-disabled={against !== '' || busy !== ''}
        aria-describedby={against ? note : undefined}
        title={against}
        onClick={() => (against === '' && busy === '' ? onClick() : undefined)}
      >
        {label}
      </button>
      {against && (
        <span id={note} className="nbops-hidden">
          {against}
        </span>
      )}
    </>
  );
}

async function decide(props: IBodyProps, { act, reason, label }: IDecision, comment: string): Promise<void> {
  const { view, model, actions, trans } = props;
  if (act === 'gates') {
    await model.runGates();
    return;
  }
  let words: string | null = comment.trim();
  if (act === 'promote') {
    words = await actions.ask({
      title: trans.__('Promote %1 v%2 to %3?', view.model, view.version, view.target),
      text: consequence(view, trans),
      verb: trans.__('Promote'),
      reason: false,
      given: words
    });
  } else if (reason && words === '') {
    words = await actions.ask({
      title: label,
      text: trans.__('%1 v%2 will not go to %3 by this request.', view.model, view.version, view.target),
      verb: trans.__('Reject'),
      reason: true,
      danger: true
    });
  }
  if (words !== null && (await model.act(act, words, undefined, view))) {
    actions.changed();
  }
}

/** What a promotion would change, who would do it, and what it rests on. */
export function consequence(view: PromotionView, trans: ITrans): string {
  const moves =
    view.holder === null
      ? trans.__('Nobody holds %1 now.', view.target)
      : trans.__('It takes %1 from v%2.', view.target, view.holder);
  const gates = view.report
    ? trans._n(
        '%1 gate passed.',
        '%1 gates passed.',
        view.report.gates.filter(g => g.verdict === 'passed').length
      )
    : trans.__('No gates are declared.');
  const given = standingWords(view)
    .filter(one => one.verdict === 'approve')
    .map(one => one.actor);
  const approved = given.length > 0 ? trans.__('Approved by %1.', [...new Set(given)].join(', ')) : '';
  return [moves, gates, approved, trans.__('You act as %1.', view.me.name)].filter(Boolean).join(' ');
}

function doneWords(done: Busy, view: PromotionView, trans: ITrans): string {
  const words: Record<Busy, string> = {
    '': '',
    gates: trans.__('The gates have been run.'),
    request: trans.__('Approval has been asked for.'),
    approve: trans.__('Approved.'),
    reject: trans.__('Rejected.'),
    withdraw: trans.__('The request has been withdrawn.'),
    promote: trans.__('%1 v%2 holds %3.', view.model, view.version, view.target),
    rollback: trans.__('%1 v%2 holds %3 again.', view.model, view.holder ?? '', view.target),
    archive: trans.__('Archived.')
  };
  return words[done];
}
