import React, { useEffect, useRef, useState } from 'react';
import type { IRegistryActions } from '../governance';
import type { AuditModel } from '../model/audit';
import type { ListModel } from '../model/list';
import type { ModelsModel } from '../model/models';
import type { PanelModel, SectionName } from '../model/panel';
import type { RunModel } from '../model/run';
import { whenWords } from '../model/when';
import type { IMonitorActions } from '../monitors';
import type { IPipelineActions, IPipelineLine } from '../pipelines';
import { toNumber } from '../model/format';
import type { Schedule } from '../records';
import type { IRunActions, ITrans } from '../tokens';
import { AuditSection } from './AuditSection';
import { useNow, useStore } from './hooks';
import { MonitorsSection, MonitorsState } from './MonitorsSection';
import { ModelsSection } from './ModelsSection';
import { PipelinesSection } from './PipelinesSection';
import { RunDetail } from './RunDetail';
import { RunsSection, ScopeSelect } from './RunsSection';
import { SchedulesSection } from './SchedulesSection';
import { Section } from './Section';

export interface IPanelProps {
  readonly model: PanelModel;
  readonly actions: IRunActions;
  readonly registry: IRegistryActions;
  readonly pipelines: IPipelineActions;
  readonly monitors: IMonitorActions;
  readonly urlOf: (runId: string, artifact: string) => string;
  readonly trans: ITrans;
}

/** The sidebar: runs, models, pipelines, schedules, monitors and the audit log, or one run. */
export function Panel(props: IPanelProps): React.JSX.Element {
  const { detail } = useStore(props.model);
  return detail ? <Detail {...props} run={detail} /> : <Overview {...props} />;
}

function Overview({ model, registry, pipelines, monitors, trans }: IPanelProps): React.JSX.Element {
  const { opened, revealed } = useStore(model);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<Record<SectionName, boolean>>({
    runs: true,
    models: true,
    pipelines: true,
    schedules: false,
    monitors: true,
    audit: false
  });
  const toggle = (name: SectionName) => setOpen({ ...open, [name]: !open[name] });
  useEffect(() => {
    // Coming back from a run, the list has the focus again.
    if (opened > 0) {
      box.current?.querySelector<HTMLElement>('[role=listbox]')?.focus();
    }
  }, [opened]);
  const watched = useStore(model.monitors);
  const shown = useRef<PanelModel['state']['revealed']>(null);
  useEffect(() => {
    const waits = revealed?.section === 'monitors' && !watched.loaded;
    if (!revealed || revealed === shown.current || waits) {
      return;
    }
    if (!open[revealed.section]) {
      setOpen({ ...open, [revealed.section]: true });
      return;
    }
    // What was asked for has the focus once it is unfolded.
    shown.current = revealed;
    const section = box.current?.querySelector(`[data-part=${revealed.section}]`);
    const find = (selector: string) => section?.querySelector<HTMLElement>(selector);
    (find('[role=listbox]') ?? find('.nbops-section-body button') ?? find('button'))?.focus();
  }, [revealed, open, watched.loaded]);
  const { models, path } = useStore(model.models);
  const names = models.map(one => one.name);
  return (
    <div className="nbops-panel" ref={box}>
      <Section
        name={trans.__('Runs')}
        className="nbops-runs"
        part="runs"
        open={open.runs}
        onToggle={() => toggle('runs')}
        aside={<ScopeSelect model={model.runs} trans={trans} />}
      >
        <RunsSection
          model={model.runs}
          trans={trans}
          onOpen={row => model.open({ runId: row.run_id, path })}
        />
      </Section>
      <Section
        name={trans.__('Models')}
        className="nbops-registry"
        part="models"
        open={open.models}
        onToggle={() => toggle('models')}
        aside={<Count model={model.models} trans={trans} />}
      >
        <ModelsSection
          model={model.models}
          waiting={model.waiting}
          actions={registry}
          trans={trans}
          onOpenRun={runId => model.open({ runId, path })}
        />
      </Section>
      <Section
        name={trans.__('Pipelines')}
        className="nbops-flow"
        part="pipelines"
        open={open.pipelines}
        onToggle={() => toggle('pipelines')}
        aside={<PipelineState model={model.pipelines} trans={trans} />}
      >
        <PipelinesSection model={model.pipelines} actions={pipelines} trans={trans} />
      </Section>
      <Section
        name={trans.__('Schedules')}
        className="nbops-flow"
        part="schedules"
        open={open.schedules}
        onToggle={() => toggle('schedules')}
        aside={<ScheduleState model={model.schedules} trans={trans} />}
      >
        <SchedulesSection model={model.schedules} actions={pipelines} trans={trans} />
      </Section>
      <Section
        name={trans.__('Monitors')}
        className="nbops-watch"
        part="monitors"
        open={open.monitors}
        onToggle={() => toggle('monitors')}
        aside={<MonitorsState model={model.monitors} trans={trans} />}
      >
        <MonitorsSection model={model.monitors} actions={monitors} trans={trans} />
      </Section>
      <Section
        name={trans.__('Audit')}
        className="nbops-audit"
        part="audit"
        open={open.audit}
        onToggle={() => toggle('audit')}
        aside={<Proof model={model.audit} trans={trans} />}
      >
        <AuditSection model={model.audit} names={names} trans={trans} />
      </Section>
    </div>
  );
}

