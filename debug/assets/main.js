// This module is the page: what is shown, what is asked for, and the keys.
//
//	main ── Reactors (plots.js: rates.js, uPlot)
//	  │ ├── Table (table.js)
//	  │ └── Connection (connection.js) ── Player (player.js), Events (events.js)
//	  │                               └── Machine (machine.js), Timeline (timeline.js)
//	  └──── source.js: state.json each second; trace.json four times a second while a connection is open

import {Connection} from "./connection.js";
import {grouped, setText} from "./format.js";
import {Reactors} from "./plots.js";
import {askState, askTrace, Poller} from "./source.js";
import {Table} from "./table.js";

const $ = id => document.getElementById(id);

const reactors = new Reactors();
const table = new Table(() => {
	keep();
	states.soon();
});
const connection = new Connection(report);
const states = new Poller(fetchState, 1000);
let frozen = false; // the reactors and the table stay as they are

// fetchState asks for what is on the page.
async function fetchState() {
	const asked = connection.label ? {conn: connection.label, limit: 0} : table.parameters;
	try {
		if (!connection.label && $("record").checked) {
			await askTrace({conn: "none"}); // keeps the program recording; no connection has that label
		}
		const state = await askState(asked);
		report(null);
		reactors.add(state.now, state.reactors);
		const open = state.reactors.reduce((n, r) => n + r.open, 0);
		setText($("totals"), `${grouped(open)} open · ${grouped(state.reactors.reduce((n, r) => n + r.readers + r.writers, 0))} parked`);
		if (asked.conn === connection.label && asked.conn) {
			connection.update(state.opened);
		} else if (!asked.conn && !connection.label) {
			table.show(state);
			reactors.draw();
		}
	} catch (error) {
		report(error);
	}
}

// report shows whether the program answers.
function report(error) {
	const status = $("status");
	status.className = error ? "bad" : frozen ? "frozen" : "good";
	setText(status, error ? `No answer (${error.message}). Trying again.` : frozen ? "paused" : "live");
}

// The part of the address after # is the label of the open connection, and what the table shows:
// #1.3.1, or #&filter=read:parked&sort=-due.

function keep() {
	const parts = [connection.label];
	const parameters = new URLSearchParams(Object.entries({filter: table.filter, sort: table.sort, offset: table.offset})
		.filter(([, value]) => value && value !== "slot"));
	const hash = parameters.size ? `${parts[0]}&${parameters}` : parts[0];
	history.replaceState(null, "", "#" + hash);
	$("back").href = parameters.size ? `#&${parameters}` : "#";
}

// follow shows what the address says.
function follow() {
	const hash = location.hash.slice(1), cut = hash.indexOf("&");
	const [text, rest] = cut < 0 ? [hash, ""] : [hash.slice(0, cut), hash.slice(cut)];
	const name = /^[\d.]+$/.test(text) ? text : "";
	if (cut >= 0 || name === "" && !connection.label) {
		const parameters = new URLSearchParams(rest);
		table.filter = parameters.get("filter") ?? "";
		table.sort = parameters.get("sort") ?? "slot";
		table.offset = Number(parameters.get("offset")) || 0;
		$("filter").value = table.filter;
	}
	const was = connection.label;
	if (name) {
		connection.open(name);
		if (frozen) {
			freeze();
		}
	} else {
		connection.close();
	}
	$("all").hidden = Boolean(name);
	$("one").hidden = !name;
	$("freeze").hidden = Boolean(name);
	document.title = name ? `${connection.label} · netpoller` : "netpoller";
	keep();
	if (name && name !== was) {
		scrollTo(0, 0);
		$("one-title").focus({preventScroll: true});
	} else if (!name && was) {
		table.focus();
	}
	states.soon();
}

function freeze() {
	frozen = !frozen;
	$("freeze").setAttribute("aria-pressed", String(frozen));
	setText($("freeze"), frozen ? "Go on" : "Pause");
	if (frozen) {
		states.stop();
	} else {
		states.start();
	}
	report(null);
}

// keys are those of the whole page, of the table, and of an open connection.
const keys = {
	everywhere: {"?": () => $("keys").showModal()},
	all: {
		" ": freeze,
		"/": () => $("filter").select(),
		n: () => table.turn(1),
		p: () => table.turn(-1),
		ArrowDown: () => table.focus(),
	},
	one: {
		" ": () => connection.player.toggle(),
		ArrowLeft: () => connection.player.step(-1),
		ArrowRight: () => connection.player.step(1),
		Home: () => connection.player.oldest(),
		End: () => connection.player.newest(),
		s: () => connection.slow(),
		"+": () => connection.zoom(-1),
		"-": () => connection.zoom(1),
		Escape: () => $("back").click(),
	},
};

function press(e) {
	if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || $("keys").open) {
		return;
	}
	const typing = e.target.matches("input:not([type=checkbox], [type=range]), select");
	if (typing && e.key === "Escape" && e.target === $("filter")) {
		e.target.blur();
	}
	if (typing && e.key !== "Escape" || e.key === " " && e.target.matches("button, input[type=checkbox], summary")) {
		return;
	}
	const action = keys[connection.label ? "one" : "all"][e.key] ?? keys.everywhere[e.key];
	if (action) {
		e.preventDefault();
		action();
	}
}

document.addEventListener("keydown", press);
addEventListener("hashchange", follow);
$("freeze").addEventListener("click", freeze);
$("help").addEventListener("click", keys.everywhere["?"]);
$("record").addEventListener("change", () => states.soon());
let typed;
$("filter").addEventListener("input", e => {
	table.filter = e.target.value.trim();
	table.offset = 0;
	clearTimeout(typed);
	typed = setTimeout(() => {
		keep();
		states.soon();
	}, 150);
});
$("home").addEventListener("click", e => {
	e.preventDefault();
	$("back").click();
});
follow();
states.start();
