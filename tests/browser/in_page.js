// Functions that run within OHIF's page, through what it puts on `window`: its services, and cornerstone. Each is sent
// to the page by itself, so none may use anything outside its own body.
/* global services, commandsManager, cornerstone, cornerstoneTools */
'use strict';

// The images, all segmentations and the measurement report of the study are listed.
function isLoaded(wish) {
    const sets = window.services ? services.displaySetService.getActiveDisplaySets() : [];
    const shown = sets.filter(set => !set.unsupported);
    return shown.filter(set => set.Modality === 'SEG').length >= wish.segmentations &&
        shown.some(set => set.Modality === 'SR') &&
        shown.some(set => set.Modality === 'MG' && set.instances[0].SOPInstanceUID === wish.image) &&
        services.viewportGridService.getActiveViewportId() !== null;
}

function splitInTwo() {
    commandsManager.runCommand('setViewportGridLayout', { numRows: 1, numCols: 2 });
}

function isSplitInTwo() {
    const ids = [...services.viewportGridService.getState().viewports.keys()];
    return ids.length === 2 &&
        ids.every(id => services.cornerstoneViewportService.getCornerstoneViewport(id)?.getCurrentImageId?.());
}

function viewportIds() {
    return [...services.viewportGridService.getState().viewports.keys()];
}

// As a double click on the segmentation's row does.
function showSegmentation({ viewport, image }) {
    const { displaySetService, viewportGridService } = services;
    const sets = displaySetService.getActiveDisplaySets();
    const source = sets.find(set => set.Modality === 'MG' && set.instances[0].SOPInstanceUID === image);
    const segmentation = sets.find(set => set.Modality === 'SEG' &&
        set.referencedDisplaySetInstanceUID === source.displaySetInstanceUID);
    viewportGridService.setActiveViewportId(viewport);
    viewportGridService.setDisplaySetsForViewport({
        viewportId: viewport, displaySetInstanceUIDs: [segmentation.displaySetInstanceUID],
    });
}

function hasSegmentation(viewport) {
    return services.segmentationService.getSegmentationRepresentations(viewport).length > 0;
}

function showReport(viewport) {
    const { displaySetService, viewportGridService } = services;
    const report = displaySetService.getActiveDisplaySets().find(set => set.Modality === 'SR' && !set.unsupported);
    viewportGridService.setActiveViewportId(viewport);
    viewportGridService.setDisplaySetsForViewport({
        viewportId: viewport, displaySetInstanceUIDs: [report.displaySetInstanceUID],
    });
}

function hasAnnotations() {
    return cornerstoneTools.annotation.state.getAllAnnotations().some(item => item.metadata.toolName === 'DICOMSRDisplay');
}

// `centre`: [column, row] of the image; `height`: how many of its rows the viewport then shows.
function zoom({ viewport, centre, height }) {
    const shown = services.cornerstoneViewportService.getCornerstoneViewport(viewport);
    const world = at => cornerstone.utilities.imageToWorldCoords(shown.getCurrentImageId(), at);
    const focalPoint = world(centre);
    const top = world([centre[0], centre[1] - height / 2]);
    const camera = shown.getCamera();
    shown.setCamera({
        focalPoint,
        position: camera.position.map((value, axis) => value + focalPoint[axis] - camera.focalPoint[axis]),
        parallelScale: Math.hypot(...focalPoint.map((value, axis) => value - top[axis])),
    });
    shown.render();
}

function hideSegmentation(viewport) {
    for (const { segmentationId, type } of services.segmentationService.getSegmentationRepresentations(viewport)) {
        cornerstoneTools.segmentation.config.visibility.setSegmentationRepresentationVisibility(
            viewport, { segmentationId, type }, false);
    }
    services.cornerstoneViewportService.getCornerstoneViewport(viewport).render();
}

// [{modality, description, instance, source, unsupported}]; source: the image that a segmentation is of.
function displaySets() {
    const { displaySetService } = services;
    return displaySetService.getActiveDisplaySets().map(set => ({
        modality: set.Modality, description: set.SeriesDescription, instance: set.instances[0].SOPInstanceUID,
        source: displaySetService.getDisplaySetByUID(set.referencedDisplaySetInstanceUID || '')?.instances[0].SOPInstanceUID,
        unsupported: Boolean(set.unsupported),
    }));
}

// {rows, columns, segments: [{number, label, pixels}]}; pixels are indices, row by row.
function segmentation(viewport) {
    const { segmentationId } = services.segmentationService.getSegmentationRepresentations(viewport)[0];
    const { segments, representationData } = services.segmentationService.getSegmentation(segmentationId);
    const image = cornerstone.cache.getImage(representationData.Labelmap.imageIds[0]);
    const described = Object.values(segments).filter(Boolean).map(segment => ({
        number: segment.segmentIndex, label: segment.label, pixels: [],
    }));
    image.voxelManager.getScalarData().forEach((value, at) => {
        if (value) described.find(segment => segment.number === value).pixels.push(at);
    });
    return { rows: image.rows, columns: image.columns, segments: described };
}

// [{tracking, image, labels: [{label, value}], points}]; points in columns and rows of the image.
function annotations() {
    const shown = cornerstoneTools.annotation.state.getAllAnnotations()
        .filter(item => item.metadata.toolName === 'DICOMSRDisplay');
    return shown.map(({ data, metadata: { referencedImageId } }) => ({
        tracking: data.TrackingUniqueIdentifier,
        image: referencedImageId.replace(/^.*\/instances\//, '').replace(/\/.*$/, ''),
        labels: data.labels,
        points: Object.values(data.renderableData)[0][0].map(
            world => cornerstone.utilities.worldToImageCoords(referencedImageId, world)),
    }));
}

// {image, area: [left, top, width, height] on the page, corners: where the image's points (0, 0), (1, 0), (0, 1) are}
function place(viewport) {
    const shown = services.cornerstoneViewportService.getCornerstoneViewport(viewport);
    const { left, top, width, height } = shown.canvas.getBoundingClientRect();
    const imageId = shown.getCurrentImageId();
    const corners = [[0, 0], [1, 0], [0, 1]].map(at => {
        const [x, y] = shown.worldToCanvas(cornerstone.utilities.imageToWorldCoords(imageId, at));
        return [x + left, y + top];
    });
    const image = imageId.replace(/^.*\/instances\//, '').replace(/\/.*$/, '');
    return { image, area: [left, top, width, height], corners };
}

module.exports = {
    annotations, displaySets, hasAnnotations, hasSegmentation, hideSegmentation, isLoaded, isSplitInTwo, place,
    segmentation, showReport, showSegmentation, splitInTwo, viewportIds, zoom,
};
