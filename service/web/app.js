// The dashboard: signs in, shows the page that the address names, and shows it anew when the node has news.

import { get, listen, token } from './api.js';
import { h } from './dom.js';
import { deadLetters, destinations } from './deliveries.js';
import { node } from './node.js';
import { studies } from './studies.js';
import { study } from './study.js';

const main = document.getElementById('main');
const live = document.getElementById('live');
const leave = document.getElementById('leave');

// Each: (what stands behind it in the address, the user) -> {element, refresh()}
const PAGES = { studies, study, dead: deadLetters, destinations, node };

let page = null;
let user = null;
let listening = null;
let wanted = false;
let refreshing = false;

function fail(error) {
  if (error.status === 401) return signOut();
  main.querySelector('.notice')?.remove();
  main.prepend(h('p', { class: 'notice', role: 'alert' }, error.message));
}

// One at a time, and at most one more is kept in mind.
async function refresh() {
  if (refreshing) {
    wanted = true;
    return;
  }
  refreshing = true;
  try {
    await page?.refresh();
    main.querySelector('.notice')?.remove();
  } catch (error) {
    fail(error);
  }
  setTimeout(() => {
    refreshing = false;
    if (wanted) {
      wanted = false;
      refresh();
    }
  }, 300);
}

function show() {
  const [, name = 'studies', ...rest] = location.hash.split('/');
  const make = PAGES[name] || studies;
  for (const link of document.querySelectorAll('nav a')) {
    link.toggleAttribute('aria-current', link.hash === `#/${name}`);
  }
  page?.close?.();
  page = make(decodeURIComponent(rest.join('/')), user);
  main.replaceChildren(page.element);
  refresh();
}

function signOut() {
  token.clear();
  listening?.abort();
  page?.close?.();
  page = null;
  leave.hidden = true;
  const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', required: true });
  const said = h('p', { role: 'alert' });
  main.replaceChildren(h('form', {
    class: 'card login',
    onsubmit: async event => {
      event.preventDefault();
      token.set(input.value.trim());
      try {
        await signIn();
      } catch (error) {
        token.clear();
        said.textContent = error.message;
      }
    },
  }, h('h1', {}, 'Sign in'), h('label', { for: 'token' }, 'Token'), input, h('button', {}, 'Sign in'), said,
  h('p', { class: 'dim' }, 'Tokens are in the file http-tokens of the node’s data folder, or in http.token_file.')));
  input.focus();
}

async function signIn() {
  user = await get('me');
  leave.hidden = false;
  listening = new AbortController();
  listen(refresh, on => {
    live.textContent = on ? 'live' : 'offline';
    live.classList.toggle('on', on);
    if (on) refresh();
  }, listening.signal);
  show();
}

window.addEventListener('hashchange', () => user && token.get() && show());
leave.addEventListener('click', signOut);
if (token.get()) signIn().catch(signOut);
else signOut();
