// Decodes Segmentations with dcmjs, a DICOM library of its own. For each file prints a line of JSON:
// {"file", "rows", "columns", "type", "frames": [{"segment", "source", "sha256"}]}, where sha256 is that of the frame's
// pixels, a byte each: 0 or 1 of a BINARY one, the stored value of a FRACTIONAL one.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const dcmjs = require('dcmjs');

dcmjs.log.setLevel('error');

const { BitArray, DicomMessage, DicomMetaDictionary } = dcmjs.data;

function read(file) {
    const content = fs.readFileSync(file);
    const bytes = content.buffer.slice(content.byteOffset, content.byteOffset + content.length);
    return DicomMetaDictionary.naturalizeDataset(DicomMessage.readFile(bytes).dict);
}

function pixels(dataset) {
    const stored = new Uint8Array(Array.isArray(dataset.PixelData) ? dataset.PixelData[0] : dataset.PixelData);
    return dataset.SegmentationType === 'BINARY' ? new Uint8Array(BitArray.unpack(stored)).map(v => (v ? 1 : 0)) : stored;
}

const first = value => (Array.isArray(value) ? value[0] : value);

function decode(file) {
    const dataset = read(file);
    const all = pixels(dataset);
    const length = dataset.Rows * dataset.Columns;
    const groups = dataset.PerFrameFunctionalGroupsSequence;
    const frames = (Array.isArray(groups) ? groups : [groups]).map((group, index) => ({
        segment: first(group.SegmentIdentificationSequence).ReferencedSegmentNumber,
        source: first(first(group.DerivationImageSequence).SourceImageSequence).ReferencedSOPInstanceUID,
        sha256: crypto.createHash('sha256').update(all.subarray(index * length, (index + 1) * length)).digest('hex'),
    }));
    return { file, rows: dataset.Rows, columns: dataset.Columns, type: dataset.SegmentationType, frames };
}

for (const file of process.argv.slice(2)) {
    console.log(JSON.stringify(decode(file)));
}
