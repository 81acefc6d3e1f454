// A table of many rows: only those in sight are elements.
import {h} from './dom.mjs';

const ROW = 30, SPARE = 8, PRINTED = 2000;

// Columns: {key, title, left, value(row), show(row), cell(row)}; rows have an `index`. `onpick(row)` selects one.
export class RowTable {
    #columns;
    #rows = [];
    #shown = [];
    #word = '';
    #picked = null;
    #body = h('tbody');
    #heads;
    #region;
    #drawn = [0, 0];
    #match;
    #onpick;
    #whole = false;
    sort;

    constructor({columns, sort, match, label, onpick}) {
        this.#columns = columns;
        this.#match = match;
        this.#onpick = onpick;
        this.sort = sort;
        this.#heads = columns.map(column => this.#head(column));
        const table = h('table', {}, h('thead', {}, h('tr', {}, this.#heads)), this.#body);
        this.#region = h('div', {class: 'rows', tabindex: 0, role: 'region', 'aria-label': label,
                                 onscroll: () => this.#draw(), onkeydown: event => this.#key(event)}, table);
        addEventListener('resize', () => this.#draw());
        addEventListener('beforeprint', () => this.#all(true));
        addEventListener('afterprint', () => this.#all(false));
        this.element = this.#region;
    }

    set rows(rows) {
        this.#rows = rows;
        this.update();
    }

    set word(word) {
        this.#word = word.trim().toLowerCase();
        this.#region.scrollTop = 0;
        this.update();
    }

    get shown() {
        return this.#shown;
    }

    // Marks a row, and scrolls to it.
    pick(index) {
        this.#picked = index;
        const at = this.#shown.findIndex(row => row.index === index), top = at * ROW;
        const height = this.#region.clientHeight - ROW;
        if (at >= 0 && (top < this.#region.scrollTop || top + ROW > this.#region.scrollTop + height))
            this.#region.scrollTop = Math.max(0, top - height / 2);
        this.#draw(true);
    }

    update() {
        const {key, down} = this.sort;
        const value = this.#columns.find(column => column.key === key).value;
        const order = down ? -1 : 1;
        this.#shown = this.#rows.filter(row => !this.#word || this.#match(row).includes(this.#word));
        this.#shown.sort((a, b) => {
            const x = value(a), y = value(b);
            return order * (x < y ? -1 : x > y ? 1 : 0) || a.index - b.index;
        });
        this.#columns.forEach((column, i) => {
            const mine = column.key === key;
            this.#heads[i].setAttribute('aria-sort', mine ? (down ? 'descending' : 'ascending') : 'none');
        });
        this.#draw(true);
    }

    #head(column) {
        const press = () => {
            const mine = this.sort.key === column.key;
            this.sort = {key: column.key, down: mine ? !this.sort.down : !column.left};
            this.update();
        };
        return h('th', {scope: 'col', class: column.left && 'left'},
                 h('button', {type: 'button', onclick: press}, column.title));
    }

    #key(event) {
        const move = {ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity}[event.key];
        if (!move || event.target !== this.#region || !this.#shown.length)
            return;
        event.preventDefault();
        const at = this.#shown.findIndex(row => row.index === this.#picked);
        const next = Math.min(Math.max(at + move, 0), this.#shown.length - 1);
        this.#onpick(this.#shown[next]);
    }

    #all(whole) {
        this.#whole = whole;
        this.#draw(true);
    }

    #range() {
        if (this.#whole)
            return [0, Math.min(this.#shown.length, PRINTED)];
        const first = Math.floor(this.#region.scrollTop / ROW) - SPARE;
        const count = Math.ceil(this.#region.clientHeight / ROW) + 2 * SPARE;
        return [Math.max(0, first), Math.min(this.#shown.length, Math.max(0, first) + count)];
    }

    #draw(always) {
        const [from, to] = this.#range();
        if (!always && from === this.#drawn[0] && to === this.#drawn[1])
            return;
        this.#drawn = [from, to];
        const rows = this.#shown.slice(from, to).map((row, i) => this.#row(row, from + i));
        const left = this.#whole ? 0 : this.#shown.length - to;
        this.#body.replaceChildren(...this.#gap(from), ...rows, ...this.#gap(left));
        this.#body.parentNode.setAttribute('aria-rowcount', this.#shown.length + 1);
    }

    #gap(rows) {
        if (rows <= 0)
            return [];
        const cell = h('td', {colspan: this.#columns.length});
        cell.style.height = `${rows * ROW}px`;
        return [h('tr', {'aria-hidden': 'true', class: 'gap'}, cell)];
    }

    #row(row, at) {
        const picked = row.index === this.#picked;
        return h('tr', {'aria-rowindex': at + 2, 'aria-current': picked && 'true', onclick: () => this.#onpick(row)},
                 this.#columns.map((column, i) => h(i ? 'td' : 'th', {
                     scope: i ? undefined : 'row', class: column.left && 'left', title: i ? undefined : column.show(row),
                 }, column.cell ? column.cell(row) : column.show(row))));
    }
}

// RFC 4180, with the figures as they are.
export function csvOf(columns, rows) {
    const quote = text => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const lines = [columns.map(column => column.key), ...rows.map(row => columns.map(column => {
        const value = column.value(row);
        return value === null || value === undefined ? '' : String(value);
    }))];
    return lines.map(line => line.map(quote).join(',') + '\r\n').join('');
}
