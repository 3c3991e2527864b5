// A person at a browser, for relying parties that cannot drive one: from URL, through logins and consents, until a redirect
// leads to something that starts with END. Last line: that address; with VISUM_RP_STAY, END is visited and followed in the
// same browser, and the last line is the page where that ends, as JSON.
import { Browser } from './browser.mjs';

const [url, end] = process.argv.slice(2);
const { VISUM_RP_LOGIN: login = 'ada', VISUM_RP_UPSTREAM: upstream, VISUM_RP_STAY: stay, VISUM_RP_TAMPER: tamper } = process.env;

const browser = new Browser();
let here = await browser.until(url, end, { login, upstream });
if (!stay) {
  console.log(here.href);
} else {
  if (tamper) here.searchParams.set(tamper, `${here.searchParams.get(tamper)}x`);
  let answer = await browser.go(here);
  for (let step = 0; step < 5 && answer.headers.get('location'); step += 1) {
    here = new URL(answer.headers.get('location'), here);
    // Never back to the provider: what comes after a refusal is a new login, which is not what was asked.
    if (here.origin !== new URL(end).origin) break;
    answer = await browser.go(here);
  }
  const said = Object.fromEntries([...answer.headers].filter(([name]) => name.startsWith('x-')));
  console.log(JSON.stringify({ at: here.href, status: answer.status, said, page: (await answer.text()).slice(0, 500) }));
}
