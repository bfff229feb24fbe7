// The list of studies as they flow.

import { get } from './api.js';
import { chip, h, table, time } from './dom.js';

const STATES = ['receiving', 'queued', 'analysing', 'delivering', 'done', 'trouble'];

export const views = study => [
  Object.entries(study.views).map(([view, count]) => h('span', { class: 'view' }, count > 1 ? `${view} ×${count}` : view)),
  study.missing_views.map(view => h('span', { class: 'view missing', title: 'waits for this view' }, view)),
];

export const counts = deliveries => ['pending', 'delivered', 'not_accepted', 'dead'].filter(state => deliveries[state])
  .map(state => [h('span', { class: `chip ${state}` }, `${deliveries[state]} ${state.replace('_', ' ')}`), ' ']);

const COLUMNS = [
  ['State', study => chip(study.state)],
  ['Study', study => [h('a', { href: `#/study/${study.study_instance_uid}` }, h('span', { class: 'uid' }, study.study_instance_uid)),
    h('div', { class: 'dim' }, `from ${study.calling_ae_titles.join(', ') || '?'}`)]],
  ['Views', views],
  ['Received', study => time(study.last_received)],
  ['Analysis', study => study.job ? study.job.summary || `${study.job.state}, attempt ${study.job.attempt}` : '–'],
  ['Deliveries', study => counts(study.deliveries)],
];

export function studies() {
  const list = h('div');
  const select = h('select', { id: 'state', onchange: () => { pages = 1; refresh(); } }, h('option', { value: '' }, 'all'),
    STATES.map(state => h('option', { value: state }, state)));
  const more = h('button', { type: 'button', hidden: true, onclick: () => { ++pages; refresh(); } }, 'Older studies');
  let pages = 1;

  async function refresh() {
    const rows = [];
    let next = null;
    for (let i = 0; i < pages; ++i) {
      const query = new URLSearchParams({ limit: 50 });
      if (select.value) query.set('state', select.value);
      if (next) query.set('cursor', next);
      const page = await get(`studies?${query}`);
      rows.push(...page.studies);
      next = page.next;
      if (!next) break;
    }
    more.hidden = !next;
    const focused = document.activeElement?.closest?.('td a')?.hash;
    list.replaceChildren(table(COLUMNS, rows, 'No study in this state.'));
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }

  return {
    element: h('section', {}, h('h1', {}, 'Studies'),
      h('div', { class: 'bar' }, h('label', { for: 'state' }, 'State'), select), list, h('p', {}, more)),
    refresh,
  };
}
