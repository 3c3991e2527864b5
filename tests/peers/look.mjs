// What the scripts beside this one look for on a page, in headless Chromium: names and roles (axe-core), and its width.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// Signs somebody in: the account page leads to their institution, which knows them by the hint.
export async function signIn(context, broker, who) {
  const page = await context.newPage();
  await page.goto(`${broker}/account?login_hint=${encodeURIComponent(who)}`);
  const read = page.locator('form[action$="/notices"] button');
  if (await read.count()) await read.click();
  const title = await page.title();
  if (!title.includes('account')) throw new Error(`${who} could not be signed in: ${page.url()} ${title}`);
  await page.close();
}

// What axe-core finds wrong, as sentences.
export async function names(page, label) {
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  return found.violations.map((one) => {
    const where = one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 140)} (${(node.failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 200)})`);
    return `${label}: ${one.id} (${one.impact}), ${one.nodes.length} times: ${where.join(' | ')}`;
  });
}

// Whether the page is wider than the window, as a sentence.
export async function fits(page, label) {
  const over = await page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide <= 0) return null;
    const out = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    return { wide, which: out.slice(-2).map((one) => one.outerHTML.slice(0, 120)) };
  });
  return over ? [`${label}: ${over.wide} px wider than the window: ${over.which.join(' | ')}`] : [];
}
