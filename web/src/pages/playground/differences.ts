/** Which tokens of two answers belong to their longest common subsequence. */
export function commonTokens(a: string[], b: string[]): { a: boolean[]; b: boolean[] } {
  const sameA = new Array<boolean>(a.length).fill(false);
  const sameB = new Array<boolean>(b.length).fill(false);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) sameA[start] = sameB[start++] = true;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) sameA[--endA] = sameB[--endB] = true;
  const rows = endA - start;
  const columns = endB - start;
  // Beyond this the table would be felt; what is left between the ends then counts as different.
  if (rows * columns > 4_000_000) return { a: sameA, b: sameB };

  const width = columns + 1;
  const length = new Uint16Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      length[i * width + j] =
        a[start + i] === b[start + j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (a[start + i] === b[start + j]) sameA[start + i++] = sameB[start + j++] = true;
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return { a: sameA, b: sameB };
}

/** Position of the first token that differs, and the share of positions that agree; null and 1 where nothing differs. */
export function summarize(a: string[], b: string[]): { first: number | null; agreement: number } {
  const longest = Math.max(a.length, b.length);
  let first: number | null = null;
  let same = 0;
  for (let i = 0; i < longest; i++) {
    if (a[i] === b[i]) same++;
    else first ??= i;
  }
  return { first, agreement: longest ? same / longest : 1 };
}
