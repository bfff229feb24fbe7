// Dead letters with replay; destinations with echo.

import { get, post } from './api.js';
import { action, chip, h, put, table, time } from './dom.js';
import { counts } from './studies.js';

export const replayButton = delivery => action('Replay', async () => {
  await post(`deliveries/${delivery.id}/replay`);
  return 'under way';
});

const link = delivery => delivery.study_instance_uid
  ? h('a', { href: `#/study/${delivery.study_instance_uid}`, class: 'uid' }, delivery.study_instance_uid)
  : h('span', { class: 'dim' }, 'forwarded object');

export function deadLetters(_, user) {
  const list = h('div');
  const columns = [
    ['State', delivery => chip(delivery.state)],
    ['Object', delivery => [delivery.kind.replaceAll('_', ' '), h('div', {}, link(delivery))]],
    ['Destination', delivery => delivery.destination],
    ['Reason', delivery => delivery.reason],
    ['Attempts', delivery => String(delivery.attempt)],
    ['Given up', delivery => time(delivery.finished)],
    ['', delivery => user.permissions.includes('operate') && replayButton(delivery)],
  ];
  return {
    element: h('section', {}, h('h1', {}, 'Dead letters'),
      h('p', { class: 'dim' }, 'Objects that a destination refused for good, did not take in all attempts, or does not accept.'), list),
    async refresh() {
      const [dead, refused] = await Promise.all(['dead', 'not_accepted'].map(state => get(`deliveries?limit=200&state=${state}`)));
      list.replaceChildren(table(columns, [...dead.deliveries, ...refused.deliveries], 'None. Everything was taken, or is still being tried.'));
    },
  };
}

export function destinations(_, user) {
  const list = h('div', { class: 'grid' });
  const cards = new Map();

  function card(destination) {
    const state = h('span');
    const facts = h('div');
    const tools = user.permissions.includes('operate') && h('p', {},
      action('Echo', async () => {
        const echo = await post(`destinations/${encodeURIComponent(destination.name)}/echo`);
        return `${echo.outcome.replace('_', ' ')} in ${echo.milliseconds} ms: ${echo.message}`;
      }), ' ',
      action('Replay all', async () => `${(await post('deliveries/replay', { destination: destination.name })).replayed} replayed`));
    const element = h('article', { class: 'card' }, h('h2', {}, destination.name, ' ', state), facts, tools);
    list.append(element);
    return fresh => {
      state.replaceChildren(chip(fresh.state));
      put(facts, h('p', {}, `${fresh.ae_title} at ${fresh.host}:${fresh.port}`), h('p', {}, counts(fresh.deliveries)),
        h('p', { class: 'dim' }, `takes ${fresh.results.join(', ').replaceAll('_', ' ')}`),
        h('p', {}, 'last delivered ', time(fresh.last_delivered)),
        fresh.last_error && h('p', {}, 'last error ', time(fresh.last_error_at), `: ${fresh.last_error}`));
    };
  }

  return {
    element: h('section', {}, h('h1', {}, 'Destinations'), list),
    async refresh() {
      for (const destination of (await get('destinations')).destinations) {
        if (!cards.has(destination.name)) cards.set(destination.name, card(destination));
        cards.get(destination.name)(destination);
      }
    },
  };
}
