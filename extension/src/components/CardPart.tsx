import React, { useState } from 'react';
import type { IGovernance, IVersionTarget } from '../governance';
import { failureOf, sentence } from '../model/failure';
import type { CardField, ModelCard } from '../records';
import type { ITrans } from '../tokens';

interface ICardPartProps {
  readonly governance: IGovernance;
  readonly version: IVersionTarget;
  readonly readonly: boolean;
  readonly onWritten: () => void;
  readonly trans: ITrans;
}

/** The model card, fetched when it is opened; what is missing is named first, what people write can be written. */
export function CardPart(props: ICardPartProps): React.JSX.Element {
  const { governance, version, readonly, onWritten, trans } = props;
  const [card, setCard] = useState<ModelCard | null>(null);
  const [problem, setProblem] = useState('');
  const [writing, setWriting] = useState(false);
  const take = (answer: Promise<ModelCard>) =>
    answer.then(
      found => {
        setCard(found);
        setProblem('');
        setWriting(false);
        return true;
      },
      (reason: unknown) => {
        setProblem(sentence(failureOf(reason), trans));
        return false;
      }
    );
  const save = async (texts: Record<string, string>) => {
    if (await take(governance.writeCard(version, texts))) {
      onWritten();
    }
  };
  return (
    <details
      className="nbops-fold"
      onToggle={event => {
        if (event.currentTarget.open && !writing) {
          void take(governance.card(version));
        }
      }}
    >
      <summary>{trans.__('Model card')}</summary>
      {problem && (
        <p role="alert" className="nbops-bad">
          ✕ {problem}
        </p>
      )}
      {card && writing && (
        <CardForm card={card} onSave={save} onCancel={() => setWriting(false)} trans={trans} />
      )}
      {card && !writing && (
        <>
          <Fields card={card} trans={trans} />
          {!readonly && (
            <button type="button" onClick={() => setWriting(true)}>
              {trans.__('Write the card…')}
            </button>
          )}
        </>
      )}
    </details>
  );
}

function Fields({ card, trans }: { card: ModelCard; trans: ITrans }): React.JSX.Element {
  const missing = card.missing.map(name => card.fields.find(field => field.name === name)?.title ?? name);
  return (
    <>
      {missing.length > 0 && (
        <p className="nbops-warn">▲ {trans.__('Missing and required: %1.', missing.join(', '))}</p>
      )}
      <dl className="nbops-card-fields">
        {card.fields.map(field => (
          <React.Fragment key={field.name}>
            <dt>{field.title}</dt>
            <dd className={field.text ? '' : 'nbops-dim'}>
              {field.text || (field.generated ? trans.__('not known') : trans.__('not written'))}
            </dd>
          </React.Fragment>
        ))}
      </dl>
    </>
  );
}

interface ICardFormProps {
  readonly card: ModelCard;
  readonly onSave: (texts: Record<string, string>) => Promise<void>;
  readonly onCancel: () => void;
  readonly trans: ITrans;
}

/** What only people can say; the rest is generated. */
function CardForm({ card, onSave, onCancel, trans }: ICardFormProps): React.JSX.Element {
  const fields = card.fields.filter(field => !field.generated);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const textOf = (field: CardField) => texts[field.name] ?? field.text;
  const changed = Object.fromEntries(
    fields.filter(field => textOf(field) !== field.text).map(field => [field.name, textOf(field)])
  );
  return (
    <form
      className="nbops-card-form"
      onSubmit={event => {
        event.preventDefault();
        void onSave(changed);
      }}
    >
      {fields.map(field => (
        <label key={field.name}>
          {field.required ? trans.__('%1 (required)', field.title) : field.title}
          <textarea
            rows={2}
            value={textOf(field)}
            onChange={event => setTexts({ ...texts, [field.name]: event.target.value })}
          />
        </label>
      ))}
      <div className="nbops-decisions">
        <button type="submit" className="nbops-primary">
          {trans.__('Save the card')}
        </button>
        <button type="button" onClick={onCancel}>
          {trans.__('Cancel')}
        </button>
      </div>
    </form>
  );
}
