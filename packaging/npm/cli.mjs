#!/usr/bin/env node
// `picojoule analyze MODEL` by the engine of this package: the options of the program, by their long names.
import {writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {report} from './index.mjs';
import {VALUED, FLAGS} from './options.mjs';

const OTHER = `this package analyzes: picojoule analyze MODEL [--table NAME] [--format text|json|csv|markdown] ...
All other commands are in the program: pip install picojoule, or a release.`;

function fail(code, text) {
    console.error(`picojoule: ${text}`);
    process.exit(code);
}

function parse(words) {
    const options = {}, operands = [];
    for (let i = 0; i < words.length; i++) {
        const [, name, given] = words[i].match(/^--([a-z-]+)(?:=(.*))?$/s) ?? [];
        const known = words[i] === '-o' ? 'output' : name;
        if (!known && words[i].startsWith('-') && words[i] !== '-')
            fail(2, `analyze: there is no option ${words[i]}`);
        if (!known) {
            operands.push(words[i]);
        } else if (FLAGS.includes(known)) {
            options[known] = true;
        } else if (VALUED.includes(known)) {
            if (given === undefined && i + 1 === words.length)
                fail(2, `analyze: ${words[i]} wants a value`);
            (options[known] ??= []).push(given ?? words[++i]);
        } else {
            fail(2, `analyze: this package has no --${known}; it has --${[...VALUED, ...FLAGS].join(', --')}`);
        }
    }
    for (const [name, value] of Object.entries(options))
        if (Array.isArray(value) && value.length === 1)
            options[name] = value[0];
    return {options, operands};
}

const [command, ...words] = process.argv.slice(2);
if (command === '--version' || command === '-V') {
    console.log(`picojoule ${createRequire(import.meta.url)('./package.json').version} (WebAssembly)`);
} else if (command !== 'analyze') {
    fail(2, OTHER);
} else {
    const {options, operands} = parse(words);
    const {output, ...asked} = options;
    if (operands.length !== 1)
        fail(2, 'analyze: wants one model. For example: picojoule analyze model.onnx');
    try {
        const text = await report(operands[0], {format: 'text', ...asked});
        if (output)
            writeFileSync(output, text);
        else
            process.stdout.write(text);
    } catch (error) {
        fail(3, error.message);
    }
}
