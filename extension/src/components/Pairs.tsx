import React from 'react';

interface IPairsProps {
  readonly label: string;
  readonly head: readonly [string, string];
  readonly pairs: readonly (readonly [string, React.ReactNode])[];
}

/** A table of names and values. */
export function Pairs({ label, head, pairs }: IPairsProps): React.JSX.Element {
  return (
    <table className="nbops-table" aria-label={label}>
      <thead className="nbops-hidden">
        <tr>
          <th scope="col">{head[0]}</th>
          <th scope="col">{head[1]}</th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A part of a run's detail that can be folded. */
export function Fold(props: {
  name: string;
  note?: string;
  open?: boolean;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <details className="nbops-fold" open={props.open}>
      <summary>
        {props.name} {props.note && <span className="nbops-dim">{props.note}</span>}
      </summary>
      {props.children}
    </details>
  );
}
