// Judges HTML reports as a browser, a screen reader and a keyboard meet them.
//
//     node check.mjs FILE...
//
// Each page is given to html-validate, and opened in Chromium at 1000 and 390 pixels, light and dark: axe-core finds nothing, the
// page asks for nothing but itself, the console stays empty, nothing sticks out to the side, and each disclosure is reached by
// Tab and opened by Enter. CHROMIUM names the browser (else chromium on PATH); PICTURES, where it is set, a directory for
// pictures. The packages are looked for where NODE_PACKAGES says.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const load = createRequire(join(process.env.NODE_PACKAGES, 'package.json'));
const { chromium } = load('playwright-core');
const { HtmlValidate } = load('html-validate');
const axe = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');
const rules = JSON.parse(readFileSync(new URL('.htmlvalidate.json', import.meta.url), 'utf8'));

const files = process.argv.slice(2).map((file) => resolve(file));
const mistakes = [];
const say = (file, where, what) => mistakes.push(`${basename(file)}${where}: ${what}`);

async function valid(file) {
  const validator = new HtmlValidate(rules);
  const report = await validator.validateString(readFileSync(file, 'utf8'), file);
  for (const { messages } of report.results) {
    for (const it of messages) say(file, `:${it.line}:${it.column}`, `${it.ruleId}: ${it.message}`);
  }
}

// What happens beside the page itself: nothing may.
function watch(page, file, where) {
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) say(file, where, `asks for ${request.url()}`);
  });
  page.on('console', (line) => say(file, where, `console: ${line.text()}`));
  page.on('pageerror', (error) => say(file, where, `error: ${error.message}`));
  page.on('dialog', async (dialog) => {
    say(file, where, `dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
}

// Tab, until each disclosure was reached; Enter opens what is closed, and closes what is open.
async function byKeyboard(page, file, where) {
  const states = () => page.$$eval('details', (all) => all.map((it) => it.open));
  const before = await states();
  const reached = new Set();
  const stops = await page.$$eval('a[href], summary', (all) => all.length);
  for (let stop = 0; stop < stops + 2 && reached.size < before.length; stop += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const here = document.activeElement;
      return here.tagName === 'SUMMARY' ? [...document.querySelectorAll('details')].indexOf(here.parentElement) : -1;
    });
    if (at < 0 || reached.has(at)) continue;
    reached.add(at);
    const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    if (seen === 'none') say(file, where, `disclosure ${at}: the focus is not to be seen`);
    await page.keyboard.press('Enter');
    if ((await states())[at] === before[at]) say(file, where, `disclosure ${at}: Enter does nothing`);
    if (before[at]) await page.keyboard.press('Enter');
  }
  if (reached.size < before.length) say(file, where, `${reached.size} of ${before.length} disclosures are reached by Tab`);
}

async function inBrowser(browser, file, width, colorScheme, isFirst) {
  const where = ` (${width} px, ${colorScheme})`;
  // Without the page's own policy, which forbids scripts (axe is one) and would hide what the page asks for.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  watch(page, file, where);
  await page.goto(pathToFileURL(file).href);
  if (isFirst) await byKeyboard(page, file, where);
  // All of the page, for axe too.
  await page.$$eval('details', (all) => all.forEach((it) => { it.open = true; }));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) say(file, where, `${wide} px stick out to the side`);
  const found = await page.evaluate(`${axe}; axe.run(document)`);
  for (const it of found.violations) {
    const places = it.nodes.map((node) => node.target.join(' '));
    say(file, where, `axe: ${it.impact}: ${it.id}: ${it.help}: ${places.slice(0, 3).join(', ')} (${places.length})`);
  }
  if (process.env.PICTURES) {
    const name = `${basename(file, '.html')}-${width}-${colorScheme}.png`;
    await page.screenshot({ path: join(process.env.PICTURES, name), fullPage: true });
  }
  await context.close();
  return found.passes.length;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
});
let passes = 0;
try {
  for (const file of files) {
    await valid(file);
    let isFirst = true;
    for (const width of [1000, 390]) {
      for (const scheme of ['light', 'dark']) {
        passes += await inBrowser(browser, file, width, scheme, isFirst);
        isFirst = false;
      }
    }
  }
} finally {
  await browser.close();
}
for (const line of mistakes) console.log(line);
console.log(`html-validate, axe-core, Chromium: ${files.length} pages, ${passes} rules of axe passed, ${mistakes.length} mistakes`);
process.exitCode = mistakes.length > 0 || passes === 0 ? 1 : 0;
