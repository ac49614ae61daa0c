// This module shows one page of the table of connections, as the program has sorted and filtered it.

import {addresses, duration, element, label, printable, setText, when} from "./format.js";

// facts say what the facts mean that epoll has reported.
export const facts = {
	RDHUP: "the peer has closed its writing side", HUP: "both sides are closed", ERR: "the socket has an error", PRI: "urgent data has come",
};

const unknown = "not known: check “record times”, or open a connection";

// columns have a title, the name by which the program sorts, and what fills a cell.
const columns = [
	["connection", "slot", (td, c) => link(td, label(c))],
	["fd", "fd", (td, c) => setText(td, String(c.fd))],
	["kind", "kind", (td, c) => setText(td, c.kind)],
	["local", "local", (td, c) => address(td, c.local)],
	["remote", "remote", (td, c) => address(td, c.remote)],
	["read", "read", (td, c) => side(td, c.read)],
	["write", "write", (td, c) => side(td, c.write)],
	["deadline", "due", (td, c) => deadline(td, c)],
	["facts", "facts", (td, c) => showFacts(td, c.facts)],
];

function link(td, name) {
	if (!td.firstChild) {
		td.append(element("a", {tabindex: "-1"}));
	}
	td.firstChild.setAttribute("href", "#" + name);
	setText(td.firstChild, name);
}

function address(td, text) {
	setText(td, printable(text));
	td.title = td.textContent;
}

// side shows a state, the place where an owner is parked, and for how long.
function side(td, s) {
	if (!td.firstChild) {
		td.append(element("span"), " ", element("span", {class: "place"}), " ", element("span", {class: "since"}));
	}
	const [state, , place, , since] = td.childNodes;
	state.className = "state " + s.state;
	setText(state, s.state);
	setText(place, s.place);
	setText(since, s.since === 0 ? "–" : (s.since < 0 ? "> " : "") + duration(s.since));
	since.title = s.since === 0 ? unknown : s.since < 0 ? "longer than the recording" : "since the last transition";
}

function deadline(td, c) {
	const [r, w] = [c.read.due, c.write.due];
	if (r !== 0 && Math.abs(r - w) < 1e6) {
		setText(td, when(r));
	} else {
		setText(td, [r && "read " + when(r), w && "write " + when(w)].filter(Boolean).join(", "));
	}
}

export function showFacts(parent, names) {
	if (parent.dataset.facts === String(names)) {
		return;
	}
	parent.dataset.facts = String(names);
	const item = parent.localName === "ul" ? "li" : "span";
	parent.replaceChildren(...(names ?? []).map(name => element(item, {class: "fact", title: facts[name] ?? ""}, name)));
}

const pageSize = 100;

// A Table is the table with its head, filter and pages. changed is called when another part of it is wanted. Roles are
// written out because page.css makes cards of the rows in a narrow window, and elements would lose theirs.
export class Table {
	filter = "";
	sort = "slot";
	offset = 0;
	#changed;
	#body = element("tbody", {role: "rowgroup"});
	#heads = new Map(); // by name of the sorting
	#rows = new Map(); // by label
	#current = ""; // the row that has the keyboard, or had it

	constructor(changed) {
		this.#changed = changed;
		const head = element("tr", {role: "row"});
		for (const [title, name] of columns) {
			const button = element("button", {title: "Sort by " + title}, title);
			button.addEventListener("click", () => this.#sortBy(name));
			const th = element("th", {scope: "col", role: "columnheader"}, button);
			this.#heads.set(name, th);
			head.append(th);
		}
		const table = document.getElementById("table");
		table.append(element("thead", {role: "rowgroup"}, head), this.#body);
		table.addEventListener("keydown", e => this.#key(e));
		this.#body.addEventListener("click", e => {
			const tr = e.target.closest("tr");
			if (tr && !e.target.closest("a") && getSelection().isCollapsed) {
				this.#choose(tr);
				location.hash = tr.dataset.label;
			}
		});
		this.#body.addEventListener("focusin", e => this.#choose(e.target.closest("tr")));
		for (const [id, by] of [["previous", -1], ["next", 1]]) {
			document.getElementById(id).addEventListener("click", () => this.turn(by));
		}
	}

	// parameters are those of the request.
	get parameters() {
		return {filter: this.filter, sort: this.sort, offset: this.offset, limit: pageSize};
	}

	turn(by) {
		const button = document.getElementById(by < 0 ? "previous" : "next");
		if (!button.disabled) {
			this.offset = Math.max(0, this.offset + by * pageSize);
			this.#changed();
		}
	}

	#sortBy(name) {
		this.sort = this.sort === name ? "-" + name : name;
		this.offset = 0;
		this.#changed();
	}

