import React from 'react';
import { diffLines } from '../model/diff';
import type { ITrans } from '../tokens';

/** Source with line numbers, which are not copied with it. */
export function Code({ source, label }: { source: string; label: string }): React.JSX.Element {
  return (
    <pre className="nbops-code" aria-label={label} tabIndex={0}>
      {source.split('\n').map((text, i) => (
        <span key={i} className="nbops-code-line" data-line={i + 1}>
          {text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

/** What was taken out and put in between two sources; the signs say it without colour. */
export function CodeDiff(props: { before: string; after: string; trans: ITrans }): React.JSX.Element {
  const { before, after, trans } = props;
  if (before === after) {
    return <p className="nbops-dim">{trans.__('The code is the same.')}</p>;
  }
  const tone = { '-': 'nbops-removed', '+': 'nbops-added', ' ': '' };
  return (
    <pre className="nbops-code" aria-label={trans.__('Code before and after')} tabIndex={0}>
      {diffLines(before, after).map((line, i) => (
        <span key={i} className={`nbops-code-line ${tone[line.sign]}`} data-line={line.sign}>
          {line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

/** A unified diff as it is, each line marked by its sign; the names of the files are left out. */
export function UnifiedDiff({ text, label }: { text: string; label: string }): React.JSX.Element {
  const lines = text.split('\n').filter(line => !/^(---|\+\+\+) /.test(line));
  const tone = (line: string) =>
    line.startsWith('-') ? 'nbops-removed' : line.startsWith('+') ? 'nbops-added' : '';
  return (
    <pre className="nbops-code" aria-label={label} tabIndex={0}>
      {lines.map((line, i) => (
        <span key={i} className={`nbops-code-line ${tone(line)}`} data-line={line.slice(0, 1)}>
          {line.startsWith('@@') ? line : line.slice(1)}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
