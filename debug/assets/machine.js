// This module draws the state machine of docs/state-machine.md, for one side of a connection.

import {drawing, duration, element, printable, setText, when} from "./format.js";

// rows are those of the table, and what they mean.
export const rows = {
	O1: "reset: the owner begins an operation",
	O2: "consume: an edge was stored, the owner makes its system call again",
	O3: "announce: the owner is about to park",
	O4: "commit: the owner parks",
	O5: "abort: there is an error, and the owner withdraws",
	O6: "collect: the owner looks why it runs again",
	E1: "an edge is stored",
	E2: "a second edge changes nothing",
	E3: "an edge comes before the owner has parked",
	E4: "an edge wakes the owner",
	U1: "canceled while nobody waits: the next wait will see it",
	U2: "canceled: a stored edge stays",
	U3: "canceled before the owner has parked",
	U4: "canceled: the owner is woken",
};

// row returns the id in the name of a transition, such as O4 in O4 commit.
export const row = name => name.slice(0, 2);

const states = {idle: [76, 150], wait: [220, 78], parked: [220, 222], ready: [364, 150]};

// edges have a path, the rows that are written on it, and where.
const edges = {
	"idle idle": ["M40 143C4 126 4 174 40 157", ["O1", "O6", "U1"], 31, 187],
	"ready ready": ["M400 157C436 174 436 126 400 143", ["E2", "U2"], 411, 187],
	"idle ready": ["M70 132C90 8 350 8 370 132", ["E1"], 220, 39],
	"ready idle": ["M370 168C350 292 90 292 70 168", ["O1", "O2", "O6"], 220, 261],
	"idle wait": ["M96 132Q122 96 182 84", ["O3"], 128, 101],
	"wait idle": ["M204 96Q178 138 114 148", ["O5", "U3"], 166, 130],
	"wait ready": ["M258 84Q318 96 343 132", ["E3"], 311, 101],
	"wait parked": ["M220 96V204", ["O4"], 220, 150],
	"parked ready": ["M262 216Q318 204 343 168", ["E4"], 311, 199],
	"parked idle": ["M178 216Q122 204 97 168", ["U4"], 129, 199],
};

const apart = 24; // the centers of two rows

let heads = 0; // ids of arrowheads, which are one for each figure

// A Machine is the figure of one side, with what the side does now in words.
export class Machine {
	#state = {};
	#edge = {};
	#row = {}; // by edge and row
	#ends; // the names of the two arrowheads
	#badge = element("span", {class: "state"});
	#doing = element("p", {class: "doing"});
	#last = element("p", {class: "last"});
	#svg;
	#taken = null;

	constructor(parent, name) {
		const id = `head-${heads++}`;
		this.#ends = {off: `url(#${id})`, on: `url(#${id}-on)`};
		this.#svg = drawing("svg", {viewBox: "-8 18 456 262", role: "img", class: "machine"}, drawing("defs", {}, arrowhead(id, "tip"), arrowhead(id + "-on", "tip on")));
		for (const [key, edge] of Object.entries(edges)) {
			this.#drawEdge(key, ...edge);
		}
		for (const [state, [x, y]] of Object.entries(states)) {
			this.#state[state] = drawing("g", {class: "node " + state},
				drawing("rect", {x: x - 36, y: y - 17, width: 72, height: 34, rx: 17}), drawing("text", {x, y: y + 5}, state));
			this.#svg.append(this.#state[state]);
		}
		const title = element("div", {class: "bar"}, element("h3", {}, name), this.#badge);
		parent.append(element("section", {class: "card", "data-side": name}, title, this.#doing, this.#svg, this.#last));
	}

	#drawEdge(key, path, names, x, y) {
		this.#edge[key] = drawing("path", {d: path, class: "edge", "data-edge": key, "marker-end": this.#ends.off});
		this.#svg.append(this.#edge[key]);
		names.forEach((name, i) => {
			const center = x + (i - (names.length - 1) / 2) * apart;
			const g = drawing("g", {class: "row", "data-row": name}, drawing("title", {}, `${name} ${rows[name]}`),
				drawing("rect", {x: center - 12, y: y - 9, width: 24, height: 18, rx: 5}), drawing("text", {x: center, y: y + 4.5}, name));
			this.#row[key + name] = g;
			this.#svg.append(g);
		});
	}

	// show lights a state up, and the edge that led there: last is the event of it, or null.
	show(state, last) {
		for (const [name, g] of Object.entries(this.#state)) {
			g.classList.toggle("on", name === state);
		}
		if (last !== this.#taken) {
			this.#take(this.#taken, false);
			this.#take(last, true);
			this.#taken = last;
		}
		const text = last ? `${last.name}: ${last.was} → ${last.is}${last.detail ? ", " + printable(last.detail) : ""}` : "no transition yet";
		setText(this.#last, text);
		this.#svg.setAttribute("aria-label", `state ${state}; ${text}`);
	}

	#take(event, on) {
		if (!event) {
			return;
		}
		const key = `${event.was} ${event.is}`;
		this.#edge[key]?.classList.toggle("on", on);
		this.#edge[key]?.setAttribute("marker-end", on ? this.#ends.on : this.#ends.off);
		this.#row[key + row(event.name)]?.classList.toggle("on", on);
		if (on && this.#edge[key]) { // above the others
			this.#svg.insertBefore(this.#edge[key], this.#svg.querySelector(".row"));
		}
	}

	// describe says in words what the side does: its state, where it is parked, for how long, and its deadline.
	describe({state, place, since, due}) {
		this.#badge.className = "state " + state;
		setText(this.#badge, state);
		const parts = [];
		if (state === "parked") {
			parts.push("on its " + (place || "channel"));
		}
		if (since) {
			parts.push(`for ${since < 0 ? "more than " : ""}${duration(since)}`);
		}
		if (due) {
			parts.push(`deadline ${when(due)}`);
		}
		setText(this.#doing, parts.join(" · "));
	}
}

function arrowhead(id, name) {
	return drawing("marker", {id, class: name, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto"},
		drawing("path", {d: "M1 1 9 5 1 9z"}));
}
