import React, { useId } from 'react';

interface ISectionProps {
  readonly name: string;
  /** Which one it is, whatever the language. */
  readonly part: string;
  readonly open: boolean;
  readonly onToggle: () => void;
  /** What stands at the right of the heading. */
  readonly aside?: React.ReactNode;
  readonly className: string;
  readonly children: React.ReactNode;
}

/** One section of the accordion. */
export function Section(props: ISectionProps): React.JSX.Element {
  const id = useId();
  return (
    <section
      data-part={props.part}
      className={`nbops-section ${props.className} ${props.open ? 'nbops-open' : ''}`}
    >
      <div className="nbops-section-head">
        <h2>
          <button type="button" aria-expanded={props.open} aria-controls={id} onClick={props.onToggle}>
            <span aria-hidden="true">{props.open ? '▾' : '▸'}</span> {props.name}
          </button>
        </h2>
        {props.aside}
      </div>
      <div id={id} className="nbops-section-body" hidden={!props.open}>
        {props.open && props.children}
      </div>
    </section>
  );
}
