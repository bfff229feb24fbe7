// Elements from values. Text is always text: nothing that a peer sent is ever read as HTML.

const SVG = 'http://www.w3.org/2000/svg';

const real = children => children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false && child !== '');

// Replaces what the element holds; what is not there (null, false) is left out, here as in h().
export const put = (element, ...children) => element.replaceChildren(...real(children));

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...real(children));
  return element;
}

export const h = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

export const s = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

export const chip = word => h('span', { class: `chip ${word}` }, word.replaceAll('_', ' '));

export function time(text) {
  if (!text) return h('span', { class: 'dim' }, '–');
  return h('time', { datetime: text, title: text }, new Date(text).toLocaleString(undefined, {
    month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }));
}

export function size(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; ++unit) bytes /= 1000;
  return `${bytes.toFixed(bytes < 10 && unit ? 1 : 0)} ${units[unit]}`;
}

// `columns`: [[title, cell(row)]]
export const table = (columns, rows, empty) => rows.length === 0 ? h('p', { class: 'dim' }, empty) : h('table', {},
  h('thead', {}, h('tr', {}, columns.map(([title]) => h('th', { scope: 'col' }, title)))),
  h('tbody', {}, rows.map(row => h('tr', {}, columns.map(([title, cell]) => h('td', { 'data-label': title }, cell(row)))))));

// A button that says what came of it, beside itself.
export function action(label, what) {
  const outcome = h('span', { class: 'dim', role: 'status' });
  const button = h('button', {
    type: 'button',
    onclick: async () => {
      button.disabled = true;
      outcome.textContent = ' …';
      try {
        outcome.textContent = ` ${await what()}`;
      } catch (error) {
        outcome.textContent = ` ${error.message}`;
      }
      button.disabled = false;
    },
  }, label);
  return h('span', {}, button, outcome);
}
