import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { desktop, open, pages, phone, until } from './console.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// Between the themes only colours differ, so the dark one is asked about those alone.
const rules = { light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], dark: ['color-contrast'] };

async function settled(page) {
  await page.locator('h1').first().waitFor();
  await page.locator('.skeleton').waitFor({ state: 'detached' });
  await page.waitForTimeout(250);
}

for (const colorScheme of ['light', 'dark']) {
  for (const [name, viewport] of [['desktop', desktop], ['phone', phone]]) {
    test(`axe finds nothing on any page (${colorScheme}, ${name})`, async (t) => {
      const { page, url } = await open(t, { colorScheme, viewport, names: true });
      for (const path of [...pages, 'adapters/medical', 'adapters/legal?plan=', 'releases?start=finance']) {
        await page.goto(`${url}/console/${path}`);
        await settled(page);
        const { violations } = await page.evaluate(`${axe}; axe.run(document, { runOnly: ${JSON.stringify(rules[colorScheme])} })`);
        assert.deepEqual(violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes[0].html}`), []);
      }
    });
  }
}

test('Nothing is wider than a phone of 360 pixels, in either language', async (t) => {
  for (const locale of ['en-GB', 'zh-CN']) {
    const { page, url } = await open(t, { viewport: phone, locale, names: true });
    for (const path of [...pages, 'adapters/medical', 'adapters/legal?plan=', 'releases?start=finance']) {
      await page.goto(`${url}/console/${path}`);
      await settled(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= phone.width, `${path} in ${locale} is ${width} pixels wide`);
    }
  }
});

test('Chinese comes with the browser, English by choice, and the choice stays', async (t) => {
  const { page } = await open(t, { locale: 'zh-CN', path: 'adapters' });
  await page.getByRole('heading', { name: '适配器', level: 1 }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
  await page.getByRole('button', { name: '切换 medical' }).click();
  await page.getByRole('dialog').getByText(/没有指定适配器的请求将由 medical@[0-9a-f]{8} 回答/).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Switch to English' }).click();
  await page.getByRole('heading', { name: 'Adapters', level: 1 }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Adapters', level: 1 }).waitFor();
});

test('The theme follows the system until it is chosen', async (t) => {
  const { page } = await open(t, { path: 'traffic', colorScheme: 'dark' });
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await settled(page);
  const dark = await background();
  await page.getByRole('button', { name: 'Use the light theme' }).click();
  const isLight = (before) => getComputedStyle(document.documentElement).backgroundColor !== before;
  await page.waitForFunction(isLight, dark);
  await page.reload();
  await settled(page);
  await page.waitForFunction(isLight, dark);
});

test('A key is asked for, kept in the tab, and a viewer sees no action', async (t) => {
  const { page, url } = await open(t, { keys: true, path: 'adapters' });
  await page.getByLabel('Key').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key is not known here.').waitFor();
  await page.getByLabel('Key').fill('viewer-key');
  await page.keyboard.press('Enter');
  await page.getByText('Your key may look, not change.').waitFor();
  assert.equal(await page.getByRole('button', { name: /Switch|Upload|More actions/ }).filter({ hasNotText: '中' }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Playground' }).count(), 0);
  assert.deepEqual(await page.evaluate(() => [sessionStorage.length, Object.keys(localStorage).filter((name) => /key/.test(name)), document.cookie]), [1, [], '']);
  for (const path of ['releases', 'audit', 'adapters/medical']) {
    await page.goto(`${url}/console/${path}`);
    await settled(page);
    assert.equal(await page.getByRole('button', { name: /Promote|Abort|Pause|Replay|Roll back|Remove|Release$/ }).count(), 0);
  }
  assert.equal(await page.getByRole('link', { name: 'Edit plan' }).count(), 0);
  await page.goto(`${url}/console/adapters/legal?plan=`);
  await settled(page);
  assert.equal(await page.getByRole('dialog', { name: 'Plan of legal' }).count(), 0);
  // Whether the chain is whole, everybody may know who may look.
  await page.goto(`${url}/console/audit`);
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText(/The chain is whole: \d+ entries/).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Key').fill('admin-key');
  await page.keyboard.press('Enter');
  await page.getByText('alice').first().waitFor();
  await page.getByRole('link', { name: 'Adapters' }).click();
  await page.getByRole('button', { name: 'Switch medical' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Key').fill('inference-key');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Playground' }).waitFor();
  assert.equal(await page.getByRole('navigation').getByRole('link').count(), 1);
});

test('The keyboard reaches everything: skip link, dialogs that hold the focus, Escape', async (t) => {
  const { page } = await open(t, { path: 'adapters' });
  await settled(page);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.getByRole('button', { name: 'Switch medical' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null));
  }
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement.ariaLabel === 'Switch medical');
});

test('The audit is filtered and verified, and an answer is found and replayed', async (t) => {
  const { page, world, url } = await open(t, { path: 'playground?model=medical' });
  await page.getByLabel('Your message').fill('What is a LoRA adapter?');
  await page.keyboard.press('Enter');
  await page.getByText(/tokens\/s/).waitFor();
  await until(() => world.answers.size === 1, 'the answer is recorded');
  const [id] = world.answers.keys();
  world.answers.get(id).feedback = { score: 0.25, comment: '<img src=x onerror=alert(1)>' };

  await page.goto(`${url}/console/audit`);
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText(`The chain is whole: ${world.journal.length} entries.`).waitFor();
  await page.getByLabel('On', { exact: true }).fill('medical');
  await page.getByText('uploaded', { exact: true }).first().click();
  await page.getByText('Hash before').waitFor();

  await page.getByLabel('Find an answer').fill('chatcmpl-unknown');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('alert').getByText('No answer of this id').waitFor();
  await page.getByLabel('Find an answer').fill(id);
  await page.getByRole('button', { name: 'Find' }).click();
  const dialog = page.getByRole('dialog', { name: 'Answer' });
  await dialog.getByText('25%: <img src=x onerror=alert(1)>').waitFor();
  assert.equal(await page.locator('img[src=x]').count(), 0);
  await dialog.getByLabel(/^Messages/).fill('What is a LoRA adapter?');
  await dialog.getByRole('button', { name: 'Replay' }).click();
  await dialog.getByText('The same, bit for bit.').waitFor();
});

test('Traffic is polled while it is seen, and not while it is hidden', async (t) => {
  const { page } = await open(t, { path: 'traffic' });
  let polls = 0;
  page.on('request', (request) => (polls += request.url().endsWith('/admin/traffic') ? 1 : 0));
  await page.waitForTimeout(2600);
  assert.ok(polls >= 2, `${polls} polls in 2.6 s`);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.getByText('Paused while this tab is hidden').waitFor();
  await page.waitForTimeout(1200);
  polls = 0;
  await page.waitForTimeout(2200);
  assert.equal(polls, 0);
});

test('A server that goes away is told of, and what was seen stays', async (t) => {
  const { page } = await open(t, { path: 'adapters' });
  await settled(page);
  await page.route('**/admin/**', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: '{"detail":"The engine is stopping.","code":"stopping","status":503}' }));
  await page.getByRole('alert').getByText('The engine is stopping.').waitFor();
  await page.getByRole('link', { name: 'medical', exact: true }).waitFor();
});

test('The first control is there within half a second', async (t) => {
  const { page, url } = await open(t);
  await page.goto('about:blank');
  const started = performance.now();
  await page.goto(`${url}/console/adapters`, { waitUntil: 'commit' });
  await page.getByRole('link', { name: 'Adapters' }).waitFor();
  const took = performance.now() - started;
  // Shared build machines get four times as long as a laptop.
  assert.ok(took < 2000, `${Math.round(took)} ms`);
});
