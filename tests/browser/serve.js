// Serves OHIF's files and passes /dicom-web and /wado on to Orthanc, so that the page has one origin and asks no other
// host for anything. On 127.0.0.1 and a port of the system's choice.
'use strict';

const fs = require('fs');
const http = require('http');
const path = require('path');

const DIST = path.join(path.dirname(require.resolve('@ohif/app/package.json')), 'dist');
const TYPES = {
    '.css': 'text/css', '.html': 'text/html', '.ico': 'image/x-icon', '.js': 'text/javascript', '.json': 'application/json',
    '.png': 'image/png', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json',
    '.woff2': 'font/woff2',
};

function sendFile(response, file) {
    response.writeHead(200, {
        'Content-Type': TYPES[path.extname(file)] || 'application/octet-stream',
        'Cross-Origin-Opener-Policy': 'same-origin', // both: the page may share memory with its workers
        'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    fs.createReadStream(file).pipe(response);
}

function passOn(request, response, orthanc) {
    const options = {
        host: '127.0.0.1', port: orthanc, method: request.method, path: request.url,
        headers: { ...request.headers, host: `127.0.0.1:${orthanc}` },
    };
    const inner = http.request(options, answer => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
    });
    inner.on('error', error => response.writeHead(502).end(String(error)));
    request.pipe(inner);
}

function answer(request, response, orthanc) {
    const name = decodeURIComponent(new URL(request.url, 'http://page').pathname);
    if (name.startsWith('/dicom-web') || name.startsWith('/wado')) {
        passOn(request, response, orthanc);
        return;
    }
    const file = path.join(DIST, path.normalize(name));
    if (name === '/app-config.js') {
        sendFile(response, path.join(__dirname, 'app-config.js'));
    } else if (fs.existsSync(file) && fs.statSync(file).isFile()) {
        sendFile(response, file);
    } else {
        sendFile(response, path.join(DIST, 'index.html')); // addresses within the application: /viewer?...
    }
}

// `orthanc`: the port of its REST interface. Returns the server, listening; close() ends it.
function serve(orthanc) {
    return new Promise(resolve => {
        const server = http.createServer((request, response) => answer(request, response, orthanc));
        server.listen(0, '127.0.0.1', () => resolve(server));
    });
}

module.exports = { serve };
