import React from 'react';
import type { IFailure } from '../model/failure';
import type { ITrans } from '../tokens';

interface IFailureProps {
  readonly failure: IFailure;
  readonly onRetry: () => void;
  readonly trans: ITrans;
}

/** What the server said, what to do, and a way to try again. */
export function Failure({ failure, onRetry, trans }: IFailureProps): React.JSX.Element {
  const absent = failure.status === 404 && !failure.hint;
  return (
    <div className="nbops-failure" role="alert">
      <span className="nbops-bad">✕ {failure.message || trans.__('The server did not answer.')}</span>{' '}
      {absent ? trans.__('Is the server extension nbops_lab enabled?') : failure.hint}{' '}
      <button type="button" className="nbops-quiet" onClick={onRetry}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}
