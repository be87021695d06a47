import { ask, type Call } from '../api/client';

/** A change that is about to be asked for: what it does in words, and the call that does it. */
export interface Action<T = unknown> {
  title: string;
  /** What will change, and for whom; one sentence each. */
  effects: string[];
  confirm: string;
  isDangerous?: boolean;
  /** Whether a reason may be given for the journal; the call gets it. */
  takesReason?: boolean;
  call: (reason: string) => Call;
  /** What is said once it has happened. */
  done: (result: T) => string;
  after?: (result: T) => void | Promise<void>;
}

/** The one dialog of the console that changes anything; there is never a second one above it. */
class Actions {
  current = $state.raw<Action | null>(null);

  open<T>(action: Action<T>): void {
    this.current = action as Action;
  }

  close(): void {
    this.current = null;
  }

  run<T>(action: Action<T>, reason: string): Promise<T> {
    return ask<T>(action.call(reason));
  }
}

export const actions = new Actions();
