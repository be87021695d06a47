import type { Problem } from '../../api/client';

/** One adapter and how strongly it acts in a mixture. */
export interface Part {
  name: string;
  weight: number;
}

/** Who answers a column: a name the server knows, or a mixture made here. */
export interface Source {
  model: string;
  mixture: Part[] | null;
}

export function labelOf(source: Source): string {
  if (!source.mixture) return source.model;
  return source.mixture.length ? source.mixture.map((part) => `${part.weight} ${part.name}`).join(' + ') : 'base';
}

/** One answer while it is written and after. */
export class Answer {
  readonly source: Source;
  state = $state<'waiting' | 'writing' | 'done' | 'stopped' | 'failed'>('waiting');
  tokens = $state.raw<string[]>([]);
  id = $state<string | null>(null);
  adapter = $state<string | null>(null);
  digest = $state<string | null>(null);
  generation = $state<string | null>(null);
  arm = $state<string | null>(null);
  ttftMs = $state<number | null>(null);
  rate = $state<number | null>(null);
  count = $state<number | null>(null);
  finish = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  score = $state<number | null>(null);
  /** As the server reports it; null where this answer is the reference. */
  firstDifference = $state<number | null>(null);
  agreement = $state<number | null>(null);
  readonly text = $derived(this.tokens.join(''));
  readonly isOver = $derived(this.state === 'done' || this.state === 'stopped' || this.state === 'failed');

  constructor(source: Source) {
    this.source = source;
  }

  append(delta: string): void {
    if (this.state === 'waiting') this.state = 'writing';
    this.tokens = [...this.tokens, delta];
  }

  end(state: 'done' | 'stopped' | 'failed', problem: Problem | null = null): void {
    if (this.isOver) return;
    this.state = state;
    this.problem = problem;
  }
}
