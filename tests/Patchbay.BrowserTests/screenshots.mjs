// Makes the pictures in docs/console/, so that they show what there is and not what there was.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { start } from '../../web/mock/server.mjs';

const root = fileURLToPath(new URL('../../src/Patchbay.Server/wwwroot', import.meta.url));
const target = process.argv[2] ?? fileURLToPath(new URL('../../docs/console', import.meta.url));
await mkdir(target, { recursive: true });
// A fixed clock gives the same data each time: the pictures differ only where the console does.
const noon = Date.UTC(2026, 10, 24, 12, 0, 0);
const began = Date.now();
const server = await start({ root, now: () => noon + (Date.now() - began) });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });

async function shoot(name, path, { width = 1440, height = 900, colorScheme = 'light', locale = 'en-GB', before } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale, timezoneId: 'UTC', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.clock.install({ time: server.world.now() });
  await page.clock.resume();
  await page.goto(`${server.url}/console/${path}`);
  await page.waitForTimeout(800);
  await before?.(page);
  await page.screenshot({ path: `${target}/${name}.png` });
  await context.close();
}

async function compare(page) {
  await page.getByRole('button', { name: 'Add a column' }).click();
  await page.getByLabel('Who answers in column 2').selectOption('medical');
  await page.getByLabel('Your message').fill('Explain LoRA adapters to a nurse.');
  await page.keyboard.press('Enter');
  await page.getByText(/differs from token/).waitFor();
  await page.waitForTimeout(300);
}

await shoot('adapters', 'adapters');
await shoot('releases', 'releases', { colorScheme: 'dark' });
await shoot('playground', 'playground?model=finance', { before: compare });
await shoot('traffic-zh', 'traffic', { locale: 'zh-CN' });
await shoot('audit', 'audit');
const [legal] = server.world.find('legal').versions;
server.world.routes.set('legal', {
  alias: 'legal',
  generation: 1,
  plan: {
    kind: 'rules',
    rules: [{ match: { tenant: 'Acme GmbH' }, plan: { kind: 'weighted', arms: [{ name: 'stable', digest: 'current', weight: 70 }, { name: 'trial', digest: server.world.find('medical').digest, weight: 30 }], sticky: 'user' } }],
    otherwise: { kind: 'shadow', digest: legal.digest, shadow: { digest: server.world.find('finance').digest, share: 0.1 } },
  },
});
await shoot('plan', 'adapters/legal?plan=', {
  before: async (page) => {
    await page.getByRole('dialog', { name: 'Plan of legal' }).getByLabel('Rule 1: Tenant').waitFor();
    await page.waitForTimeout(600);
  },
});
await shoot('adapters-phone', 'adapters', { width: 390, height: 844 });
await shoot('releases-phone-zh', 'releases', { width: 390, height: 844, colorScheme: 'dark', locale: 'zh-CN' });
await browser.close();
await server.stop();
