import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, until } from './console.mjs';

const config = { name: 'adapter_config.json', mimeType: 'application/json', buffer: Buffer.from('{"r":16}') };
const weights = { name: 'adapter_model.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.alloc(200_000, 7) };

test('Switch names what changes and for whom, and then it is so', async (t) => {
  const { page, world } = await open(t, { path: 'adapters' });
  await page.getByRole('button', { name: 'Switch medical' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/Requests that name no adapter will be answered by medical@[0-9a-f]{8} \(generation 2 → 3\)/).waitFor();
  await dialog.getByText(/finish(es)? on finance|No answer is running on finance/).waitFor();
  await dialog.getByText('The same as an API call').click();
  await dialog.getByText('"adapter_name":"medical","expected_generation":2').waitFor();
  await dialog.getByRole('button', { name: 'Switch', exact: true }).click();
  await page.getByText('medical answers requests that name no adapter.').waitFor();
  assert.equal(world.default.name, 'medical');
  await page.getByRole('row', { name: /^medical/ }).getByText('In use').waitFor();
});

test('A change is seen at once, without the next reading', async (t) => {
  const { page } = await open(t, { path: 'adapters' });
  await page.getByRole('row', { name: /^medical/ }).waitFor();
  // No timer runs any more, so nothing but the change itself can have the list read again.
  await page.evaluate(() => { for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id); });
  await page.getByRole('button', { name: 'Switch medical' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch', exact: true }).click();
  await page.getByRole('row', { name: /^medical/ }).getByText('In use').waitFor();
});

test('A switch that somebody else overtook changes nothing and says so', async (t) => {
  const { page, world } = await open(t, { path: 'adapters' });
  await page.getByRole('button', { name: 'Switch medical' }).click();
  world.switch('legal', 'bob');
  await page.getByRole('dialog').getByRole('button', { name: 'Switch', exact: true }).click();
  await page.getByRole('alert').getByText('it is at generation 3 now').waitFor();
  assert.equal(world.default.name, 'legal');
});

test('A refused upload shows every reason', async (t) => {
  const { page, world } = await open(t, { path: 'adapters' });
  await page.getByRole('button', { name: 'Upload' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Choose files').setInputFiles([weights]);
  await dialog.getByText('adapter_config.json is missing').waitFor();
  await dialog.getByRole('textbox', { name: 'Name' }).or(dialog.getByRole('combobox', { name: 'Name' })).fill('fresh');
  await dialog.getByRole('button', { name: 'Upload' }).click();
  const alert = dialog.getByRole('alert');
  await alert.getByText('Nothing has changed').waitFor();
  assert.equal(await alert.getByRole('listitem').count(), 2);
  assert.equal(world.find('fresh'), undefined);
});

test('A second version is uploaded, released, and rolled back, and the history says who and why', async (t) => {
  const { page, world } = await open(t, { path: 'adapters' });
  const before = world.find('legal').digest;
  await page.getByRole('button', { name: 'Upload' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Choose files').setInputFiles([config, weights]);
  await dialog.getByRole('combobox', { name: 'Name' }).fill('legal');
  await dialog.getByText('A new version of legal: generation 2 → 3.').waitFor();
  await dialog.getByLabel(/^Release it at once/).uncheck();
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await dialog.getByText(/^legal@[0-9a-f]{8} is stored$/).waitFor();
  await dialog.getByRole('button', { name: 'Done' }).click();
  assert.equal(world.find('legal').digest, before);

  await page.getByRole('link', { name: 'legal', exact: true }).click();
  const drawer = page.getByRole('dialog', { name: 'legal' });
  await drawer.getByRole('button', { name: 'Release', exact: true }).first().click();
  const confirm = page.getByRole('dialog', { name: /^Release legal@/ });
  await confirm.getByLabel(/Reason/).fill('better citations');
  await confirm.getByRole('button', { name: 'Release', exact: true }).click();
  await until(() => world.find('legal').digest !== before, 'the new version is released');

  await drawer.getByText('generation 3').waitFor();
  await drawer.getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('dialog', { name: 'Roll legal back?' }).getByRole('button', { name: 'Roll back' }).click();
  await until(() => world.find('legal').digest === before, 'the version before answers again');
  await drawer.getByText('History').click();
  await drawer.getByText(/by local: better citations/).waitFor();
  await drawer.getByText('rolled back', { exact: true }).waitFor();
});

test('Pin, priority, load and unload go through the menu, by keyboard', async (t) => {
  const { page, world } = await open(t, { path: 'adapters' });
  const more = page.getByRole('button', { name: 'More actions for support-zh' });
  await more.focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.role === 'menuitem');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Pin');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Pin', exact: true }).click();
  await until(() => world.find('support-zh').pinned, 'it is pinned');
  await more.click();
  await page.getByRole('menuitem', { name: 'Priority: high' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Priority: high' }).click();
  await until(() => world.find('support-zh').priority === 'high', 'its priority is high');
  await page.getByRole('button', { name: 'More actions for tone-friendly' }).click();
  await page.getByRole('menuitem', { name: 'Load', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Load', exact: true }).click();
  await until(() => world.find('tone-friendly').tier !== 'disk', 'it is loading');
});

test('Names are text, whatever they hold', async (t) => {
  const { page } = await open(t, { path: 'adapters', names: true });
  await page.getByRole('link', { name: '<img src=x onerror=alert(1)>' }).click();
  await page.getByRole('dialog', { name: '<img src=x onerror=alert(1)>' }).waitFor();
  await page.keyboard.press('Escape');
  for (const path of ['playground', 'audit', 'traffic']) {
    await page.getByRole('link', { name: path[0].toUpperCase() + path.slice(1) }).click();
    await page.waitForTimeout(300);
    assert.equal(await page.locator('img[src=x]').count(), 0);
  }
});

test('A hundred adapters can be searched', async (t) => {
  const { page } = await open(t, { path: 'adapters', many: true });
  await page.getByText('100 adapters', { exact: true }).waitFor();
  await page.getByRole('searchbox').fill('tenant-04');
  await page.getByText('10 of 100').waitFor();
  await page.getByRole('searchbox').fill('nothing like it');
  await page.getByText('Nothing matches your search').waitFor();
});

test('An empty server says how to begin', async (t) => {
  const { page } = await open(t, { path: 'adapters', empty: true });
  await page.getByText('No adapter yet').waitFor();
  await page.getByRole('link', { name: 'Releases' }).click();
  await page.getByText('No release yet').waitFor();
});
