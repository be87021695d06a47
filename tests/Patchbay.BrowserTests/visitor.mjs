// Somebody at the console of the real program with the embedded demo, and a caller beside them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openAt } from './console.mjs';
import { serve } from './program.mjs';

export const question = 'My throat hurts when I swallow.';
export const key = 'a-key-of-this-test-only';
export const patience = { timeout: 45_000 };
export const viewerKey = 'a-viewer-key-of-this-test';

/** The files of one of the demo's adapters, for a file input. */
export function filesOf(adapter) {
  const folder = fileURLToPath(new URL(`../../demo/adapters/${adapter}/`, import.meta.url));
  return readdirSync(folder).map((name) => folder + name);
}

/** What a caller with a key can do beside the console. */
export function callerOf(address, secret = key) {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const call = async (path, body) => {
    const response = await fetch(new URL(path, address), { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
    assert.ok(response.ok, `${path}: ${response.status} ${response.ok ? '' : await response.text()}`);
    return response;
  };
  let users = 0;
  return {
    send: async (path, body) => (await call(path, body)).json(),
    get: async (path) => (await call(path)).json(),
    stream: (body) => call('/v1/chat/completions', { messages: [{ role: 'user', content: question }], temperature: 0, stream: true, ...body }),
    async ask(model, user = `user-${++users}`) {
      const response = await call('/v1/chat/completions', { model, messages: [{ role: 'user', content: question }], temperature: 0, user });
      return { adapter: response.headers.get('x-adapter'), digest: response.headers.get('x-adapter-digest'), arm: response.headers.get('x-adapter-arm'), text: (await response.json()).choices[0].message.content };
    },
  };
}

/** Signs in to a server of its own. */
export async function enter(t, { viewport } = {}) {
  const address = await serve(t, { PATCHBAY_ADMIN_KEY: key, PATCHBAY_VIEWER_KEY: viewerKey });
  const { page } = await openAt(t, address, { viewport });
  await page.getByLabel('Key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Adapters' }).click();
  await page.getByRole('row', { name: /^medical-v2/ }).waitFor();
  return { page, caller: callerOf(address) };
}

/** Uploads a folder of the demo as a new version of medical that waits. */
export async function upload(page, adapter) {
  await page.getByRole('link', { name: 'Adapters' }).click();
  await page.getByRole('button', { name: 'Upload' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Choose files').setInputFiles(filesOf(adapter));
  await dialog.getByRole('combobox', { name: 'Name' }).fill('medical');
  await dialog.getByText(/^A new version of medical: generation/).waitFor();
  await dialog.getByLabel(/^Release it at once/).uncheck();
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await dialog.getByText(/^medical@[0-9a-f]{8} is stored$/).waitFor(patience);
  await dialog.getByRole('button', { name: 'Done' }).click();
}
