// The node itself: workers, model, disk, drain; throughput, latency and queues over time.

import { get, post } from './api.js';
import { action, chip, h, put, s, size } from './dom.js';

const COLOURS = ['#6cb4ff', '#f2c94c', '#6fcf97', '#ff7b7b'];

// `lines`: {name: [value or null at each time]}; times in milliseconds.
function plot(title, times, lines, unit = '') {
  const names = Object.keys(lines);
  const values = names.flatMap(name => lines[name]).filter(value => value !== null);
  const top = Math.max(1e-9, ...values);
  const [first, last] = [times[0] || 0, times[times.length - 1] || 1];
  const x = at => 100 * (at - first) / Math.max(1, last - first);
  const y = value => 100 - 95 * value / top;
  const now = name => lines[name].filter(value => value !== null).pop() ?? 0;
  const text = value => unit === 'B' ? size(value) : `${+value.toFixed(value < 10 ? 1 : 0)}${unit && ` ${unit}`}`;
  return h('figure', { class: 'card plot' }, h('figcaption', {}, `${title}, at most ${text(values.length ? top : 0)}`),
    s('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': title },
      [5, 52.5, 100].map(at => s('line', { x1: 0, x2: 100, y1: at, y2: at })),
      names.map((name, i) => s('polyline', {
        stroke: COLOURS[i],
        points: lines[name].map((value, k) => value === null ? '' : `${x(times[k])},${y(value)}`).join(' '),
      }))),
    h('div', { class: 'legend' }, names.map((name, i) => {
      const entry = h('span', {}, `${name} ${text(now(name))}`);
      entry.style.color = COLOURS[i];
      return entry;
    })));
}

// What a counter gained, per minute, at each sample but the first.
const rate = (samples, times, key) => samples.map((sample, i) => i === 0 ? null
  : Math.max(0, sample[key] - samples[i - 1][key]) * 60000 / Math.max(1, times[i] - times[i - 1]));

export function node(_, user) {
  const facts = h('div', { class: 'card' });
  const plots = h('div', { class: 'grid' });
  const timer = setInterval(() => refresh().catch(() => {}), 10000);

  async function refresh() {
    const [timeline, status, drain] = await Promise.all([get('timeline'), get('status'), get('drain')]);
    const samples = timeline.samples;
    const times = samples.map(sample => Date.parse(sample.at));
    const free = samples.length ? samples[samples.length - 1].disk_free : 0;
    put(facts,
      h('p', {}, `calcnode ${status.version}, `, drain.draining ? chip(drain.drained ? 'done' : 'pending') : chip('idle'),
        drain.draining ? (drain.drained ? ' drained: nothing is left to do' : ' draining') : ' taking in'),
      h('p', {}, `${timeline.workers} of ${timeline.configured_workers} workers run, ${status.associations} associations are open`),
      h('p', {}, `model ${timeline.model.name || 'none'} ${timeline.model.version} `, h('span', { class: 'uid' }, timeline.model.digest.slice(0, 16))),
      h('p', {}, `disk: ${size(free)} free of ${size(timeline.disk_size)}`),
      user.permissions.includes('operate') && action(drain.draining ? 'Take in again' : 'Drain', async () => {
        await post('drain', { draining: !drain.draining });
        await refresh();
        return '';
      }));
    plots.replaceChildren(
      plot('Throughput per minute', times, { instances: rate(samples, times, 'instances'), studies: rate(samples, times, 'studies'),
        delivered: rate(samples, times, 'delivered') }),
      plot('Arrival to delivery', times, { median: samples.map(sample => sample.latency_median_s),
        longest: samples.map(sample => sample.latency_longest_s) }, 's'),
      plot('Queues', times, { 'open studies': samples.map(sample => sample.open_studies), jobs: samples.map(sample => sample.jobs),
        deliveries: samples.map(sample => sample.deliveries) }),
      plot('Free disk', times, { free: samples.map(sample => sample.disk_free) }, 'B'));
  }

  return { element: h('section', {}, h('h1', {}, 'Node'), facts, h('h2', {}, 'Over time'), plots), refresh, close: () => clearInterval(timer) };
}
