import React, { useState } from 'react';
import { formatCount, formatMoment } from '../model/format';
import { NODE, type LineageModel, type Side } from '../model/lineage';
import type { LineageNode } from '../records';
import type { ITrans } from '../tokens';
import { bounded, STEP, useCanvas } from './canvas';
import { Failure } from './Failure';
import { useStore } from './hooks';
import { kindWord, LineageGraph } from './LineageGraph';
import { Fold, Pairs } from './Pairs';

/** What a node leads to. */
export interface ILineageActions {
  /** Whether there is something to open for a node. */
  canOpen(node: LineageNode): boolean;
  open(node: LineageNode): void;
}

export interface ILineageProps {
  readonly model: LineageModel;
  readonly actions: ILineageActions;
  readonly trans: ITrans;
}

/** What a model came from and what came from it: a graph, the facts of one node, and all of it as a table. */
export function LineageView(props: ILineageProps): React.JSX.Element {
  const { model, actions, trans } = props;
  const { lineage, failure, loading, shown, start, layout, selected } = useStore(model);
  const [zoom, setZoom] = useState(1);
  const canvas = useCanvas(layout, NODE, selected, zoom, setZoom);
  return (
    <article className="nbops-lineage" aria-label={trans.__('Lineage of %1', start)} aria-busy={loading}>
      <Head {...props} zoom={zoom} onZoom={value => setZoom(bounded(value))} />
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!lineage && loading && <p role="status">{trans.__('Loading the lineage…')}</p>}
      {lineage?.truncated && (
        <p className="nbops-warn">
          ▲ {trans.__('There is more than can be shown; only what is nearest is.')}
        </p>
      )}
      {lineage && shown.length === 0 && <p className="nbops-empty">{trans.__('Nothing is known of it.')}</p>}
      {shown.length > 0 && (
        <>
          <div className="nbops-lineage-body">
            <div className="nbops-canvas" ref={canvas}>
              <LineageGraph
                {...{ model, zoom, trans }}
                onOpen={node => actions.canOpen(node) && actions.open(node)}
              />
            </div>
            <NodeFacts {...props} />
          </div>
          <AsTable model={model} trans={trans} />
        </>
      )}
    </article>
  );
}

function Head(props: ILineageProps & { zoom: number; onZoom: (value: number) => void }): React.JSX.Element {
  const { model, trans, zoom, onZoom } = props;
  const { start, side, shown, edges } = useStore(model);
  return (
    <header className="nbops-lineage-head">
      <h2>{trans.__('Lineage of %1', start)}</h2>
      <span className="nbops-dim" role="status">
        {trans.__('%1 things, %2 steps', formatCount(shown.length), formatCount(edges.length))}
      </span>
      <span className="nbops-push nbops-tools">
        <select
          aria-label={trans.__('Which part')}
          value={side}
          onChange={event => model.show(event.target.value as Side)}
        >
          <option value="both">{trans.__('all of it')}</option>
          <option value="before">{trans.__('what it came from')}</option>
          <option value="after">{trans.__('what came from it')}</option>
        </select>
        <button type="button" aria-label={trans.__('Smaller')} onClick={() => onZoom(zoom / STEP)}>
          −
        </button>
        <button type="button" aria-label={trans.__('Larger')} onClick={() => onZoom(zoom * STEP)}>
          +
        </button>
      </span>
    </header>
  );
}

/** Everything about the node looked at, and the ways on from it. */
function NodeFacts({ model, actions, trans }: ILineageProps): React.JSX.Element | null {
  const { shown, selected, start } = useStore(model);
  const node = shown.find(one => one.id === selected);
  if (!node) {
    return null;
  }
  const facts = Object.entries(node.facts);
  return (
    <aside className="nbops-node-facts" aria-label={trans.__('Facts')} aria-live="polite">
      <h3>{node.label}</h3>
      <p className="nbops-dim">
        {[kindWord(node.kind, trans), node.detail, formatMoment(node.at)].filter(Boolean).join(' · ')}
      </p>
      {facts.length > 0 && (
        <Pairs label={trans.__('Facts')} head={[trans.__('Fact'), trans.__('Value')]} pairs={facts} />
      )}
      {node.columns.length > 0 && (
        <p>
          {trans.__('columns:')} <span className="nbops-mono">{node.columns.join(', ')}</span>
        </p>
      )}
      <div className="nbops-actions">
        {actions.canOpen(node) && (
          <button type="button" className="nbops-quiet" onClick={() => actions.open(node)}>
            {trans.__('Open')}
          </button>
        )}
        {node.id !== start && (
          <button type="button" className="nbops-quiet" onClick={() => void model.around(node.id)}>
            {trans.__('Lineage from here')}
          </button>
        )}
      </div>
    </aside>
  );
}

/** The same graph for who would rather read it. */
function AsTable({ model, trans }: { model: LineageModel; trans: ITrans }): React.JSX.Element {
  const { shown, edges } = useStore(model);
  const node = (id: string) => shown.find(one => one.id === id);
  const words = (id: string) => {
    const found = node(id);
    return found ? `${kindWord(found.kind, trans)} ${found.label}` : id;
  };
  return (
    <Fold name={trans.__('As a table')} note={trans._n('%1 step', '%1 steps', edges.length)}>
      <table className="nbops-table" aria-label={trans.__('Steps')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('from')}</th>
            <th scope="col">{trans.__('to')}</th>
            <th scope="col">{trans.__('how')}</th>
            <th scope="col">{trans.__('columns')}</th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge, i) => (
            <tr key={i}>
              <th scope="row">{words(edge.source)}</th>
              <td>{words(edge.target)}</td>
              <td>{edge.label}</td>
              <td className="nbops-mono">{edge.columns.join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fold>
  );
}
