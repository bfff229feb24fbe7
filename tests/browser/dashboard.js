// Works with calcnode's dashboard in headless Chromium as an operator would: signs in, watches an exam arrive that it
// sends with storescu, opens it, looks at a cluster, changes the window, replays a dead letter. Says what the page
// showed, and takes pictures. It judges nothing: test_dashboard.py does.
//
//     node dashboard.js '{"origin": URL, "token": TEXT, "study": UID, "send": [PROGRAM, ARGUMENT ...],
//                         "destination": [PROGRAM, ARGUMENT ...], "pictures": FOLDER}'
//
// "send" sends the exam; "destination" is started before the replay, so that somebody listens.
'use strict';

const { execFile, spawn } = require('child_process');
const net = require('net');
const path = require('path');
const { chromium } = require('playwright-core');

const PATIENCE = 60000; // milliseconds, for any one thing to happen
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];

const run = command => new Promise((resolve, reject) => execFile(command[0], command.slice(1), { env: { ...process.env, TCP_NODELAY: '1' } },
    error => error ? reject(error) : resolve()));

async function listening(port) {
    for (let i = 0; i < 200; ++i) {
        const open = await new Promise(resolve => {
            const socket = net.connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
            socket.on('error', () => resolve(false));
        });
        if (open) return;
        await new Promise(resolve => setTimeout(resolve, 50));
    }
    throw new Error(`nobody listens on ${port}`);
}

async function open(browser, wish, viewport, seen) {
    const page = await browser.newPage({ viewport });
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', error => seen.errors.push(String(error.stack || error)));
    page.on('console', message => message.type() === 'error' && seen.errors.push(message.text()));
    page.on('request', request => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(wish.origin)) seen.foreign.push(request.url());
    });
    page.on('framenavigated', () => { seen.loads += 1; });
    await page.goto(`${wish.origin}/`);
    await page.getByLabel('Token').fill(wish.token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Studies' }).waitFor();
    return page;
}

// The states that the exam's row shows, one after the other, while it is sent and analysed.
async function watchArrival(page, wish, seen) {
    await page.locator('#live.on').waitFor();
    await page.evaluate(study => {
        window.states = [];
        const look = () => {
            const row = [...document.querySelectorAll('main tr')].find(one => one.textContent.includes(study));
            const state = row?.querySelector('.chip')?.textContent;
            if (state && window.states[window.states.length - 1] !== state) window.states.push(state);
        };
        new MutationObserver(look).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
    }, wish.study);
    seen.loads = 0;
    await run(wish.send);
    await page.waitForFunction(() => window.states.includes('trouble'));
    seen.states = await page.evaluate(() => window.states);
    seen.loadsWhileWatching = seen.loads;
}

const ready = page => page.locator('.stage[data-state=ready]').waitFor();

// {area: [column, row, columns, rows] on the screen, low, high, image, natural: [width, height] of the PNG}
const stage = page => page.evaluate(() => {
    const { dataset } = document.querySelector('.stage');
    const { naturalWidth, naturalHeight } = document.querySelector('.stage img');
    return { area: JSON.parse(dataset.area), low: +dataset.low, high: +dataset.high, image: dataset.image, natural: [naturalWidth, naturalHeight] };
});

const shoot = (page, wish, name) => page.locator('.stage').screenshot({ path: path.join(wish.pictures, name) });

async function lookAtCluster(page, wish, seen) {
    await page.getByRole('link', { name: wish.study }).click();
    await ready(page);
    seen.whole = await stage(page);
    seen.text = await page.locator('main').innerText();
    await page.screenshot({ path: path.join(wish.pictures, 'dashboard-study.png') });
    await page.locator('.stage').focus();
    await page.keyboard.press('n');
    await page.waitForTimeout(200);
    await ready(page);
    seen.cluster = await stage(page);
    await page.evaluate(() => { document.querySelector('.hint').hidden = true; });
    await shoot(page, wish, 'shown.png');
    await page.screenshot({ path: path.join(wish.pictures, 'dashboard-cluster.png') });
    await page.keyboard.press('o');
    await shoot(page, wish, 'plain.png');
    for (let i = 0; i < 8; ++i) await page.keyboard.press('e');
    await page.waitForTimeout(200);
    await ready(page);
    seen.darker = await stage(page);
    await shoot(page, wish, 'darker.png');
    await page.keyboard.press('r');
    await page.keyboard.press('o');
    await page.keyboard.press('0');
    await page.waitForTimeout(200);
    await ready(page);
    seen.fitted = await stage(page);
}

async function showName(page, seen) {
    seen.nameBefore = await page.locator('main').innerText();
    await page.getByRole('button', { name: 'Show name' }).click();
    await page.getByRole('button', { name: 'Show name' }).waitFor({ state: 'hidden' });
    seen.nameAfter = await page.locator('main').innerText();
}

async function replay(page, wish, seen) {
    await page.getByRole('link', { name: 'Dead letters' }).click();
    const row = page.locator('main tr', { hasText: wish.study }).first();
    await row.waitFor();
    seen.dead = await page.locator('main tbody tr').count();
    seen.deadText = await row.innerText();
    const destination = spawn(wish.destination[0], wish.destination.slice(1), { stdio: 'ignore' });
    try {
        await listening(+wish.destination[wish.destination.length - 1]);
        await page.getByRole('button', { name: 'Replay' }).first().click();
        await page.getByText('None. Everything was taken').waitFor();
        await page.getByRole('link', { name: 'Destinations' }).click();
        const card = page.locator('article', { hasText: 'late' });
        await card.getByRole('button', { name: 'Echo' }).click();
        await card.getByText('answered in').waitFor();
        seen.destinations = await page.locator('main').innerText();
    } finally {
        destination.kill('SIGKILL');
    }
}

// Pages at the width of a desk and of a phone: how far each is wider than the screen, and a picture of each.
async function lookAround(page, wish, seen) {
    const pages = { studies: '#/studies', study: `#/study/${wish.study}`, dead: '#/dead', destinations: '#/destinations', node: '#/node' };
    for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
        for (const [name, hash] of Object.entries(pages)) {
            await page.evaluate(to => { location.hash = to; }, hash);
            await page.locator('main h1').waitFor();
            if (name === 'study') await ready(page);
            await page.waitForTimeout(700);
            seen.overflow[`${name} ${width}`] = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            await page.screenshot({ path: path.join(wish.pictures, `dashboard-${name}-${width}.png`) });
        }
    }
}

async function work(wish) {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, timeout: PATIENCE });
    const seen = { errors: [], foreign: [], loads: 0, overflow: {} };
    let page;
    try {
        page = await open(browser, wish, { width: 1280, height: 800 }, seen);
        await watchArrival(page, wish, seen);
        await lookAtCluster(page, wish, seen);
        await showName(page, seen);
        await replay(page, wish, seen);
        await lookAround(page, wish, seen);
        return seen;
    } catch (error) {
        await page?.screenshot({ path: path.join(wish.pictures, 'failed.png') }).catch(() => {});
        throw new Error(`${error.stack}\nerrors of the page: ${seen.errors.join('\n') || 'none'}\nseen: ${JSON.stringify(seen).slice(0, 2000)}`);
    } finally {
        await browser.close();
    }
}

work(JSON.parse(process.argv[2])).then(
    seen => process.stdout.write(JSON.stringify(seen)),
    error => {
        console.error(error.stack);
        process.exitCode = 1;
    });
