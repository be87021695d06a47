import { onDestroy } from 'svelte';
import { get, Problem } from '../api/client';
import { session } from './session.svelte';

/** Reads an address again and again while its tab is seen; keeps the last good answer when one reading fails. */
export class Poll<T> {
  data = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  isHidden = $state(document.hidden);
  #path: () => string | null;
  #interval: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | undefined;
  #isStopped = false;

  /** To be called while a component is set up: it ends with it. */
  constructor(path: () => string | null, intervalMs: number) {
    this.#path = path;
    this.#interval = intervalMs;
    const onVisibility = () => {
      this.isHidden = document.hidden;
      if (!document.hidden) void this.refresh();
    };
    document.addEventListener('visibilitychange', onVisibility);
    onDestroy(() => {
      this.#isStopped = true;
      clearTimeout(this.#timer);
      this.#abort?.abort();
      document.removeEventListener('visibilitychange', onVisibility);
    });
    $effect(() => {
      if (path() !== null) void this.refresh();
    });
  }

  get isLoading(): boolean {
    return this.data === null && this.problem === null;
  }

  async refresh(): Promise<void> {
    const path = this.#path();
    if (path === null || this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    try {
      const data = await get<T>(path, abort.signal);
      if (abort.signal.aborted) return;
      this.data = data;
      this.problem = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.problem = error instanceof Problem ? error : new Problem(0, 'unreadable', String(error));
      if (this.problem.status === 401) session.expire(this.problem);
    }
    if (!this.#isStopped && !document.hidden) {
      // A server that cannot be reached is asked less often.
      this.#timer = setTimeout(() => void this.refresh(), this.problem ? Math.max(this.#interval, 3000) : this.#interval);
    }
  }
}
