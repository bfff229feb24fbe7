// A study: its images with what was found, measurements, result objects, deliveries, history.

import { get, post } from './api.js';
import { replayButton } from './deliveries.js';
import { action, chip, h, put, size, table, time } from './dom.js';
import { views } from './studies.js';
import { Viewer } from './viewer.js';

const percent = value => `${Math.round(100 * value)} %`;
const measure = one => `${+one.value.toFixed(2)} ${one.unit === '1' ? '' : one.unit}`;

// Names are shown to who asks and may see them, and for this once.
function patientLine(uid, user) {
  const name = h('span', { 'aria-live': 'polite' }, '••••••');
  if (!user.permissions.includes('patient')) return h('p', {}, 'Patient ', name);
  const button = h('button', {
    type: 'button',
    onclick: async () => {
      try {
        const patient = await get(`studies/${uid}/patient`);
        name.textContent = [patient.name.replaceAll('^', ' '), patient.id, patient.birth_date, patient.sex].filter(Boolean).join(', ');
        button.hidden = true;
      } catch (error) {
        name.textContent = error.message;
      }
    },
  }, 'Show name');
  return h('p', {}, 'Patient ', name, ' ', button);
}

export function study(uid, user) {
  const head = h('div');
  const thumbs = h('div', { class: 'thumbs', role: 'group', 'aria-label': 'Images' });
  const stage = h('div');
  const side = h('aside');
  const rest = h('div');
  const viewer = new Viewer(cluster => markCluster(cluster));
  let shown = null; // SOP Instance UID
  let findings = null;
  let reported = null; // what the findings were read for
  let images = [];

  const found = image => findings?.images.find(one => one.sop_instance_uid === image.sop_instance_uid);

  async function choose(image) {
    shown = image.sop_instance_uid;
    for (const button of thumbs.children) button.setAttribute('aria-pressed', String(button.dataset.image === shown));
    listClusters(found(image));
    await viewer.open(uid, image, found(image)?.clusters || []);
  }

  function listClusters(result) {
    put(side, h('h2', {}, 'Findings'), result ? h('p', {}, chip(result.status), result.reason && ` ${result.reason}`)
      : h('p', { class: 'dim' }, 'No report yet.'), result && result.status === 'analysed' && result.clusters.length === 0 && h('p', {}, 'No cluster.'),
    (result?.clusters || []).map((cluster, i) => h('article', { class: 'card', 'data-cluster': i },
      h('button', { type: 'button', onclick: () => viewer.zoomTo(i) }, `Cluster ${i + 1}`), ` ${percent(cluster.certainty)}`,
      h('div', {}, `${cluster.count} calcifications`, cluster.distribution && `, ${cluster.distribution}`),
      cluster.measurements.map(one => h('div', { class: 'dim' }, `${one.name}: ${measure(one)}`)))));
  }

  function markCluster(i) {
    for (const card of side.querySelectorAll('[data-cluster]')) card.style.borderColor = card.dataset.cluster === String(i) ? 'var(--warn)' : '';
  }

  function drawThumbs() {
    thumbs.replaceChildren(...images.map(image => {
      const result = found(image);
      return h('button', {
        type: 'button', 'data-image': image.sop_instance_uid, 'aria-pressed': String(image.sop_instance_uid === shown),
        onclick: () => choose(image).catch(viewer.fail),
      }, image.view, result && result.clusters.length > 0 && ` (${result.clusters.length})`, image.analysed === false && ' –');
    }));
  }

  async function refresh() {
    const fresh = await get(`studies/${uid}`);
    images = fresh.images;
    if (!head.childElementCount) head.append(h('div', { class: 'state' }), patientLine(uid, user));
    put(head.firstElementChild, chip(fresh.state), ' ', views(fresh), h('span', { class: 'dim' }, ' received '), time(fresh.last_received), ' ',
      fresh.state !== 'receiving' && user.permissions.includes('operate') && action('Analyse again', async () => {
        await post(`studies/${uid}/reanalyse`);
        return 'asked';
      }));
    const reports = fresh.results.filter(one => one.kind === 'cad_sr').map(one => one.sop_instance_uid).join();
    const news = reports !== reported;
    if (reports && news) findings = await get(`studies/${uid}/findings`);
    reported = reports;
    drawThumbs();
    const image = images.find(one => one.sop_instance_uid === shown) || images.find(one => found(one)?.clusters.length) || images[0];
    drawLists(fresh);
    if (image && (news || image.sop_instance_uid !== shown)) await choose(image).catch(viewer.fail);
  }

  function drawLists(fresh) {
    const operate = user.permissions.includes('operate');
    rest.replaceChildren(
      h('h2', {}, 'Deliveries'), table([
        ['State', one => chip(one.state)],
        ['Object', one => one.kind.replaceAll('_', ' ')],
        ['Destination', one => one.destination],
        ['Reason', one => [one.reason, one.next_attempt && one.attempt > 0 && [' again ', time(one.next_attempt)]]],
        ['Attempts', one => String(one.attempt)],
        ['Ended', one => time(one.finished)],
        ['Commitment', one => one.commitment || '–'],
        ['', one => operate && ['dead', 'not_accepted'].includes(one.state) && replayButton(one)],
      ], fresh.deliveries, 'Nothing to deliver yet.'),
      h('h2', {}, 'Images'), table([
        ['View', one => one.view],
        ['Analysed', one => one.analysed === null ? '–' : one.analysed ? 'yes' : `no: ${one.not_analysed_because}`],
        ['Size', one => `${one.columns} × ${one.rows}, ${size(one.bytes)}`],
        ['From', one => `${one.calling_ae_title} (${one.peer}), ${one.manufacturer} ${one.station_name}`],
        ['Received', one => time(one.received)],
        ['UID', one => h('span', { class: 'uid' }, one.sop_instance_uid)],
      ], fresh.images, 'None.'),
      h('h2', {}, 'Result objects'), table([
        ['Kind', one => one.kind.replaceAll('_', ' ')],
        ['Generation', one => String(one.generation)],
        ['Made', one => time(one.created)],
        ['UID', one => h('span', { class: 'uid' }, one.sop_instance_uid)],
      ], fresh.results, 'None yet.'),
      h('h2', {}, 'History'), table([
        ['When', one => time(one.at)],
        ['What', one => one.kind.replaceAll('_', ' ')],
        ['Details', one => one.text],
      ], fresh.history, 'None.'));
  }

  stage.append(viewer.element);
  return {
    element: h('section', {}, h('h1', {}, h('span', { class: 'uid' }, uid)), head, thumbs, h('div', { class: 'study' }, stage, side), rest),
    refresh,
    close: () => viewer.close(),
  };
}
