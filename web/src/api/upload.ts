import { Problem, query, readKey, readProblem, segment } from './client';
import type { UploadResult } from './contract';

/** One file of an adapter and the path it has inside it. */
export interface AdapterFile {
  path: string;
  file: File;
}

export interface UploadOptions {
  release: boolean;
  expectedGeneration: number | null;
  reason: string;
}

/** How far an upload is; after the last byte the server still verifies and probes. */
export interface Progress {
  sent: number;
  total: number;
}

export const isArchive = (name: string): boolean => /\.(tar|tgz|tar\.gz)$/i.test(name);

export function uploadPath(name: string, options: UploadOptions): string {
  return (
    `/admin/adapters/${segment(name)}` +
    query({ expected_generation: options.expectedGeneration, release: options.release, reason: options.reason })
  );
}

/** Sends the files; XMLHttpRequest because fetch cannot tell how much of a body has left. */
export function upload(
  name: string,
  files: AdapterFile[],
  options: UploadOptions,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<UploadResult> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', uploadPath(name, options));
    const key = readKey();
    if (key) request.setRequestHeader('authorization', `Bearer ${key}`);
    request.upload.onprogress = (event) => onProgress({ sent: event.loaded, total: event.total });
    request.onerror = () => reject(new Problem(0, 'unreachable', ''));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as UploadResult);
      else reject(readProblem(request.status, request.responseText));
    };
    signal.addEventListener('abort', () => request.abort(), { once: true });
    const only = files.length === 1 ? files[0] : undefined;
    if (only && isArchive(only.path)) {
      request.setRequestHeader('content-type', 'application/x-tar');
      request.send(only.file);
      return;
    }
    const form = new FormData();
    for (const { path, file } of files) form.append('file', file, path);
    request.send(form);
  });
}

/** All files below what was dropped; a single folder's own name is not part of the paths, but suggests the adapter's. */
export async function readDrop(transfer: DataTransfer): Promise<{ files: AdapterFile[]; folder: string | null }> {
  // Entries must be taken before the first await: the list is emptied when the event ends.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files: AdapterFile[] = [];
  for (const entry of entries) await walk(entry, '', files);
  return withoutCommonFolder(files);
}

/** The files of an <input>, whose folder picker gives paths relative to the folder's parent. */
export function readInput(list: FileList): { files: AdapterFile[]; folder: string | null } {
  return withoutCommonFolder([...list].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

function withoutCommonFolder(files: AdapterFile[]): { files: AdapterFile[]; folder: string | null } {
  const visible = files.filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')));
  const top = visible[0]?.path.split('/')[0] ?? '';
  const isCommon = visible.length > 0 && visible.every(({ path }) => path.startsWith(`${top}/`));
  if (!isCommon) return { files: visible, folder: null };
  return { files: visible.map(({ path, file }) => ({ path: path.slice(top.length + 1), file })), folder: top };
}

async function walk(entry: FileSystemEntry, prefix: string, into: AdapterFile[]): Promise<void> {
  if (into.length > 4096) return;
  const path = prefix + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const child of batch) await walk(child, `${path}/`, into);
  }
}
