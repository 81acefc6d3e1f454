// Cards: parts of the page that are loaded when they are opened. Each is a file of web/cards with a function card(page, box),
// which draws into `box`, and hands out a function that draws anew when the page shows something else.
import {h} from './dom.mjs';

// Name, title, whether it asks the engine, and whether it is open at first.
const CARDS = [
    ['memory', 'Activations in memory', false, true],
    ['roofline', 'Rooflines', false],
    ['frontier', 'Plans: energy against noise', true],
    ['compare', 'Compare', true],
    ['generate', 'Generation of text', true],
    ['footprint', 'Footprint', false],
    ['measured', 'Measured beside estimated', false],
];

// In a report cards are in the file; the app has them beside it.
function load(name) {
    const {cards} = picojouleParts;
    return cards[name] ?? new Promise((done, fail) => {
        document.head.append(h('script', {src: `card-${name}.js`, onload: () => done(cards[name]), onerror: () => fail(
            new Error('this part of the page cannot be loaded'))}));
    });
}

export class CardBox {
    #page;
    #cards;

    constructor(page, engine) {
        this.#page = page;
        this.#cards = CARDS.filter(([name, , asks]) => engine || !asks).map(([name, title, asks, open]) => {
            const box = h('div', {class: 'card'}), card = {name, box};
            card.fold = h('details', {open, ontoggle: () => this.#show(card)}, h('summary', {}, h('h2', {}, title)), box);
            card.section = h('section', {id: name}, card.fold);
            return card;
        });
        this.elements = this.#cards.map(card => card.section);
    }

    // All that are open show what the page shows; the others when they are opened.
    update() {
        for (const card of this.#cards)
            this.#show(card);
    }

    open(name) {
        const card = this.#cards.find(one => one.name === name);
        card.fold.open = true;
        this.#show(card);
    }

    async #show(card) {
        card.again = card.busy;
        if (!card.fold.open || card.busy)
            return;
        card.busy = true;
        try {
            card.draw ??= (await load(card.name))(this.#page, card.box);
            await card.draw();
        } catch (error) {
            card.box.replaceChildren(h('p', {class: 'note', role: 'status'}, error.message));
            card.draw = null;
        }
        card.busy = false;
        if (card.again)
            this.#show(card);
    }
}
