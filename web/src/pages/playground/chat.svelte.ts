import { ask, Problem, send, type Call } from '../../api/client';
import { events } from '../../api/sse';
import type { Message } from '../../api/contract';
import { session } from '../../state/session.svelte';
import { Answer, type Source } from './answer.svelte';
import { summarize } from './differences';

export interface Settings {
  system: string;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  repetition: number;
  maxTokens: number;
  seed: string;
}

const defaults: Settings = { system: '', temperature: 0.7, topP: 1, topK: 0, minP: 0.05, repetition: 1, maxTokens: 256, seed: '' };

export interface Turn {
  id: number;
  prompt: string;
  answers: Answer[];
}

export const maxColumns = 4;

/** The conversation of the playground; it outlives the page, so that a look at another page loses nothing. */
class Chat {
  columns = $state<Source[]>([{ model: 'base', mixture: null }]);
  settings = $state<Settings>({ ...defaults });
  turns = $state<Turn[]>([]);
  /** Which answer of each turn the conversation goes on with. */
  chosen = $state<Record<number, number>>({});
  dataset = $state<string[]>([]);
  isRunning = $state(false);
  hasChosenModel = false;
  #abort: AbortController | undefined;
  #nextTurn = 1;

  resetSettings(): void {
    this.settings = { ...defaults };
  }

  clear(): void {
    this.stop();
    this.turns = [];
    this.chosen = {};
  }

  stop(): void {
    this.#abort?.abort();
  }

  answerOf(turn: Turn): Answer | undefined {
    return turn.answers[this.chosen[turn.id] ?? 0] ?? turn.answers[0];
  }

  messages(before: number, prompt: string): Message[] {
    const messages: Message[] = [];
    const system = this.settings.system.trim();
    if (system) messages.push({ role: 'system', content: system });
    for (const turn of this.turns.slice(0, before)) {
      const answer = this.answerOf(turn);
      // A question without an answer would make two user messages in a row, which many templates refuse.
      if (!answer?.text) continue;
      messages.push({ role: 'user', content: turn.prompt }, { role: 'assistant', content: answer.text });
    }
    messages.push({ role: 'user', content: prompt });
    return messages;
  }

  sampling(): Record<string, number> {
    const { temperature, topP, topK, minP, repetition, maxTokens, seed } = this.settings;
    return {
      max_tokens: maxTokens,
      temperature,
      ...(topP < 1 ? { top_p: topP } : {}),
      ...(topK > 0 ? { top_k: topK } : {}),
      ...(minP > 0 ? { min_p: minP } : {}),
      ...(repetition !== 1 ? { repetition_penalty: repetition } : {}),
      ...(/^-?\d{1,15}$/.test(seed.trim()) ? { seed: Number(seed) } : {}),
    };
  }

