// Squarified treemaps (Bruls, Huizing, van Wijk 2000): areas in proportion, rectangles as square as that allows.

// The longest of the sides' ratios in a row of areas along a side of such a length.
function worst(least, most, sum, side) {
    const square = sum * sum, along = side * side;
    return Math.max(along * most / square, square / (along * least));
}

// Places `items`, of which each has a `value` above zero, largest first, in the rectangle; calls place(item, x, y, width,
// height) for each.
export function squarify(items, x, y, width, height, place) {
    let left = items.reduce((sum, item) => sum + item.value, 0);
    let at = 0;
    while (at < items.length && width > 0 && height > 0) {
        const scale = width * height / left, side = Math.min(width, height);
        let sum = items[at].value * scale, end = at + 1, ratio = worst(sum, sum, sum, side);
        const most = sum;
        for (; end < items.length; end++) {
            const next = items[end].value * scale;
            const better = worst(next, most, sum + next, side);
            if (better > ratio)
                break;
            ratio = better;
            sum += next;
        }
        const thick = sum / side, upright = width >= height;
        let along = upright ? y : x;
        for (; at < end; at++) {
            const length = items[at].value * scale / thick;
            if (upright)
                place(items[at], x, along, thick, length);
            else
                place(items[at], along, y, length, thick);
            along += length;
            left -= items[at].value;
        }
        if (upright) {
            x += thick;
            width -= thick;
        } else {
            y += thick;
            height -= thick;
        }
    }
}

// Groups of layers, as {name, value, children} and {name, value, layer}; `pathOf` says in which groups a layer is.
export function makeTree(layers, pathOf, valueOf) {
    const root = {name: '', value: 0, children: [], index: new Map()};
    for (const layer of layers) {
        const value = valueOf(layer);
        if (!(value > 0))
            continue;
        let node = root;
        for (const part of pathOf(layer)) {
            let next = node.index.get(part);
            if (!next) {
                next = {name: part, value: 0, children: [], index: new Map(), parent: node};
                node.index.set(part, next);
                node.children.push(next);
            }
            node = next;
        }
        node.children.push({name: layer.name, value, layer, parent: node});
    }
    return settle(root);
}

// Sums, largest first; a group of one group is one.
function settle(node) {
    if (node.layer)
        return node;
    node.children = node.children.map(settle);
    while (node.parent && node.children.length === 1 && !node.children[0].layer) {
        const only = node.children[0];
        node.name += '/' + only.name;
        node.children = only.children;
    }
    node.children.forEach(child => child.parent = node);
    node.children.sort((a, b) => b.value - a.value);
    node.value = node.children.reduce((sum, child) => sum + child.value, 0);
    return node;
}

export const layersIn = node => node.layer ? 1 : node.children.reduce((sum, child) => sum + layersIn(child), 0);
