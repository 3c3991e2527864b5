// A browser without scripts, as far as logins need one: cookies by host and port, redirects, links, forms.
//
// Cookies with `Secure` are kept and sent on http to loopback, as browsers do there; never on http to anywhere else.

const text = (html) => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();
const unescape = (value) => value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&#x27;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#38;', '&').replaceAll('&amp;', '&');
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}\\s*=\\s*("([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i'));
  return found ? unescape(found[2] ?? found[3] ?? found[4]) : undefined;
};
const debug = (...words) => process.env.DEBUG && console.error(...words);

export class Browser {
  #jars = new Map();

  async go(url, options = {}) {
    const here = new URL(url);
    const jar = this.#jars.get(here.host) ?? new Map();
    this.#jars.set(here.host, jar);
    const safe = here.protocol === 'https:' || /^(127\.|localhost$|\[::1\]$)/.test(here.hostname);
    const cookies = [...jar].filter(([, cookie]) => here.pathname.startsWith(cookie.path) && (safe || !cookie.secure));
    const headers = { accept: 'text/html', ...options.headers };
    if (cookies.length) headers.cookie = cookies.map(([name, cookie]) => `${name}=${cookie.value}`).join('; ');
    const answer = await fetch(here, { redirect: 'manual', ...options, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(';').map((part) => part.trim());
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const has = (word) => rest.find((part) => part.toLowerCase().split('=')[0] === word);
      const path = has('path')?.split('=')[1] ?? '/';
      if (name.startsWith('__Host-') && (!has('secure') || path !== '/' || has('domain'))) throw new Error(`a browser refuses the cookie ${name}`);
      if (value === '' || has('max-age')?.endsWith('=0')) jar.delete(name);
      else jar.set(name, { value, path, secure: Boolean(has('secure')) });
    }
    debug(answer.status, options.method ?? 'GET', here.href);
    return answer;
  }

  // From `url` until a redirect leads to something that starts with `end`; that address.
  async until(url, end, { login, upstream }) {
    let here = new URL(url);
    let answer = await this.go(here);
    for (let step = 0; step < 25; step += 1) {
      const to = answer.headers.get('location');
      if (to) {
        here = new URL(to, here);
        if (here.href.startsWith(end)) return here;
        answer = await this.go(here);
        continue;
      }
      const html = await answer.text();
      const next = this.#choose(html, here, { login, upstream });
      if (!next) throw new Error(`no way on from ${here.href} (${answer.status}): ${text(html).slice(0, 300)}`);
      here = next.url;
      answer = await this.go(here, next.options);
    }
    throw new Error('too many steps');
  }

  // A person's link, the provider's link or button, or the form whose button goes on.
  #choose(html, here, { login, upstream }) {
    const links = [...html.matchAll(/<a\s[^>]*>[\s\S]*?<\/a>/gi)].map(([all]) => ({ href: attribute(all, 'href') ?? '', words: text(all) }));
    const person = links.find((link) => new URL(link.href, here).searchParams.get('login_hint') === login);
    if (person) return { url: new URL(person.href, here) };
    const provider = upstream && links.find((link) => link.words.includes(upstream));
    if (provider) return { url: new URL(provider.href, here) };
    const forms = [...html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/gi)].map(([all]) => this.#form(all, here, login));
    const offers = forms.flatMap((form) => form.buttons.map((button) => ({ form, button })));
    const offer = (upstream && offers.find(({ button }) => button.words.includes(upstream)))
      || offers.find(({ button }) => /allow|agree|accept|approve|continue|release|sign.?in|log.?in|submit/i.test(`${button.words} ${button.value ?? ''}`)
        && !/don.t|deny|cancel|refuse|log.?out/i.test(`${button.words} ${button.value ?? ''}`))
      || offers[0];
    if (!offer) return undefined;
    const { form, button } = offer;
    const body = new URLSearchParams(form.fields);
    if (button.name) body.set(button.name, button.value ?? '');
    if (form.method === 'get') {
      const url = new URL(form.action);
      url.search = body;
      return { url };
    }
    // The Origin and Fetch Metadata headers that a browser sends with a form of the same site.
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: here.origin, 'sec-fetch-site': 'same-origin' };
    return { url: form.action, options: { method: 'POST', headers, body } };
  }

  #form(html, here, login) {
    const open = html.match(/<form[^>]*>/i)[0];
    const fields = [];
    const buttons = [];
    for (const [tag] of html.matchAll(/<input[^>]*>/gi)) {
      const [name, type, value] = [attribute(tag, 'name'), attribute(tag, 'type') ?? 'text', attribute(tag, 'value')];
      if (type === 'submit') buttons.push({ name, value, words: value ?? '' });
      else if (!name || ((type === 'checkbox' || type === 'radio') && !/\schecked/i.test(tag))) continue;
      else if (type === 'hidden' || value) fields.push([name, value ?? (type === 'checkbox' ? 'on' : '')]);
      else fields.push([name, type === 'password' ? 'x' : login]);
    }
    for (const [all] of html.matchAll(/<button[^>]*>[\s\S]*?<\/button>/gi)) {
      const open = all.match(/<button[^>]*>/i)[0];
      buttons.push({ name: attribute(open, 'name'), value: attribute(open, 'value'), words: text(all) });
    }
    return { action: new URL(attribute(open, 'action') || here, here), method: (attribute(open, 'method') ?? 'get').toLowerCase(), fields, buttons };
  }
}
