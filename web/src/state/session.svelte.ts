import { get, keepKey, Problem, readKey } from '../api/client';
import type { Session } from '../api/contract';

type Phase = 'starting' | 'signed_out' | 'signed_in' | 'unreachable';

/** Who is at the console and what they may do. */
class SessionState {
  phase = $state<Phase>('starting');
  session = $state.raw<Session | null>(null);
  problem = $state.raw<Problem | null>(null);

  get mayChange(): boolean {
    return this.session?.role === 'admin';
  }

  get mayAsk(): boolean {
    return this.session?.role === 'admin' || this.session?.role === 'inference';
  }

  get mayLook(): boolean {
    return this.session?.role === 'admin' || this.session?.role === 'viewer';
  }

  get keysRequired(): boolean {
    return this.session?.keys_required ?? true;
  }

  /** Asks the server who holds the key; without a key a loopback server may let everybody in. */
  async begin(): Promise<void> {
    this.problem = null;
    try {
      this.session = await get<Session>('/admin/session');
      this.phase = 'signed_in';
    } catch (error) {
      this.#explain(error);
    }
  }

  async signIn(key: string): Promise<void> {
    keepKey(key);
    await this.begin();
    if (this.phase !== 'signed_in') keepKey(null);
  }

  signOut(): void {
    keepKey(null);
    this.session = null;
    this.problem = null;
    this.phase = 'signed_out';
  }

  /** Any call may learn that the key was withdrawn. */
  expire(problem: Problem): void {
    if (this.phase !== 'signed_in') return;
    this.signOut();
    this.problem = problem;
  }

  #explain(error: unknown): void {
    const problem = error instanceof Problem ? error : new Problem(0, 'unreachable', '');
    this.session = null;
    if (problem.status === 401 || problem.status === 403) {
      // The first visit is no failed attempt.
      this.problem = readKey() ? problem : null;
      this.phase = 'signed_out';
      return;
    }
    this.problem = problem;
    this.phase = this.phase === 'signed_out' ? 'signed_out' : 'unreachable';
  }
}

export const session = new SessionState();
