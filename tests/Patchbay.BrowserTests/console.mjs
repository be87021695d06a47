// What every browser test starts from: Chromium, a server, and a page that reports whatever it must not do.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { start } from '../../web/mock/server.mjs';

export const root = fileURLToPath(new URL('../../src/Patchbay.Server/wwwroot', import.meta.url));
assert.ok(existsSync(`${root}/index.html`), 'The console is not built: build src/Patchbay.Server first.');

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 360, height: 740 };
export const pages = ['playground', 'adapters', 'releases', 'traffic', 'audit'];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
after(() => browser.close());

const undoing = new WeakMap();

/** Undoes something at the end of a test, the latest first: a page must go before the server that it asks. */
export function atEnd(t, undo) {
  const steps = undoing.get(t) ?? [];
  if (!undoing.has(t)) {
    undoing.set(t, steps);
    t.after(async () => {
      const results = [];
      for (const step of steps.reverse()) results.push(...(await Promise.allSettled([Promise.resolve().then(step)])));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    });
  }
  steps.push(undo);
}

/** Opens an address in a browser of its own; the test fails if the page does what no page may do. */
export async function openAt(t, address, { viewport = desktop, colorScheme = 'light', locale = 'en-GB' } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, locale, reducedMotion: 'reduce', acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const offences = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== new URL(address).origin && url.protocol !== 'blob:') offences.push(`left the origin: ${request.url()}`);
  });
  page.on('pageerror', (error) => offences.push(`threw: ${error.message}`));
  page.on('dialog', (dialog) => {
    offences.push(`ran a script of somebody else: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // A refusal of the API is logged by the browser and is no fault of the page.
    if (message.type() === 'error' && !/status of [45]\d\d/.test(message.text())) offences.push(message.text());
  });
  await page.goto(address);
  atEnd(t, async () => {
    await context.close();
    assert.deepEqual(offences, []);
  });
  return { page };
}

/** Opens the console on a mock of its own, in any state that the mock can be put into. */
export async function open(t, { viewport, colorScheme, locale, path = '', ...scene } = {}) {
  const server = await start({ root, ...scene });
  atEnd(t, () => server.stop());
  const { page } = await openAt(t, `${server.url}/console/${path}`, { viewport, colorScheme, locale });
  return { page, world: server.world, url: server.url };
}

/** Waits until a condition holds in the mock's world. */
export async function until(condition, what) {
  for (let i = 0; i < 80; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`It did not come true: ${what}`);
}
