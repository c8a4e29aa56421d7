import React, { useState } from 'react';
import type { IGovernance, IVersionTarget } from '../governance';
import { failureOf, sentence } from '../model/failure';
import type { ModelCard } from '../records';
import type { ITrans } from '../tokens';

interface ICardPartProps {
  readonly governance: IGovernance;
  readonly version: IVersionTarget;
  readonly trans: ITrans;
}

/** The model card, fetched when it is opened; what is missing is named first. */
export function CardPart({ governance, version, trans }: ICardPartProps): React.JSX.Element {
  const [card, setCard] = useState<ModelCard | null>(null);
  const [problem, setProblem] = useState('');
  const load = () =>
    governance.card(version).then(
      found => {
        setCard(found);
        setProblem('');
      },
      (reason: unknown) => setProblem(sentence(failureOf(reason), trans))
    );
  return (
    <details
      className="nbops-fold"
      onToggle={event => {
        if (event.currentTarget.open) {
          void load();
        }
      }}
    >
      <summary>{trans.__('Model card')}</summary>
      {problem && <p role="alert">{problem}</p>}
      {card && <Fields card={card} trans={trans} />}
    </details>
  );
}

function Fields({ card, trans }: { card: ModelCard; trans: ITrans }): React.JSX.Element {
  return (
    <>
      {card.missing.length > 0 && (
        <p className="nbops-warn">
          ▲ {trans.__('Missing and required: %1. Write them with nbops.card(…).', card.missing.join(', '))}
        </p>
      )}
      <dl className="nbops-card-fields">
        {card.fields.map(field => (
          <React.Fragment key={field.name}>
            <dt>{field.title}</dt>
            <dd className={field.text ? '' : 'nbops-dim'}>{field.text || trans.__('not written')}</dd>
          </React.Fragment>
        ))}
      </dl>
    </>
  );
}
