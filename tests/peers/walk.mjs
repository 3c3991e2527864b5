// A study from the first draft to the final report, by people at browsers with scripts off: walk.mjs PLAN.json.
// PLAN: {"broker", "part": "apply" | "amend" | "report", "dataset", "institution", "letter": file, "id", "out"}.
// Each page that somebody comes to is looked at, on a phone and on a desktop.
// Last line: {"id", "seen": what each page said, by the step's name, "wrong": [sentences]}.
import fs from 'node:fs';
import path from 'node:path';
import { fits, launch, names, signIn } from './look.mjs';

const plan = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };
const wrong = [];
const seen = {};
let id = plan.id;

if (plan.out) fs.mkdirSync(plan.out, { recursive: true });
const browser = await launch();
const people = new Map();

// One browser each; scripts are off but for what looks at the page.
async function at(who) {
  if (!people.has(who)) {
    const context = await browser.newContext({ viewport: DESKTOP, bypassCSP: true });
    await signIn(context, plan.broker, who);
    people.set(who, await context.newPage());
  }
  return people.get(who);
}

async function open(who, where = `/applications/${id}`) {
  const page = await at(who);
  await page.goto(plan.broker + where);
  return page;
}

// What the page says now, and how it looks.
async function look(page, step) {
  for (const [device, size] of [['phone', PHONE], ['desktop', DESKTOP]]) {
    await page.setViewportSize(size);
    const label = `${step}, ${device}`;
    if (plan.out) await page.screenshot({ path: path.join(plan.out, `walk-${step}-${device}.png`), fullPage: true });
    wrong.push(...await fits(page, label));
    wrong.push(...await names(page, label));
  }
  seen[step] = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const write = (page, label, text) => page.getByLabel(label, { exact: true }).fill(text);

async function fill(page, ticks) {
  await write(page, 'Title', 'Why some tumours return · لماذا تعود');
  await write(page, 'What will you do with the data?', 'We compare the genomes of those that did.\nNothing else.');
  await write(page, 'Your name, as the committee should read it', 'عائشة Ada');
  await page.getByLabel('You act for').selectOption(plan.institution);
  await page.locator(`input[name=dataset][value="${plan.dataset}"]`).check();
  for (const word of ticks) await page.locator(`input[name=category][value=${word}]`).check();
  await write(page, 'Diseases', 'MONDO:0007254');
  await page.getByRole('group', { name: 'Is it commercial?' }).getByLabel('No').check();
  await page.locator('input[name=none_barred]').check();
  await write(page, 'Countries where the data will be used', 'FI');
  await write(page, 'Until, as a day', '2028-12-31');
}

async function decide(page, say, reason) {
  await page.getByLabel(say).check();
  await write(page, 'Your reason; the applicant reads it', reason);
  await press(page, 'Decide on this digest');
}

const parts = {
  async apply() {
    let page = await open('ada', '/applications/new');
    await look(page, 'form');
    await fill(page, ['disease']);
    await page.locator('main form button').last().click();
    id = new URL(page.url()).pathname.split('/')[2];
    await page.locator('summary', { hasText: 'Hand in a document' }).click();
    await write(page, 'What it is called', 'Letter of the board');
    await page.getByLabel('What it is', { exact: true }).selectOption('ethics');
    await write(page, 'Ethics letter: institution of the board', plan.institution);
    await write(page, 'Ethics letter: holds from', '2026-01-01');
    await write(page, 'Ethics letter: holds until', '2029-01-01');
    await page.getByLabel('PDF, at most 20 MiB').setInputFiles(plan.letter);
    await page.locator('form[action$="/documents"] button').click();
    const links = [];
    for (const address of ['ben@uni.example.org', 'eve@biobank.example.org', 'noor@biobank.example.org']) {
      await write(page, 'Invite by institutional address', address);
      await press(page, 'Invite');
      links.push([address.split('@')[0], await page.locator('.note code').innerText()]);
    }
    await look(page, 'draft');
    await page.locator('form[action$="/submit"] button').click();
    await look(page, 'handed-in');
    for (const [who, link] of links) {
      page = await at(who);
      await page.goto(link);
      await press(page, 'Accept the invitation');
      await look(page, `joined-${who}`);
    }
    page = await open('dan');
    await write(page, 'Your questions', 'Which tumours?');
    await press(page, 'Send it back with questions');
    await look(page, 'questions');
    page = await open('ada');
    await write(page, 'Your answer', 'Those of the breast.');
    await press(page, 'Answer');
    await look(page, 'answered');
    // What an approval would be worth: nothing, until she has read the letter. Her button leads there.
    page = await open('dan');
    await look(page, 'red');
    // in her own language, which the browser remembers
    await page.getByRole('link', { name: 'Deutsch' }).click();
    await page.goto(`${plan.broker}/applications/${id}`);
    await look(page, 'german');
    seen.languages = await page.locator('[lang=de]').allInnerTexts();
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('link', { name: 'Look at the documents' }).first().click();
    if (!page.url().endsWith('#papers')) wrong.push(`the button led to ${page.url()}`);
    const [letter] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Letter of the board' }).click()]);
    seen.letter = fs.readFileSync(await letter.path(), 'latin1').slice(0, 8);
    await press(page, 'I read it');
    await look(page, 'green');
    await decide(page, 'Yes: approve it, if the votes suffice', 'Within the consent.');
    await look(page, 'approved');
  },
  async amend() {
    let page = await open('ben');
    await press(page, 'Leave this study');
    await look(page, 'left');
    page = await open('ada');
    await look(page, 'after-leaving');
    await page.getByRole('link', { name: 'Amend it' }).click();
    await look(page, 'amend-form');
    await fill(page, ['genetic']);
    await page.locator('main form button').last().click();
    await page.locator('form[action$="/submit"] button').click();
    await look(page, 'amended');
    page = await open('dan');
    await look(page, 'amendment');
    await decide(page, 'Yes: approve it, if the votes suffice', 'Within the consent too.');
    await look(page, 'amendment-approved');
  },
  async report() {
    let page = await open('ada');
    await write(page, 'What came of it', 'Two genes.');
    await write(page, 'Publications, accessions, deposits: one a line', 'https://doi.org/10.1000/1');
    await press(page, 'Hand in the final report');
    await look(page, 'reported');
    page = await open('dan');
    await look(page, 'closed');
    const [minutes] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Minutes (PDF)' }).click()]);
    if (plan.out) await minutes.saveAs(path.join(plan.out, 'minutes.pdf'));
    seen.minutes = fs.readFileSync(await minutes.path(), 'latin1').slice(0, 8);
    page = await open('dan', '/applications');
    await look(page, 'list');
  },
};

try {
  await parts[plan.part]();
} finally {
  await browser.close();
}
console.log(JSON.stringify({ id, seen, wrong: [...new Set(wrong)] }));
