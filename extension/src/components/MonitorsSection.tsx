import React, { useState } from 'react';
import type { IMonitorActions } from '../monitors';
import type { ListModel } from '../model/list';
import { overview } from '../model/monitorWords';
import type { MonitorSummary } from '../records';
import type { ITrans } from '../tokens';
import { Failure } from './Failure';
import { useNow, useStore } from './hooks';
import { MonitorRow } from './MonitorRow';
import { WindowedList } from './WindowedList';

interface IMonitorsProps {
  readonly model: ListModel<MonitorSummary>;
  readonly actions: IMonitorActions;
  readonly trans: ITrans;
}

const ROW_HEIGHT = 46;
const nothing = (): void => undefined;

/** The monitors of the workspace, the one with the most trouble first. */
export function MonitorsSection({ model, actions, trans }: IMonitorsProps): React.JSX.Element {
  const { items, path, loaded, loading, failure } = useStore(model);
  const now = useNow();
  const [chosen, setChosen] = useState('');
  // What is chosen stays chosen when trouble changes the order.
  const found = items.findIndex(one => one.monitor.name === chosen);
  return (
    <>
      {failure && <Failure failure={failure} onRetry={() => void model.refresh()} trans={trans} />}
      {!loaded && loading && (
        <p className="nbops-empty" role="status">
          {trans.__('Loading monitors…')}
        </p>
      )}
      {loaded && items.length === 0 && !failure && (
        <p className="nbops-empty">
          {trans.__('Nothing is watched here yet. Add a monitor below, or type %1.', '%monitor add MODEL')}
        </p>
      )}
      {items.length > 0 && (
        <WindowedList
          label={trans.__('Monitors')}
          count={items.length}
          rowHeight={ROW_HEIGHT}
          active={Math.max(0, found)}
          onActive={index => setChosen(items[index].monitor.name)}
          onOpen={index => actions.show({ path, name: items[index].monitor.name })}
          onRange={nothing}
          textOf={index => items[index].monitor.name}
          render={index => items[index] && <MonitorRow summary={items[index]} now={now} trans={trans} />}
        />
      )}
      <button type="button" className="nbops-quiet nbops-older" onClick={() => actions.add({ path })}>
        {trans.__('Add a monitor…')}
      </button>
    </>
  );
}

/** What needs a look among the monitors, said also when the section is folded. */
export function MonitorsState({
  model,
  trans
}: {
  model: ListModel<MonitorSummary>;
  trans: ITrans;
}): React.JSX.Element {
  const { text, tone } = overview(useStore(model).items, trans);
  return (
    <span role="status" className={`nbops-${tone} nbops-num`}>
      {text}
    </span>
  );
}
