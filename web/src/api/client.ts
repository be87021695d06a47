/** One door to the server: the key, the error shapes of /v1 and /admin, and nothing else. */

const keySlot = 'patchbay.key';

export interface Reason {
  field: string | null;
  message: string;
}

/** A call as the server takes it; the same record makes the request and the curl line that is shown for it. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
}

/** What the server, or the way to it, answered instead of a result. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly reasons: Reason[] = [],
    readonly extra: Record<string, unknown> = {},
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }

  get isConflict(): boolean {
    return this.status === 409;
  }
}

export function readKey(): string | null {
  return sessionStorage.getItem(keySlot);
}

export function keepKey(key: string | null): void {
  if (key) sessionStorage.setItem(keySlot, key);
  else sessionStorage.removeItem(keySlot);
}

export function headers(withBody: boolean): Record<string, string> {
  const key = readKey();
  return {
    ...(withBody ? { 'content-type': 'application/json' } : {}),
    ...(key ? { authorization: `Bearer ${key}` } : {}),
  };
}

/** Sends a call and gives the response, or throws the problem that the server told of. */
export async function send(call: Call, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(call.path, {
      method: call.method,
      headers: headers(call.body !== undefined),
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'unreachable', '');
  }
  if (!response.ok) throw readProblem(response.status, await response.text());
  return response;
}

export async function ask<T>(call: Call, signal?: AbortSignal): Promise<T> {
  const response = await send(call, signal);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>({ method: 'GET', path }, signal);

/** Understands ProblemDetails, OpenAI's error object, and an answer that is neither. */
export function readProblem(status: number, text: string): Problem {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed && typeof parsed === 'object') body = parsed as Record<string, unknown>;
  } catch {
    // A proxy in between may answer with a page; its status says enough.
  }
  const openai = body.error as Record<string, unknown> | undefined;
  if (openai && typeof openai === 'object') {
    const reasons = Array.isArray(openai.errors) ? openai.errors.map(readReason) : [];
    return new Problem(status, str(openai.code) ?? str(openai.type) ?? String(status), str(openai.message) ?? `HTTP ${status}`, reasons, openai);
  }
  const reasons = Array.isArray(body.errors) ? body.errors.map(readReason) : [];
  return new Problem(status, str(body.code) ?? String(status), str(body.detail) ?? str(body.title) ?? `HTTP ${status}`, reasons, body);
}

function readReason(value: unknown): Reason {
  if (typeof value === 'string') return { field: null, message: value };
  const entry = (value ?? {}) as Record<string, unknown>;
  return { field: str(entry.field) ?? str(entry.param) ?? null, message: str(entry.message) ?? JSON.stringify(value) };
}

function str(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 ? value : undefined;
}

export const segment = encodeURIComponent;

export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const parts = Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return parts.length ? `?${parts.join('&')}` : '';
}