	// show shows an answer.
	show(state) {
		for (const [name, th] of this.#heads) {
			const sorted = this.sort.replace("-", "") === name;
			th.setAttribute("aria-sort", !sorted ? "none" : this.sort[0] === "-" ? "descending" : "ascending");
		}
		const focused = this.#body.contains(document.activeElement);
		const rows = state.connections.map(c => this.#row(c));
		this.#place(rows);
		this.#choose(this.#rows.get(this.#current) ?? rows[0]);
		if (focused && !this.#body.contains(document.activeElement)) {
			this.#rows.get(this.#current)?.querySelector("a").focus({preventScroll: true});
		}
		this.#showRange(state, rows.length);
	}

	// #place makes rows the content of the table. Rows that stay are moved only if their place has changed, so that a
	// click or the keyboard does not meet another one.
	#place(rows) {
		const kept = new Set(rows);
		for (const [name, tr] of this.#rows) {
			if (!kept.has(tr)) {
				tr.remove();
				this.#rows.delete(name);
			}
		}
		rows.forEach((tr, i) => {
			if (this.#body.children[i] !== tr) {
				this.#body.insertBefore(tr, this.#body.children[i] ?? null);
			}
		});
	}

	#row(c) {
		const name = label(c);
		let tr = this.#rows.get(name);
		if (!tr) {
			tr = element("tr", {role: "row", "data-label": name}, ...columns.map(([title, sort]) => element("td", {role: "cell", class: sort, "data-title": title})));
			this.#rows.set(name, tr);
		}
		columns.forEach(([, , fill], i) => fill(tr.children[i], c));
		tr.firstChild.firstChild.setAttribute("aria-label", `${name}, ${c.kind} ${addresses(c)}`);
		return tr;
	}

	#showRange(state, shown) {
		const last = this.offset + shown;
		const of = state.matched === state.open ? `${state.open}` : `${state.matched} of ${state.open}`;
		setText(document.getElementById("range"), shown ? `${this.offset + 1}–${last} of ${of}` : `none of ${state.open}`);
		document.getElementById("previous").disabled = this.offset === 0;
		document.getElementById("next").disabled = last >= state.matched;
		const none = document.getElementById("none");
		none.hidden = shown > 0;
		setText(none, state.open === 0 ? "No connection is open." : state.matched === 0 ? "No connection has all words of the filter."
			: "The table has become shorter than this page of it.");
	}

	// #choose makes a row the one that Tab reaches.
	#choose(tr) {
		if (!tr) {
			return;
		}
		this.#body.querySelector("a[tabindex='0']")?.setAttribute("tabindex", "-1");
		tr.querySelector("a").setAttribute("tabindex", "0");
		this.#current = tr.dataset.label;
	}

	#key(e) {
		const tr = e.target.closest("tbody tr");
		const to = {
			ArrowUp: tr?.previousElementSibling, ArrowDown: tr?.nextElementSibling,
			Home: this.#body.firstElementChild, End: this.#body.lastElementChild,
		}[e.key];
		if (tr && to && !e.ctrlKey && !e.metaKey && !e.altKey) {
			e.preventDefault();
			to.querySelector("a").focus();
		}
	}

	// focus puts the keyboard to a row.
	focus() {
		this.#body.querySelector("a[tabindex='0']")?.focus();
	}
}
