import React from 'react';
import type { ReportModel } from '../model/report';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useStore } from './hooks';
import { themed } from './LogView';

interface IReportProps {
  readonly model: ReportModel;
  readonly dark: boolean;
  readonly trans: ITrans;
}

/** A report as a page in a frame that runs no scripts and asks for nothing. */
export function ReportView({ model, dark, trans }: IReportProps): React.JSX.Element {
  const { html, failure, title } = useStore(model);
  return (
    <article className="nbops-log" aria-label={title}>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!html && !failure && (
        <p className="nbops-empty" role="status">
          {trans.__('Loading the report…')}
        </p>
      )}
      {html && <iframe title={title} sandbox="" srcDoc={themed(html, dark)} />}
    </article>
  );
}
