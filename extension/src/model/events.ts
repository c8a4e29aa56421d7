import type { AuditEvent } from '../records';
import type { ITrans } from '../tokens';
import type { ISign } from './words';

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What an event was about: the version and where it went. */
export function subject(event: AuditEvent, trans: ITrans): string {
  const { model, version, detail } = event;
  if (model === '') {
    return '';
  }
  const number = version === null ? text(detail['to']) : String(version);
  const name = number === '' ? model : trans.__('%1 v%2', model, number);
  const target = text(detail['target']);
  return target === '' ? name : `${name} → ${target}`;
}

/** What happened, in a word or two. */
export function actionWord(action: string, trans: ITrans): string {
  const words: Record<string, string> = {
    register: trans.__('registered'),
    gate: trans.__('gates run'),
    request: trans.__('approval asked'),
    approve: trans.__('approved'),
    reject: trans.__('rejected'),
    displace: trans.__('displaced'),
    alias: trans.__('alias set'),
    withdraw: trans.__('request withdrawn'),
    promote: trans.__('promoted'),
    rollback: trans.__('rolled back'),
    archive: trans.__('archived'),
    vacate: trans.__('vacated'),
    card: trans.__('model card edited'),
    refused: trans.__('refused'),
    settings: trans.__('settings changed'),
    begin: trans.__('log begun'),
    'foreign-change': trans.__('changed outside')
  };
  return words[action] ?? action;
}

const SHAPES: Record<string, [string, ISign['tone']]> = {
  promote: ['▲', 'good'],
  rollback: ['↩', 'warn'],
  approve: ['✓', 'good'],
  reject: ['✕', 'bad'],
  refused: ['✕', 'bad'],
  'foreign-change': ['!', 'warn'],
  request: ['?', 'busy'],
  vacate: ['▽', 'warn']
};

/** How an event looks in a list. */
export function eventSign(event: AuditEvent, trans: ITrans): ISign {
  const [shape, tone] = SHAPES[event.action] ?? ['·', 'dim'];
  const word = actionWord(event.action, trans);
  return { shape, tone, word, title: word };
}
