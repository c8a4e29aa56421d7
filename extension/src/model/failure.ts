import { ApiError, type IFault, type ITrans } from '../tokens';

/** A failure in words: what went wrong and what to do. */
export interface IFailure {
  readonly status: number;
  readonly message: string;
  readonly hint: string;
  /** What was written wrongly, where it is one field. */
  readonly field?: string;
  /** What else was written wrongly. */
  readonly further?: readonly IFault[];
}

/** Put any thrown value into words. */
export function failureOf(reason: unknown): IFailure {
  if (reason instanceof ApiError) {
    const { status, message, hint, field, further } = reason;
    return {
      status,
      message,
      hint,
      ...(field ? { field } : {}),
      ...(further.length > 0 ? { further } : {})
    };
  }
  return { status: 0, message: reason instanceof Error ? reason.message : String(reason), hint: '' };
}

/** One line for a notification. */
export function sentence(failure: IFailure, trans: ITrans): string {
  const message = failure.message || trans.__('The server did not answer.');
  return failure.hint ? `${message} ${failure.hint}` : message;
}

/** All that is wrong, the first first. */
export function faultsOf({ message, hint, field = '', further = [] }: IFailure): readonly IFault[] {
  return [{ field, message, hint }, ...further];
}

/** What is still wrong when these fields were written anew; null if nothing is. */
export function without(failure: IFailure, written: object): IFailure | null {
  const [first, ...further] = faultsOf(failure).filter(one => !(one.field in written));
  return first ? { status: failure.status, ...first, further } : null;
}
