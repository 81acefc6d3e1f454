// The map: every layer a tile as large as its energy, in groups that open by click and key.
import {h, select, svg} from './dom.mjs';
import {layersIn, makeTree, squarify} from './treemap.mjs';
import {COMPONENTS, energy, percent, plural} from './units.mjs';

const MAP_HEIGHT = 460, HEAD = 17, LEAST_AREA = 60, DEEPEST = 3, STEP = 92, LEAST_WIDTH = 3;
export const GROUPINGS = [
    ['scope', 'module', layer => (layer.scope || '').split('/').filter(Boolean)],
    ['stage', 'size of feature map', layer => [layer.stage ? `${layer.stage.replaceAll('x', '×')} maps` :
                                               'vectors and sequences', layer.op]],
    ['op', 'operator', layer => [layer.op]],
];

// Modules where most layers are in one, else sizes of maps where most layers have some, else operators.
export function usualGrouping(layers) {
    const scoped = layers.filter(layer => /[^/]/.test(layer.scope || '')).length;
    const staged = layers.filter(layer => layer.stage).length;
    return scoped * 2 > layers.length ? 'scope' : staged * 2 > layers.length ? 'stage' : 'op';
}

// The largest component, as the number of its tone.
export function toneOf(costs) {
    let at = 0;
    COMPONENTS.forEach(([key], i) => at = costs[key] > costs[COMPONENTS[at][0]] ? i : at);
    return at;
}

// The end of a name that tells it from its neighbours: /layer1/conv1/Conv is conv1/Conv.
function shortName(name, room) {
    const parts = name.split('/').filter(Boolean);
    const tails = [name, parts.slice(-2).join('/'), parts.at(-1) ?? name, name.match(/\d+$/)?.[0] ?? ''];
    return tails.find(tail => tail && tail.length <= room) ?? '';
}

export class EnergyMap {
    #layers = [];
    #unit = 'pJ';
    #root;
    #at;
    #grouping;
    #form = 'tiles';
    #picked = null;
    #onpick;
    #svg;
    #crumbs = h('nav', {class: 'crumbs', 'aria-label': 'Where the map is'});
    #note = h('p', {class: 'note'});
    #cells = [];

