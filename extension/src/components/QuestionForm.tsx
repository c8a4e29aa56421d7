import React, { useId, useState } from 'react';
import type { IQuestion } from '../governance';
import type { ITrans } from '../tokens';

interface IQuestionFormProps {
  readonly question: IQuestion;
  readonly onChange: (reason: string) => void;
  readonly trans: ITrans;
}

/** What is about to change, and room for the reason. */
export function QuestionForm({ question, onChange, trans }: IQuestionFormProps): React.JSX.Element {
  const id = useId();
  const [reason, setReason] = useState(question.given ?? '');
  return (
    <div className="nbops-form">
      <p className="nbops-question" id={id}>
        {question.text}
      </p>
      {!question.wordless && (
        <label>
          {question.reason ? trans.__('Reason (needed)') : trans.__('Reason (optional)')}
          <input
            required={question.reason}
            aria-describedby={id}
            value={reason}
            onChange={event => {
              setReason(event.target.value);
              onChange(event.target.value);
            }}
          />
        </label>
      )}
    </div>
  );
}
