// An image as large as the screen needs it, with what was found drawn over it. The node renders the grey picture of the
// part that is seen; outlines are drawn here, in the image's own columns and rows, so that they are sharp at any zoom.

import { blob, get } from './api.js';
import { h, s } from './dom.js';

const STEP = 1.25;
const PATIENCE = 80; // milliseconds of calm before a picture is asked for

const path = points => `M${points.map(([x, y]) => `${x} ${y}`).join('L')}Z`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Viewer {
  constructor(chosen) {
    this.chosen = chosen;
    this.image = null;
    this.clusters = [];
    this.cluster = -1;
    this.overlay = true;
    this.view = { x: 0, y: 0, scale: 1 }; // the image's point at the left top; its pixels per pixel of the page
    this.picture = h('img', { alt: '' });
    this.marks = s('svg', { 'aria-hidden': 'true' });
    this.said = h('p', { class: 'dim', role: 'status' });
    this.stage = h('div', {
      class: 'stage', tabindex: '0', role: 'application',
      'aria-label': 'Mammogram. Plus and minus zoom, arrows move, n and p go to the clusters, o shows or hides findings, w and s widen or narrow the window, e and d move its level, r resets it, 0 fits.',
    }, this.picture, this.marks, h('div', { class: 'hint' }, 'drag: move · wheel: zoom · shift+drag: window/level · n p o r 0'));
    this.width = this.slider('Window', value => this.setWindow(value, this.level.valueAsNumber));
    this.level = this.slider('Level', value => this.setWindow(this.width.valueAsNumber, value));
    this.toggle = h('button', { type: 'button', 'aria-pressed': 'true', onclick: () => this.showMarks(!this.overlay) }, 'Findings');
    const button = (label, what) => h('button', { type: 'button', onclick: what }, label);
    this.element = h('div', {}, h('div', { class: 'bar' },
      button('−', () => this.zoom(1 / STEP)), button('+', () => this.zoom(STEP)), button('Fit', () => this.fit()),
      button('1:1', () => this.fullResolution()), button('Next cluster', () => this.step(1)), this.toggle,
      h('label', {}, 'Window ', this.width), h('label', {}, 'Level ', this.level), button('Reset', () => this.resetWindow())),
    this.stage, this.said);
    this.listen();
    this.resized = new ResizeObserver(() => this.image && this.draw());
    this.resized.observe(this.stage);
    this.fail = error => {
      this.said.textContent = error.message;
      this.stage.dataset.state = 'failed';
    };
  }

  close() {
    this.resized.disconnect();
    this.loading?.abort();
    clearTimeout(this.timer);
  }

  slider(label, changed) {
    const input = h('input', { type: 'range', min: 1, max: 65535, 'aria-label': label });
    input.addEventListener('input', () => changed(input.valueAsNumber));
    return input;
  }

  // `image`: of the study's page; `clusters`: of its findings.
  async open(study, image, clusters) {
    const same = this.image?.sop_instance_uid === image.sop_instance_uid;
    this.clusters = clusters;
    this.cluster = -1;
    if (same && this.info) {
      this.drawMarks();
      return;
    }
    this.stage.dataset.state = 'loading';
    this.said.textContent = '';
    const base = `studies/${study}/images/${image.sop_instance_uid}`;
    this.image = image;
    this.info = null;
    const info = await get(base);
    if (this.image !== image) return; // another one was chosen meanwhile
    this.base = base;
    this.info = info;
    this.picture.removeAttribute('src');
    const top = 2 ** info.bits_stored - 1;
    this.width.max = this.level.max = Math.max(top, info.high);
    this.drawMarks();
    this.resetWindow();
    this.fit();
  }

  // -- the part that is seen
  page() {
    return this.stage.getBoundingClientRect();
  }

  fit() {
    const { width, height } = this.page();
    const scale = Math.max(this.info.columns / width, this.info.rows / height);
    this.look(this.info.columns / 2, this.info.rows / 2, scale);
  }

  fullResolution() {
    const { width, height } = this.page();
    this.look(this.view.x + width * this.view.scale / 2, this.view.y + height * this.view.scale / 2, 1 / (window.devicePixelRatio || 1));
  }

  // The image's point (x, y) in the middle.
  look(x, y, scale) {
    const { width, height } = this.page();
    this.view = { x: x - width * scale / 2, y: y - height * scale / 2, scale };
    this.draw();
  }

  // `at`: the point of the stage that stays where it is; its middle when left out.
  zoom(factor, at = null) {
    const { width, height } = this.page();
    const [px, py] = at || [width / 2, height / 2];
    const { x, y, scale } = this.view;
    const fresh = clamp(scale / factor, 0.02, 4 * Math.max(this.info.columns / width, this.info.rows / height));
    this.view = { x: x + px * (scale - fresh), y: y + py * (scale - fresh), scale: fresh };
    this.draw();
  }

  move(dx, dy) {
    this.view.x = clamp(this.view.x - dx * this.view.scale, -this.info.columns, 2 * this.info.columns);
    this.view.y = clamp(this.view.y - dy * this.view.scale, -this.info.rows, 2 * this.info.rows);
    this.draw();
  }

  step(by) {
    if (this.clusters.length) this.zoomTo((this.cluster + by + this.clusters.length) % this.clusters.length);
  }

  zoomTo(i) {
    const xs = this.clusters[i].outline.map(point => point[0]);
    const ys = this.clusters[i].outline.map(point => point[1]);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const { width, height } = this.page();
    this.cluster = i;
    this.drawMarks();
    this.chosen(i);
    this.look((left + right) / 2, (top + bottom) / 2, Math.max(1.5 * (right - left + 8) / width, 1.5 * (bottom - top + 8) / height));
  }

  // -- window and level
  resetWindow() {
    this.setWindow(this.info.high - this.info.low, (this.info.high + this.info.low) / 2);
  }

  setWindow(width, level) {
    this.width.value = clamp(width, 1, this.width.max);
    this.level.value = level;
    this.low = Math.round(this.level.valueAsNumber - this.width.valueAsNumber / 2);
    this.high = Math.round(this.level.valueAsNumber + this.width.valueAsNumber / 2);
    this.draw();
  }

  changeWindow(width, level) {
    const unit = (this.info.high - this.info.low) / 400;
    this.setWindow(this.width.valueAsNumber + width * unit, this.level.valueAsNumber + level * unit);
  }

  // -- drawing
  showMarks(on) {
    this.overlay = on;
    this.toggle.setAttribute('aria-pressed', String(on));
    this.marks.style.display = on ? '' : 'none';
  }

  drawMarks() {
    this.marks.replaceChildren(...this.clusters.map((cluster, i) => s('g', {},
      cluster.calcifications.map(grain => s('path', { class: 'grain', d: path(grain.outline.length ? grain.outline : [grain.center]) })),
      s('path', { class: i === this.cluster ? 'cluster chosen' : 'cluster', d: path(cluster.outline) }))));
    this.labels = this.clusters.map((cluster, i) => {
      const label = s('text', {}, `${i + 1}: ${Math.round(100 * cluster.certainty)} %`);
      label.dataset.at = [Math.max(...cluster.outline.map(point => point[0])), Math.min(...cluster.outline.map(point => point[1]))];
      return label;
    });
    this.marks.append(...this.labels);
  }

  // The picture that is there is moved at once; the one that belongs here follows.
  draw() {
    if (!this.info) return;
    const { width, height } = this.page();
    const { x, y, scale } = this.view;
    this.marks.setAttribute('viewBox', `${x} ${y} ${width * scale} ${height * scale}`);
    this.marks.setAttribute('preserveAspectRatio', 'none');
    for (const label of this.labels || []) {
      const [column, row] = label.dataset.at.split(',').map(Number);
      label.setAttribute('transform', `translate(${column} ${row}) scale(${scale})`);
      label.setAttribute('x', 5);
    }
    this.place();
    this.stage.dataset.state = 'loading';
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load().catch(this.fail), PATIENCE);
  }

  place() {
    if (!this.area) return;
    const { x, y, scale } = this.view;
    const [column, row, columns, rows] = this.area;
    const { style } = this.picture;
    [style.left, style.top] = [`${(column - x) / scale}px`, `${(row - y) / scale}px`];
    [style.width, style.height] = [`${columns / scale}px`, `${rows / scale}px`];
    this.picture.classList.toggle('near', scale < 0.3);
  }

  async load() {
    const { width, height } = this.page();
    const { x, y, scale } = this.view;
    const left = clamp(Math.floor(x), 0, this.info.columns - 1);
    const top = clamp(Math.floor(y), 0, this.info.rows - 1);
    const columns = clamp(Math.ceil(x + width * scale), left + 1, this.info.columns) - left;
    const rows = clamp(Math.ceil(y + height * scale), top + 1, this.info.rows) - top;
    const ratio = window.devicePixelRatio || 1;
    const pixels = Math.max(1, Math.min(4096, columns, Math.round(columns / scale * ratio))); // never more than there are
    const lines = Math.max(1, Math.min(4096, rows, Math.round(rows / scale * ratio)));
    const { low, high, image } = this;
    this.loading?.abort();
    this.loading = new AbortController();
    let picture;
    try {
      picture = await blob(`${this.base}/picture?area=${left},${top},${columns},${rows}&columns=${pixels}&rows=${lines}&low=${low}&high=${high}`,
        this.loading.signal);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (error.code === 'busy') {
        this.timer = setTimeout(() => this.load().catch(this.fail), 500);
        return;
      }
      throw error;
    }
    const address = URL.createObjectURL(picture);
    const old = this.picture.src;
    this.picture.src = address;
    await this.picture.decode().catch(() => {});
    if (old) URL.revokeObjectURL(old);
    if (this.image !== image) return;
    this.area = [left, top, columns, rows];
    this.place();
    Object.assign(this.stage.dataset, { area: JSON.stringify([x, y, width * scale, height * scale]), low, high, image: image.sop_instance_uid });
    if (this.view.x === x && this.view.y === y && this.view.scale === scale && this.low === low && this.high === high) this.stage.dataset.state = 'ready';
  }

  // -- hands
  listen() {
    const pointers = new Map();
    this.stage.addEventListener('wheel', event => {
      event.preventDefault();
      const { left, top } = this.page();
      if (this.info) this.zoom(event.deltaY < 0 ? STEP : 1 / STEP, [event.clientX - left, event.clientY - top]);
    }, { passive: false });
    this.stage.addEventListener('pointerdown', event => {
      pointers.set(event.pointerId, event);
      this.stage.setPointerCapture(event.pointerId);
    });
    this.stage.addEventListener('pointermove', event => {
      const before = pointers.get(event.pointerId);
      if (!before || !this.info) return;
      pointers.set(event.pointerId, event);
      const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
      if (pointers.size === 2) this.pinch([...pointers.values()].find(one => one !== event), before, event);
      else if (event.shiftKey || event.buttons === 2) this.changeWindow(dx, -dy);
      else this.move(dx, dy);
    });
    for (const end of ['pointerup', 'pointercancel']) this.stage.addEventListener(end, event => pointers.delete(event.pointerId));
    this.stage.addEventListener('contextmenu', event => event.preventDefault());
    this.stage.addEventListener('keydown', event => this.key(event));
  }

  pinch(other, before, now) {
    const apart = one => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const { left, top } = this.page();
    this.zoom(apart(now) / Math.max(1, apart(before)), [(now.clientX + other.clientX) / 2 - left, (now.clientY + other.clientY) / 2 - top]);
  }

  key(event) {
    if (!this.info || event.ctrlKey || event.metaKey || event.altKey) return;
    const what = {
      '+': () => this.zoom(STEP), '=': () => this.zoom(STEP), '-': () => this.zoom(1 / STEP), 0: () => this.fit(), 1: () => this.fullResolution(),
      ArrowLeft: () => this.move(60, 0), ArrowRight: () => this.move(-60, 0), ArrowUp: () => this.move(0, 60), ArrowDown: () => this.move(0, -60),
      n: () => this.step(1), p: () => this.step(this.cluster < 0 ? 0 : -1), o: () => this.showMarks(!this.overlay), r: () => this.resetWindow(),
      w: () => this.changeWindow(20, 0), s: () => this.changeWindow(-20, 0), e: () => this.changeWindow(0, 20), d: () => this.changeWindow(0, -20),
    }[event.key];
    if (!what) return;
    event.preventDefault();
    what();
  }
}
