// Looks at each page of a plan as people do: with eyes (light, dark, phone, desktop), by its names and roles (axe-core),
// with the keyboard alone, and with scripts off. Nothing on a page is changed but by what a person could do.
import fs from 'node:fs';
import path from 'node:path';
import { fits, launch, names, signIn } from './look.mjs';

const plan = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
// Each width and each scheme once; all four together with VISUM_PAGES_ALL=1.
const BOTH = ['light', 'dark'];
const ALL = Boolean(process.env.VISUM_PAGES_ALL);
const SIZES = [['phone', 360, 740, ALL ? BOTH : ['dark']], ['desktop', 1280, 800, ALL ? BOTH : ['light']]];
const wrong = [];
let looked = 0;

if (plan.out) fs.mkdirSync(plan.out, { recursive: true });
const browser = await launch();

// Every control is reached by Tab alone, shows that it is, and none holds the focus for ever.
async function keyboard(page, label) {
  const wanted = await page.evaluate(() => {
    const seen = (one) => one.getClientRects().length > 0 && one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true });
    const groups = new Set();
    return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].filter((one) => {
      if (one.disabled || !seen(one)) return false;
      if (one.type !== 'radio') return true;
      const group = `${one.form?.action} ${one.name}`;
      return !groups.has(group) && groups.add(group);
    }).length;
  });
  await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
  const reached = new Set();
  for (let step = 0; step < wanted + 5; step += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      window.__order ??= new Map();
      if (!window.__order.has(one)) window.__order.set(one, window.__order.size);
      const style = getComputedStyle(one);
      const marked = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
      return { id: window.__order.get(one), html: one.outerHTML.slice(0, 120), marked };
    });
    if (!here) continue;
    if (!here.marked) wrong.push(`${label}: the focus cannot be seen on ${here.html}`);
    reached.add(here.id);
  }
  if (reached.size < wanted) wrong.push(`${label}: ${wanted} controls, and Tab reaches ${reached.size}`);
}

for (const [device, width, height, schemes] of SIZES) {
  for (const scheme of schemes) {
    const signed = new Map();
    for (const { name, who, path: where, open } of plan.pages) {
      if (!signed.has(who)) {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, bypassCSP: true });
        if (who) await signIn(context, plan.broker, who);
        signed.set(who, context);
      }
      const page = await signed.get(who).newPage();
      const label = `${name}, ${device}, ${scheme}`;
      page.on('console', (line) => line.type() === 'error' && !/status of [45]/.test(line.text()) && wrong.push(`${label}: ${line.text()}`));
      await page.goto(plan.broker + where);
      const here = new URL(page.url());
      if (here.origin !== new URL(plan.broker).origin) wrong.push(`${label}: it is not ours: ${here}`);
      if (open) for (const one of await page.$$('details')) await one.evaluate((details) => { details.open = true; });
      if (plan.out) await page.screenshot({ path: path.join(plan.out, `${name}-${device}-${scheme}.png`), fullPage: true });
      if (await page.locator('script').count()) wrong.push(`${label}: it has a script`);
      wrong.push(...await fits(page, label));
      if (device === 'desktop' && scheme === 'light') await keyboard(page, label);
      wrong.push(...await names(page, label));
      looked += 1;
      await page.close();
    }
    for (const context of signed.values()) await context.close();
  }
}
await browser.close();
console.log(JSON.stringify({ pages: looked, wrong: [...new Set(wrong)] }));
