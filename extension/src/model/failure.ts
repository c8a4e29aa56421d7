import { ApiError, type ITrans } from '../tokens';

/** A failure in words: what went wrong and what to do. */
export interface IFailure {
  readonly status: number;
  readonly message: string;
  readonly hint: string;
  /** What was written wrongly, where it is one field. */
  readonly field?: string;
}

/** Put any thrown value into words. */
export function failureOf(reason: unknown): IFailure {
  if (reason instanceof ApiError) {
    const { status, message, hint, field } = reason;
    return { status, message, hint, ...(field ? { field } : {}) };
  }
  return { status: 0, message: reason instanceof Error ? reason.message : String(reason), hint: '' };
}

/** One line for a notification. */
export function sentence(failure: IFailure, trans: ITrans): string {
  const message = failure.message || trans.__('The server did not answer.');
  return failure.hint ? `${message} ${failure.hint}` : message;
}
