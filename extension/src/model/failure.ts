import { ApiError, type ITrans } from '../tokens';

/** A failure in words: what went wrong and what to do. */
export interface IFailure {
  readonly status: number;
  readonly message: string;
  readonly hint: string;
}

/** Put any thrown value into words. */
export function failureOf(reason: unknown): IFailure {
  if (reason instanceof ApiError) {
    return { status: reason.status, message: reason.message, hint: reason.hint };
  }
  return { status: 0, message: reason instanceof Error ? reason.message : String(reason), hint: '' };
}

/** One line for a notification. */
export function sentence(failure: IFailure, trans: ITrans): string {
  const message = failure.message || trans.__('The server did not answer.');
  return failure.hint ? `${message} ${failure.hint}` : message;
}
