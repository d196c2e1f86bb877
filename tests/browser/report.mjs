// The report in a real browser, from file://: both languages, light and dark, a phone, clicks that lead to sentences, paper.
// Every line the page writes to the console, every request it makes and every script error is a failure.
//
//     node report.mjs FOLDER THIRD_PARTY     FOLDER as make_report writes it; 77 = skipped
import { existsSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';

const [folder, thirdParty] = process.argv.slice(2);
function skip(why) {
  console.log('skipped: ' + why);
  process.exit(77);
}
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (!chromiumPath) skip('no Chromium; install the package chromium');
let chromium;
try {
  ({ chromium } = createRequire(resolve(thirdParty, 'node') + '/')('playwright-core'));
} catch (error) {
  skip('no playwright-core; run script/fetch-web');
}

const url = name => pathToFileURL(resolve(folder, name)).href;
const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
const complaints = [];

async function open(name, options) {
  const context = await browser.newContext(Object.assign({ viewport: { width: 1280, height: 900 } }, options));
  const page = await context.newPage();
  page.on('console', message => complaints.push(name + ' console: ' + message.text()));
  page.on('pageerror', error => complaints.push(name + ' error: ' + error.message));
  page.on('request', request => {
    if (request.url() !== url(name)) complaints.push(name + ' request: ' + request.url().slice(0, 200));
  });
  await page.goto(url(name));
  await page.waitForSelector('html[data-ready=yes]');
  return page;
}

const sections = ['overview', 'time', 'segments', 'rfm', 'retention', 'value', 'together', 'satisfaction', 'voice', 'aspects', 'words', 'topics', 'people', 'quality', 'made'];

// Each chart has drawn bars or lines, not only its frame.
async function chartsAreDrawn(page, least) {
  const shapes = await page.$$eval('.chart', list => list.map(chart => chart.querySelectorAll('svg path').length));
  assert.ok(shapes.length >= least, shapes.length + ' charts');
  for (const n of shapes) assert.ok(n > 10, 'a chart of ' + n + ' shapes');
}
async function nothingIsWider(page) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, 'the page is ' + wide + ' wide in a window of ' + window);
}
async function textIsWhole(page) {
  const text = await page.evaluate(() => document.body.innerText);
  for (const bad of ['NaN', 'undefined', '[object', 'Infinity', '{n}', '{v}']) assert.ok(!text.includes(bad), 'the page says ' + bad);
  return text;
}

