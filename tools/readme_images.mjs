// The screenshots of both READMEs, taken of the report that script/demo writes.
//
//     script/demo && node tools/readme_images.mjs [REPORT.html]
import { createRequire } from 'node:module';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const report = resolve(process.argv[2] || `${root}/build/demo/shop.html`);
const { chromium } = createRequire(`${root}/build/third_party/node/`)('playwright-core');
const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);

mkdirSync(`${root}/docs/images`, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
for (const [lang, name] of [['en', 'report.png'], ['zh-CN', 'report.zh.png']]) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
  await page.goto(pathToFileURL(report).href);
  await page.waitForSelector('html[data-ready=yes]');
  if (await page.getAttribute('html', 'lang') !== lang) await page.click(`button:has-text("${lang === 'en' ? 'EN' : '中文'}")`);
  await page.waitForSelector(`html[lang=${lang}]`);
  await page.waitForTimeout(1500); // the charts' entry animation
  await page.screenshot({ path: `${root}/docs/images/${name}`, clip: { x: 0, y: 0, width: 1200, height: 1560 }, fullPage: true });
  console.log(`docs/images/${name}`);
}
await browser.close();