function Count({ model, trans }: { model: ModelsModel; trans: ITrans }): React.JSX.Element {
  const { models, loaded, failure } = useStore(model);
  return (
    <span className="nbops-dim nbops-num" role="status">
      {loaded && (models.length > 0 || !failure) ? trans._n('%1 model', '%1 models', models.length) : ''}
    </span>
  );
}

/** What needs a look among the pipelines, said also when the section is folded. */
function PipelineState({
  model,
  trans
}: {
  model: ListModel<IPipelineLine>;
  trans: ITrans;
}): React.JSX.Element {
  const { items, loaded } = useStore(model);
  const count = (status: string) => items.filter(one => one.last?.status === status).length;
  const [running, failed] = [count('running'), count('failed')];
  return (
    <span
      role="status"
      className={failed > 0 ? 'nbops-bad' : running > 0 ? 'nbops-busy' : 'nbops-dim nbops-num'}
    >
      {failed > 0
        ? trans._n('%1 failed', '%1 failed', failed)
        : running > 0
          ? trans._n('%1 running', '%1 running', running)
          : loaded && items.length > 0
            ? trans._n('%1 pipeline', '%1 pipelines', items.length)
            : ''}
    </span>
  );
}

/** When something runs by itself next, or how many schedules cannot. */
function ScheduleState({ model, trans }: { model: ListModel<Schedule>; trans: ITrans }): React.JSX.Element {
  const { items } = useStore(model);
  const now = useNow();
  const broken = items.filter(one => one.problem !== '').length;
  const times = items
    .filter(one => !one.paused && one.next_at !== null)
    .map(one => toNumber(one.next_at ?? 0));
  return broken > 0 ? (
    <span className="nbops-bad">{trans._n('%1 problem', '%1 problems', broken)}</span>
  ) : (
    <span className="nbops-dim nbops-num">
      {times.length > 0 ? trans.__('next %1', whenWords(Math.min(...times), now, trans)) : ''}
    </span>
  );
}

/** Whether the log was proved, said where it stays in view when the section is folded. */
function Proof({ model, trans }: { model: AuditModel; trans: ITrans }): React.JSX.Element {
  const { verdict, head, loaded } = useStore(model);
  if (verdict) {
    return verdict.ok ? (
      <span className="nbops-good">✓ {trans.__('proved')}</span>
    ) : (
      <span className="nbops-bad">✕ {trans.__('broken')}</span>
    );
  }
  return <span className="nbops-dim nbops-num">{loaded && head > 0 ? `#${head}` : ''}</span>;
}

function Detail(props: IPanelProps & { run: RunModel }): React.JSX.Element {
  const { model, run, actions, urlOf, trans } = props;
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), [run]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      model.close();
    }
  };
  return (
    <div className="nbops-panel" onKeyDown={onKeyDown}>
      <div className="nbops-section-head">
        <h2>
          <button type="button" ref={back} onClick={() => model.close()}>
            <span aria-hidden="true">‹</span> {trans.__('All runs')}
          </button>
        </h2>
      </div>
      <div className="nbops-scroll">
        <RunDetail key={run.runId} model={run} actions={actions} urlOf={urlOf} trans={trans} />
      </div>
    </div>
  );
}