try {
  // Chinese and light, as the store was told
  const page = await open('report.html', { colorScheme: 'light' });
  assert.deepEqual(await page.$$eval('main > section', list => list.map(s => s.id)), sections);
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light');
  assert.ok((await textIsWhole(page)).includes('客户走势'));
  await chartsAreDrawn(page, 6);
  await nothingIsWider(page);

  // the numbers on the page are those in the data
  const data = JSON.parse(await page.textContent('#data'));
  assert.ok((await page.textContent('.card .value')).replace(/\D/g, '') === String(data.all.customers));
  assert.equal(await page.locator('.segment').count(), data.segments.length);
  assert.equal(await page.locator('.cell').count(), 25);
  for (const topic of data.topics.list) {
    assert.equal(topic.moods.reduce((a, b) => a + b, 0), topic.n);
    assert.ok(topic.said.length > 0);
  }
  assert.equal(data.topics.list.reduce((a, row) => a + row.n, data.topics.without), data.topics.texts);
  assert.ok(Math.abs(data.value.tenths.reduce((a, b) => a + b, 0) - data.value.value) < 1, 'tenths are the whole');
  assert.ok(data.value.tenths.every((x, i, list) => i === 0 || x <= list[i - 1]));
  const cells = await page.$$eval('.cell b', list => list.map(b => Number(b.textContent.replace(/\D/g, '') || 0)));
  assert.equal(cells.reduce((a, b) => a + b, 0), data.rfm.n);

  // what a person said carries its mood, in words; a contradiction its customer and its files
  const quoted = [...data.best, ...data.unhappiest].filter(p => p.quote >= 0);
  const marks = await page.$$eval('#people .said .mood-mark', list => list.map(m => [m.className, m.textContent]));
  assert.ok(quoted.length > 0);
  assert.deepEqual(marks, quoted.map(p => data.quotes[p.quote].mood).map(m => ['mood-mark m' + m, ['负面', '中性', '正面'][m + 1]]));
  const quality = await page.textContent('#quality');
  for (const c of data.quality.conflicts) for (const said of [c.main, c.kept, c.other, c.kept_file, c.other_file]) assert.ok(quality.includes(said), said);

  // a word leads to sentences that hold it; Esc closes
  const word = page.locator('.cloud .word').first();
  const said = await word.textContent();
  await word.click();
  const quotes = page.locator('dialog.drawer .quote p');
  assert.ok(await quotes.count() >= 1);
  assert.ok((await quotes.allTextContents()).some(text => text.toLowerCase().includes(said.toLowerCase())));
  assert.ok(await page.locator('dialog.drawer mark').count() >= 1);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog.drawer').evaluate(d => d.open), false);

  // a bar of the aspects leads to sentences, and so does an intent
  const bar = page.locator('#aspects .chart svg path[fill="#cf4f36"]').nth(1);
  await bar.scrollIntoViewIfNeeded();
  await bar.click({ force: true });
  assert.ok(await page.locator('dialog.drawer .quote').count() >= 1);
  await page.locator('dialog.drawer .tool').click();
  await page.locator('#voice button.link').first().click();
  assert.ok(await page.locator('dialog.drawer .quote').count() >= 1);
  await page.keyboard.press('Escape');

  // language and theme: switched, and remembered where the browser allows it
  await page.click('.lang');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.ok((await textIsWhole(page)).includes('Customers over time'));
  await page.click('.theme');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await chartsAreDrawn(page, 6);
  await page.reload();
  await page.waitForSelector('html[data-ready=yes]');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');

  // paper is light whatever the screen is, and the screen is as before afterwards
  const work = mkdtempSync(join(tmpdir(), 'hx-report-'));
  const pdf = join(work, 'report.pdf');
  await page.pdf({ path: pdf, preferCSSPageSize: true });
  assert.equal(readFileSync(pdf).subarray(0, 5).toString(), '%PDF-');
  if (existsSync('/usr/bin/pdftotext')) {
    const text = execFileSync('/usr/bin/pdftotext', [pdf, '-'], { encoding: 'utf8' });
    for (const title of ['Customers over time', 'RFM map', 'Keywords', 'Data quality']) assert.ok(text.includes(title), 'paper lacks ' + title);
    assert.ok(text.split('\f').length - 1 <= 16, 'too many pages: ' + text.split('\f').length);
  }
  rmSync(work, { recursive: true });
  await page.waitForFunction(() => !document.documentElement.classList.contains('printing'));
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.emulateMedia({ media: 'print' });
  await page.waitForSelector('html.printing');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light');
  await chartsAreDrawn(page, 6);
  await nothingIsWider(page);

  // a dark screen and a phone
  const phone = await open('report.html', { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true, hasTouch: true });
  assert.equal(await phone.getAttribute('html', 'data-theme'), 'dark');
  await chartsAreDrawn(phone, 6);
  await nothingIsWider(phone);
  await phone.locator('.cloud .word').nth(3).tap();
  assert.ok(await phone.locator('dialog.drawer .quote').count() >= 1);

  // of very many customers it says which sections it left out, and why
  const html = readFileSync(join(folder, 'report.html'), 'utf8'), mark = '<script id="data" type="application/json">';
  const start = html.indexOf(mark) + mark.length, end = html.indexOf('</script>', start);
  const cut = Object.assign(JSON.parse(html.slice(start, end)), { large: true, value: null });
  delete cut.satisfaction;
  delete cut.overlap;
  writeFileSync(join(folder, 'large.html'), html.slice(0, start) + JSON.stringify(cut).replace(/</g, '\\u003c') + html.slice(end));
  const large = await open('large.html', {});
  for (const id of ['overlap', 'value', 'satisfaction']) assert.ok(/30 万|300,000/.test(await large.textContent('#' + id)), id);

  // a store with nothing in it is a page of sentences
  const empty = await open('empty.html', {});
  for (const lang of ['zh', 'en']) {
    assert.ok((await textIsWhole(empty)).length > 200, lang);
    await empty.click('.lang');
  }
  await nothingIsWider(empty);
  assert.deepEqual(complaints, []);
  console.log('report: passed');
} finally {
  await browser.close();
}
