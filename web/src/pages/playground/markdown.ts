/** The part of Markdown that models write, as data: it is rendered by elements, never as HTML. */

export type Inline = { kind: 'text' | 'code' | 'strong' | 'em'; text: string };

export type Block =
  | { kind: 'code'; language: string; text: string }
  | { kind: 'heading'; level: number; inlines: Inline[] }
  | { kind: 'list'; isOrdered: boolean; start: number; items: Inline[][] }
  | { kind: 'quote' | 'paragraph'; inlines: Inline[] }
  | { kind: 'rule' };

const listItem = /^\s{0,6}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;

export function parse(source: string): Block[] {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i]!;
    const fence = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)/.exec(line);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (fence) {
      const body: string[] = [];
      // An answer that is still being written may not have closed its block yet.
      for (i++; i < lines.length && !lines[i]!.trimStart().startsWith(fence[1]!); i++) body.push(lines[i]!);
      i++;
      blocks.push({ kind: 'code', language: fence[2]!, text: body.join('\n') });
    } else if (heading) {
      blocks.push({ kind: 'heading', level: heading[1]!.length, inlines: inline(heading[2]!) });
      i++;
    } else if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push({ kind: 'rule' });
      i++;
    } else if (listItem.test(line)) {
      i = readList(lines, i, blocks);
    } else if (/^\s{0,3}>/.test(line)) {
      const body: string[] = [];
      for (; i < lines.length && /^\s{0,3}>/.test(lines[i]!); i++) body.push(lines[i]!.replace(/^\s{0,3}>\s?/, ''));
      blocks.push({ kind: 'quote', inlines: inline(body.join('\n')) });
    } else if (line.trim() === '') {
      i++;
    } else {
      const body: string[] = [];
      for (; i < lines.length && isParagraph(lines[i]!, body.length > 0); i++) body.push(lines[i]!);
      blocks.push({ kind: 'paragraph', inlines: inline(body.join('\n')) });
    }
  }
  return blocks;
}

function isParagraph(line: string, hasBegun: boolean): boolean {
  if (line.trim() === '') return false;
  return !hasBegun || !(/^\s{0,3}(```|~~~|>|#{1,6}\s)/.test(line) || listItem.test(line));
}

function readList(lines: string[], from: number, blocks: Block[]): number {
  const first = listItem.exec(lines[from]!)!;
  const isOrdered = first[2] !== undefined;
  const items: string[] = [];
  let i = from;
  for (; i < lines.length; i++) {
    const found = listItem.exec(lines[i]!);
    if (found && (found[2] !== undefined) === isOrdered) items.push(found[3]!);
    else if (/^\s{2,}\S/.test(lines[i]!) && !found && items.length) items[items.length - 1] += `\n${lines[i]!.trim()}`;
    else if (lines[i]!.trim() === '' && listItem.test(lines[i + 1] ?? '')) continue;
    else break;
  }
  blocks.push({ kind: 'list', isOrdered, start: Number(first[2] ?? 1), items: items.map(inline) });
  return i;
}

const marks = /(`+)([^`]+?)\1|\*\*(?=\S)([^*]+?)\*\*|__(?=\S)([^_]+?)__|(?<![\w*])\*(?=[^\s*])([^*\n]+?)\*(?![\w*])/g;

export function inline(source: string): Inline[] {
  const parts: Inline[] = [];
  let at = 0;
  for (const match of source.matchAll(marks)) {
    if (match.index > at) parts.push({ kind: 'text', text: source.slice(at, match.index) });
    if (match[2] !== undefined) parts.push({ kind: 'code', text: match[2] });
    else if (match[5] !== undefined) parts.push({ kind: 'em', text: match[5] });
    else parts.push({ kind: 'strong', text: match[3] ?? match[4] ?? '' });
    at = match.index + match[0].length;
  }
  if (at < source.length) parts.push({ kind: 'text', text: source.slice(at) });
  return parts;
}
