import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openAt } from './console.mjs';

const program = fileURLToPath(new URL('../../artifacts/bin/Patchbay/release/patchbay.dll', import.meta.url));

/** Starts the program with the embedded demo; gives the console's address, which it prints first. */
async function serve(t) {
  const server = spawn('dotnet', [program, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill('SIGTERM'));
  let printed = '';
  for await (const chunk of server.stdout) {
    printed += chunk;
    const address = /console +(\S+\/console\/)/.exec(printed);
    if (address) return address[1];
  }
  assert.fail(`The server ended: ${printed}`);
}

test('The real program serves the console: the demo answers and its traffic is seen', { skip: !existsSync(program) && 'src/Patchbay is not built' }, async (t) => {
  const address = await serve(t);
  const { page } = await openAt(t, `${address}playground?model=medical`);
  await page.getByLabel('Your message').fill('My throat hurts when I swallow.');
  await page.keyboard.press('Enter');
  const answer = page.getByRole('article', { name: 'medical' });
  await answer.getByText(/tokens\/s/).waitFor({ timeout: 60_000 });
  assert.match(await answer.locator('header code').getAttribute('title'), /^sha256:[0-9a-f]{64}$/);
  assert.match(await answer.locator('.id').textContent(), /^chatcmpl-/);

  await page.getByRole('link', { name: 'Traffic' }).click();
  await page.getByText('By adapter').waitFor();
  await page.getByRole('heading', { name: 'Latency' }).waitFor();
});
