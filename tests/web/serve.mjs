// serve.mjs FOLDER PORT : static files on 127.0.0.1, for the page and its tests. Port 0: any; it is printed.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const TYPES = {'.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm',
               '.json': 'application/json'};

export function serve(folder, port) {
    const root = path.resolve(folder) + path.sep;
    const server = http.createServer((request, answer) => {
        const name = decodeURIComponent(new URL(request.url, 'http://x').pathname);
        const file = path.join(root, name.endsWith('/') ? name + 'index.html' : name);
        if (!file.startsWith(root) || !fs.existsSync(file) || !fs.statSync(file).isFile()) {
            answer.writeHead(404).end();
            return;
        }
        answer.writeHead(200, {'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream'});
        fs.createReadStream(file).pipe(answer);
    });
    return new Promise(done => server.listen(port, '127.0.0.1', () => done(server)));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const server = await serve(process.argv[2], Number(process.argv[3]));
    console.log(`http://127.0.0.1:${server.address().port}/`);
}