    constructor(onpick) {
        this.#onpick = onpick;
        this.#svg = svg('svg', {class: 'map', role: 'group', onkeydown: event => this.#key(event),
                                'aria-label': 'Map of energy: arrow keys move, Enter opens, Backspace goes up'});
        this.#tools = h('div', {class: 'tools'});
        this.element = h('div', {}, this.#tools, this.#crumbs, this.#svg, this.#note);
        new ResizeObserver(() => this.#fit()).observe(this.#svg);
    }

    #tools;
    #width = 0;

    // New layers, in the same place of the map where that is still there.
    show(layers, unit) {
        const path = this.#at ? this.#pathOf(this.#at) : [];
        this.#layers = layers;
        this.#unit = unit;
        this.#grouping ??= usualGrouping(layers);
        this.#tools.replaceChildren(
            select('Grouped by', GROUPINGS.map(([word, title]) => [word, title]), this.#grouping, word => {
                this.#grouping = word;
                this.#at = null;
                this.show(this.#layers, this.#unit);
            }),
            select('Form', [['tiles', 'tiles'], ['icicle', 'icicle']], this.#form, word => {
                this.#form = word;
                this.#draw();
            }),
            h('ul', {class: 'legend', 'aria-label': 'Colours: the largest part of a layer'},
              COMPONENTS.map(([, name], i) => h('li', {class: `tone${i}`}, name))));
        const pathFor = GROUPINGS.find(([word]) => word === this.#grouping)[2];
        this.#root = makeTree(layers, pathFor, layer => layer.energy_pj.total);
        this.#at = this.#root;
        for (const name of path)
            this.#at = this.#at.children?.find(child => child.name === name && !child.layer) ?? this.#at;
        this.#draw();
    }

    pick(index) {
        this.#picked = index;
        for (const cell of this.#cells)
            cell.element.classList.toggle('picked', cell.node.layer?.index === index && index !== null);
    }

    #pathOf(node) {
        return node.parent ? [...this.#pathOf(node.parent), node.name] : [];
    }

    #fit() {
        const width = Math.round(this.#svg.clientWidth);
        if (width && width !== this.#width) {
            this.#width = width;
            this.#draw();
        }
    }

    #zoom(node, from) {
        this.#at = node;
        this.#draw();
        const cell = this.#cells.find(one => one.node === from) ?? this.#cells[0];
        if (cell)
            this.#focus(cell);
    }

    #draw() {
        const width = this.#width || 960, height = MAP_HEIGHT;
        this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
        this.#cells = [];
        const parts = [];
        if (this.#form === 'icicle')
            this.#hang(this.#at, 0, 0, width, parts);
        else
            this.#place(this.#at, 0, 0, width, height, 0, parts);
        this.#svg.replaceChildren(...parts);
        if (this.#cells[0])
            this.#cells[0].element.setAttribute('tabindex', 0);
        this.pick(this.#picked);
        const crumbs = [];
        for (let node = this.#at; node; node = node.parent) {
            const name = node.parent ? node.name : 'whole model', here = node === this.#at;
            crumbs.unshift(here ? h('span', {'aria-current': 'location'}, name) :
                           h('button', {type: 'button', onclick: () => this.#zoom(node)}, name));
        }
        this.#crumbs.replaceChildren(...crumbs);
        this.#note.textContent = this.#root.value > 0 ?
            `${energy(this.#at.value, this.#unit)} in ${plural(layersIn(this.#at), 'layer', 'layers')}` +
            `, ${percent(this.#at.value / this.#root.value)} of what is shown. ` +
            'Enter or a click opens a group, Backspace goes up.' :
            'No layer takes energy that is known.';
    }

    // What is inside of a group: tiles, and where they are too small to be seen, one for all of these.
    #place(node, x, y, width, height, depth, parts) {
        const scale = width * height / node.value;
        const large = node.children.filter(child => child.value * scale >= LEAST_AREA);
        const small = node.children.slice(large.length);
        const items = [...large];
        if (small.length) {
            const value = small.reduce((sum, child) => sum + child.value, 0);
            items.push({name: `${small.length} smaller`, value, rest: small, parent: node});
            items.sort((a, b) => b.value - a.value);
        }
        squarify(items, x, y, width, height, (item, ...at) => this.#cell(item, ...at, depth, parts));
    }

    // An icicle: below each group what is in it, as wide as its energy. What is too narrow to be seen is one cell.
    #hang(node, x, y, width, parts) {
        const scale = width / node.value, wide = node.children.filter(child => child.value * scale >= LEAST_WIDTH);
        const small = node.children.slice(wide.length), items = [...wide];
        if (small.length)
            items.push({name: `${small.length} smaller`, value: small.reduce((sum, child) => sum + child.value, 0), rest: small, parent: node});
        for (const item of items) {
            const deeper = item.children && y + 2 * STEP <= MAP_HEIGHT;
            this.#cell(item, x, y, item.value * scale, deeper ? STEP : MAP_HEIGHT - y, DEEPEST, parts);
            if (deeper)
                this.#hang(item, x, y + STEP, item.value * scale, parts);
            x += item.value * scale;
        }
    }

    #cell(item, x, y, width, height, depth, parts) {
        const opens = item.children && depth < DEEPEST && width > 56 && height > HEAD + 22;
        const layers = item.layer ? [item.layer] : [];
        const costs = item.layer ? item.layer.energy_pj : this.#sum(item);
        const share = percent(item.value / this.#root.value);
        const of = item.layer ? '' : `, ${item.rest ? 'layers or groups' : plural(layersIn(item), 'layer', 'layers')}`;
        const label = `${item.name}: ${energy(item.value, this.#unit)}, ${share}${of}`;
        const element = svg('rect', {x, y, width: Math.max(width - 1, 0.5), height: Math.max(height - 1, 0.5),
                                     class: opens ? 'cell group' : `cell tile tone${toneOf(costs)}`, role: 'button',
                                     tabindex: -1, 'aria-label': label, onclick: () => this.#press(cell)},
                            svg('title', {}, label));
        const cell = {node: item, element};
        this.#cells.push(cell);
        parts.push(element, ...this.#label(item, share, x, y, width, opens ? HEAD : height, opens));
        if (opens)
            this.#place(item, x + 2, y + HEAD, width - 5, height - HEAD - 3, depth + 1, parts);
    }

    #sum(item) {
        const sum = {inputs: 0, outputs: 0, parameters: 0, op_cost: 0};
        for (const child of item.rest ?? item.children) {
            const costs = child.layer ? child.layer.energy_pj : this.#sum(child);
            for (const key in sum)
                sum[key] += costs[key];
        }
        return sum;
    }

    // Inside of its module a layer needs no path.
    #inGroup(item) {
        const {scope} = item.layer;
        const inside = this.#grouping === 'scope' && scope && item.name.startsWith(`${scope}/`);
        return inside ? item.name.slice(scope.length + 1) : item.name;
    }

    #label(item, share, x, y, width, height, isHead) {
        const out = [], add = (line, text) => out.push(svg('text', {
            x: x + 4, y: y + line, class: isHead ? 'head' : 'in', 'aria-hidden': 'true'}, text));
        const room = Math.floor((width - 8) / 7.6);
        const name = item.layer ? shortName(this.#inGroup(item), room) : item.name;
        if (height < 14)
            return out;
        const withShare = isHead && name.length + share.length + 2 <= room ? `${name}  ${share}` : name;
        if (name && name.length <= room)
            add(12, withShare);
        else if (!item.layer && room > 4)
            add(12, `${name.slice(0, room - 1)}…`);
        if (!isHead && height >= 30 && share.length <= room + 1)
            add(26, share);
        return out;
    }

    #press(cell) {
        const {node} = cell;
        if (node.layer)
            this.#onpick(node.layer.index);
        else if (node.rest)
            this.#zoomRest(node);
        else
            this.#zoom(node);
    }

    // The small ones as a group of their own.
    #zoomRest(node) {
        this.#zoom({name: node.name, value: node.value, children: node.rest, parent: node.parent});
    }

    #focus(cell) {
        for (const one of this.#cells)
            one.element.setAttribute('tabindex', one === cell ? 0 : -1);
        cell.element.focus();
    }

    #key(event) {
        const at = this.#cells.findIndex(cell => cell.element === document.activeElement);
        const move = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -at, End: Infinity}[event.key];
        if (move !== undefined && at >= 0) {
            this.#focus(this.#cells[Math.min(Math.max(at + move, 0), this.#cells.length - 1)]);
        } else if ((event.key === 'Enter' || event.key === ' ') && at >= 0) {
            this.#press(this.#cells[at]);
        } else if ((event.key === 'Backspace' || event.key === 'Escape') && this.#at.parent) {
            this.#zoom(this.#at.parent, this.#at);
        } else {
            return;
        }
        event.preventDefault();
    }
}
