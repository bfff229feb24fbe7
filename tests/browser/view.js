// Opens a study in OHIF in headless Chromium as a reader would: the segmentation of one image on the left, the
// measurement report on the right. Says what the page holds, and takes pictures. It judges nothing: test_viewer.py does.
//
//     node view.js '{"orthanc": PORT, "study": UID, "image": UID, "segmentations": N, "centre": [column, row],
//                    "height": PIXELS, "pictures": FOLDER}'
//
// "image": SOP Instance UID of the image to show; "segmentations": how many the study has; "centre" and "height": the part
// of the image to zoom to. Writes FOLDER/shown.png (all there is), FOLDER/plain.png (the same without the
// segmentation), and prints one JSON object, described at view().
'use strict';

const path = require('path');
const { chromium } = require('playwright-core');
const inPage = require('./in_page.js');
const { serve } = require('./serve.js');

const FLAGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
];
const PATIENCE = 150000; // milliseconds, for any one thing to happen

// A page with the study's viewer. `seen` collects errors and requests to other hosts.
async function open(browser, origin, study, seen) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', error => seen.errors.push(String(error.stack || error)));
    page.on('request', request => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin)) seen.foreign.push(request.url());
    });
    await page.addInitScript(() => localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour'])));
    await page.goto(`${origin}/viewer?StudyInstanceUIDs=${study}`, { timeout: PATIENCE });
    return page;
}

// A question of the viewer's, answered when it comes within a few seconds of now.
async function answerQuestion(page, question, answer) {
    const asked = page.getByText(question);
    await asked.first().waitFor({ timeout: 8000 }).catch(() => {});
    if (await asked.count()) await page.getByRole('button', { name: answer, exact: true }).first().click();
}

// Left: the segmentation. Right: the report. Returns the ids of the two viewports.
async function show(page, wish) {
    await page.waitForFunction(inPage.isLoaded, wish);
    await page.evaluate(inPage.splitInTwo);
    await page.waitForFunction(inPage.isSplitInTwo);
    const viewports = await page.evaluate(inPage.viewportIds);
    await page.evaluate(inPage.showSegmentation, { viewport: viewports[0], image: wish.image });
    await page.waitForFunction(inPage.hasSegmentation, viewports[0]);
    await answerQuestion(page, 'Do you want to open this Segmentation?', 'Yes');
    await page.evaluate(inPage.showReport, viewports[1]);
    await page.waitForFunction(inPage.hasAnnotations);
    await answerQuestion(page, 'Do you want to continue tracking', 'No');
    await page.waitForFunction(inPage.hasSegmentation, viewports[0]);
    return viewports;
}

async function picture(page, file) {
    await page.waitForTimeout(2000); // what has been asked for is drawn in the next frames
    await page.screenshot({ path: file, timeout: PATIENCE });
}

// Adds to `seen` what in_page.js says of the page, and takes the pictures.
async function look(page, wish, seen) {
    const viewports = await show(page, wish);
    for (const viewport of viewports) {
        await page.evaluate(inPage.zoom, { viewport, centre: wish.centre, height: wish.height });
    }
    await picture(page, path.join(wish.pictures, 'shown.png'));
    seen.displaySets = await page.evaluate(inPage.displaySets);
    seen.segmentation = await page.evaluate(inPage.segmentation, viewports[0]);
    seen.annotations = await page.evaluate(inPage.annotations);
    seen.viewports = [];
    for (const viewport of viewports) seen.viewports.push(await page.evaluate(inPage.place, viewport));
    await page.evaluate(inPage.hideSegmentation, viewports[0]);
    await picture(page, path.join(wish.pictures, 'plain.png'));
}

// {browser, errors, foreign, displaySets, segmentation, annotations, viewports}
async function view(wish) {
    const server = await serve(wish.orthanc);
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, timeout: PATIENCE });
    const seen = { browser: browser.version(), errors: [], foreign: [] };
    let page;
    try {
        page = await open(browser, `http://127.0.0.1:${server.address().port}`, wish.study, seen);
        await look(page, wish, seen);
        return seen;
    } catch (error) {
        await page?.screenshot({ path: path.join(wish.pictures, 'failed.png'), timeout: PATIENCE }).catch(() => {});
        throw new Error(`${error.stack}\nerrors of the page: ${seen.errors.join('\n') || 'none'}`);
    } finally {
        await browser.close();
        server.close();
    }
}

view(JSON.parse(process.argv[2])).then(
    seen => process.stdout.write(JSON.stringify(seen)),
    error => {
        console.error(error.stack);
        process.exitCode = 1;
    });
