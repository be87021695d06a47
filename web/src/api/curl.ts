import type { Call } from './client';

/** The call as a line for a shell. The key is a variable: a real one must not end in somebody's notes. */
export function curl(call: Call, keysRequired: boolean, files?: string[]): string {
  const lines = [`curl${call.method === 'GET' ? '' : ` -X ${call.method}`} ${quote(location.origin + call.path)}`];
  if (keysRequired) lines.push(`-H "Authorization: Bearer $PATCHBAY_KEY"`);
  for (const file of files ?? []) lines.push(file);
  if (call.body !== undefined) {
    lines.push(`-H 'content-type: application/json'`);
    lines.push(`-d ${quote(JSON.stringify(call.body))}`);
  }
  return lines.join(' \\\n  ');
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