  /** The calls that the next question makes; the first is what is shown as an example. */
  calls(prompt: string): Call[] {
    const messages = this.messages(this.turns.length, prompt);
    if (this.#comparesOnServer()) {
      const body = { models: this.columns.map((column) => column.model), messages, ...this.sampling(), logprobs: true };
      return [{ method: 'POST', path: '/v1/compare', body }];
    }
    return this.columns.map((column) => this.#chatCall(column, messages));
  }

  async send(prompt: string): Promise<void> {
    if (this.isRunning) return;
    const calls = this.calls(prompt);
    const answers = this.columns.map((column) => new Answer($state.snapshot(column)));
    this.turns.push({ id: this.#nextTurn++, prompt, answers });
    this.isRunning = true;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      if (this.#comparesOnServer()) await this.#guarded(answers, signal, () => this.#compare(calls[0]!, answers, signal));
      else await Promise.all(answers.map((answer, i) => this.#guarded([answer], signal, () => this.#chat(calls[i]!, answer, signal))));
      for (const answer of answers.slice(1)) {
        if (answer.agreement !== null || !answers[0]!.text || !answer.text) continue;
        const { first, agreement } = summarize(answers[0]!.tokens, answer.tokens);
        answer.firstDifference = first;
        answer.agreement = agreement;
      }
    } finally {
      this.isRunning = false;
    }
  }

  async rate(answer: Answer, score: number): Promise<void> {
    await ask({ method: 'POST', path: '/v1/feedback', body: { id: answer.id, score } });
    answer.score = score;
  }

  keep(turn: Turn, answer: Answer): void {
    const before = this.turns.findIndex((other) => other.id === turn.id);
    const messages = [...this.messages(before, turn.prompt), { role: 'assistant' as const, content: answer.text }];
    this.dataset.push(JSON.stringify({ messages }));
  }

  #comparesOnServer(): boolean {
    return this.columns.length > 1 && this.columns.every((column) => !column.mixture) && session.session?.features?.compare === true;
  }

  #chatCall(column: Source, messages: Message[]): Call {
    const who = column.mixture
      ? column.mixture.length > 0
        ? { adapters: column.mixture.map(({ name, weight }) => ({ name, weight })) }
        : { model: 'base' }
      : { model: column.model };
    const body = { ...who, messages, ...this.sampling(), stream: true, stream_options: { include_usage: true } };
    return { method: 'POST', path: '/v1/chat/completions', body };
  }

  async #guarded(answers: Answer[], signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      for (const answer of answers) answer.end('done');
    } catch (error) {
      for (const answer of answers) {
        if (signal.aborted) answer.end('stopped');
        else answer.end('failed', error instanceof Problem ? error : new Problem(0, 'unreachable', ''));
      }
      if (error instanceof Problem && error.status === 401) session.expire(error);
    }
  }

  async #chat(call: Call, answer: Answer, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const response = await send(call, signal);
    const header = (name: string) => response.headers.get(name);
    const name = header('x-adapter');
    answer.adapter = name === null ? null : decodeHeader(name);
    answer.digest = header('x-adapter-digest');
    answer.generation = header('x-adapter-generation');
    answer.arm = header('x-adapter-arm');
    let first = 0;
    for await (const event of events(response)) {
      throwIfError(event);
      if (typeof event.id === 'string') answer.id = event.id;
      const choice = (event.choices as Record<string, unknown>[] | undefined)?.[0];
      const delta = (choice?.delta as Record<string, unknown> | undefined)?.content;
      if (typeof delta === 'string' && delta) {
        first ||= performance.now();
        answer.ttftMs ??= first - started;
        answer.append(delta);
      }
      if (typeof choice?.finish_reason === 'string') answer.finish = choice.finish_reason;
      this.#count(answer, event.usage, first);
    }
  }

  async #compare(call: Call, answers: Answer[], signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const response = await send(call, signal);
    const firsts = answers.map(() => 0);
    for await (const event of events(response)) {
      throwIfError(event);
      if (Array.isArray(event.differences)) {
        for (const entry of event.differences as Record<string, number | null>[]) {
          const answer = answers[entry.index ?? -1];
          if (!answer || entry.index === 0) continue;
          answer.firstDifference = entry.first_difference ?? null;
          answer.agreement = entry.agreement ?? null;
        }
        continue;
      }
      const index = Number(event.index);
      const answer = answers[index];
      if (!answer) continue;
      for (const field of ['id', 'adapter', 'digest', 'arm'] as const) if (typeof event[field] === 'string') answer[field] = event[field];
      if (event.generation !== undefined) answer.generation = String(event.generation);
      if (typeof event.delta === 'string' && event.delta) {
        firsts[index] ||= performance.now();
        answer.ttftMs ??= firsts[index]! - started;
        answer.append(event.delta);
      }
      if (typeof event.finish_reason === 'string') {
        answer.finish = event.finish_reason;
        this.#count(answer, event.usage, firsts[index]!);
        if (typeof event.ttft_ms === 'number') answer.ttftMs = event.ttft_ms;
        if (typeof event.tokens_per_second === 'number') answer.rate = event.tokens_per_second;
        answer.end('done');
      }
    }
  }

  #count(answer: Answer, usage: unknown, first: number): void {
    const count = (usage as Record<string, unknown> | null | undefined)?.completion_tokens;
    if (typeof count !== 'number') return;
    answer.count = count;
    const elapsed = performance.now() - first;
    if (first && count > 1 && elapsed > 0) answer.rate = ((count - 1) / elapsed) * 1000;
  }
}

/** Names beyond ASCII come percent-encoded. */
function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function throwIfError(event: Record<string, unknown>): void {
  const error = event.error as Record<string, unknown> | undefined;
  if (error) throw new Problem(500, String(error.code ?? error.type ?? 'failed'), String(error.message ?? ''));
}

export const chat = new Chat();
