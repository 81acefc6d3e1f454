// What cards take from the page: in a page it is globalThis.picojouleParts (page.mjs), which the build puts in its place.
export * from '../chart.mjs';
export * from '../dom.mjs';
export * from '../table.mjs';
export * from '../units.mjs';
