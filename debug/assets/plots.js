// This module draws the cards of reactors, with uPlot.

import {duration, element, grouped, rounded, setText} from "./format.js";
import {History, sum} from "./rates.js";

/* global uPlot */

const minutes = 2;

// numbers are what a card has as text.
const numbers = [
	["events/s", "events that epoll reported", p => rounded(p.events)],
	["polls/s", "batches of events taken from epoll", p => rounded(p.polls)],
	["events a poll", "", p => p.perPoll === null ? "–" : rounded(p.perPoll)],
	["wake-ups/s", "goroutines woken, and notifications started, by an event", p => rounded(p.wakeups)],
	["wake-up lag", "from an event's arrival until the goroutine that it woke ran: p50 and p99 of the last 10 s", p => lag(p.wakeLag)],
	["deadline lag", "how late deadlines fired: p50 and p99 of the last 10 s", p => lag(p.timerLag)],
	["deadlines", "in the heap now; beside it, how many are armed each second", p => `${grouped(p.heap)} (${rounded(p.timersArmed)}/s)`],
	["open", "descriptors", p => grouped(p.open)],
	["parked", "sides on which an owner waits: reading, writing", p => `${grouped(p.readers)} r, ${grouped(p.writers)} w`],
	["eventfds", "on which goroutines park: those of connections that are busy alone", p => grouped(p.eventfds)],
];

const lag = ([half, most]) => half === null ? "–" : `${duration(half)}, ${duration(most)}`;

// plots are the lines of a card: a title, how values are written, whether the scale is logarithmic, and for each line a
// name, a color of page.css and its value.
const plots = [
	["a second", rounded, 1, [["events", "--line-1", p => p.events], ["polls", "--line-2", p => p.polls], ["wake-ups", "--line-3", p => p.wakeups]]],
	["lag, p99", duration, 3, [["wake-ups", "--line-1", p => p.wakeLag[1]], ["deadlines", "--line-2", p => p.timerLag[1]]]],
	["waiting", rounded, 1, [["deadlines", "--line-1", p => p.heap], ["readers", "--line-2", p => p.readers], ["writers", "--line-3", p => p.writers]]],
];

// A Plot is a small uPlot with its legend.
class Plot {
	#plot;
	#lines;

	constructor(parent, [title, write, distribution, lines]) {
		this.#lines = lines;
		const legend = lines.map(([name, color]) => element("span", {style: `--color: var(${color})`}, name));
		const figure = element("figure", {}, element("figcaption", {}, element("b", {}, title), ...legend));
		parent.append(figure);
		const options = this.#options(write, distribution);
		this.#plot = new uPlot({...options, width: 220, height: 84}, [[], ...lines.map(() => [])], figure);
		new ResizeObserver(([entry]) => {
			this.#plot.setSize({width: Math.max(120, Math.floor(entry.contentRect.width)), height: 84});
		}).observe(figure);
	}

	#options(write, distribution) {
		const style = name => () => getComputedStyle(document.documentElement).getPropertyValue(name);
		const axis = {stroke: style("--muted"), font: "11px system-ui, sans-serif", grid: {stroke: style("--rule"), width: 1}, ticks: {show: false}};
		return {
			padding: [6, 14, 0, 0], legend: {show: false}, cursor: {show: false},
			scales: {x: {time: false, range: () => [-60 * minutes, 0]}, y: {distr: distribution, log: 10, range: distribution === 1 ? zeroToMost : decades}},
			axes: [
				{...axis, size: 18, gap: 2, splits: () => [-60, 0], values: () => ["−1 min", "now"], grid: {show: false}},
				{...axis, size: 46, gap: 4, space: 24, ...(distribution === 3 && {splits: powers}), values: (u, ticks) => ticks.map(n => n === null ? "" : write(n))},
			],
			series: [{}, ...this.#lines.map(([, color], i) => ({stroke: style(color), width: 1.5, dash: [[], [5, 3], [2, 2]][i], points: {show: false}}))],
		};
	}

	draw(points) {
		const now = points.at(-1).at, xs = [], ys = this.#lines.map(() => []);
		for (const p of points) {
			if (p.apart) { // a line must not lead over what nobody saw
				xs.push(p.at - now - 0.001);
				ys.forEach(y => y.push(null));
			}
			xs.push(p.at - now);
			this.#lines.forEach(([, , value], i) => ys[i].push(value(p)));
		}
		this.#plot.setData([xs, ...ys]);
	}

	redraw() {
		this.#plot.redraw(false, true);
	}
}

// powers are the ticks of a logarithmic scale: four at most.
function powers(u, axis, least, most) {
	const [first, last] = [Math.round(Math.log10(least)), Math.round(Math.log10(most))];
	const by = Math.ceil((last - first + 1) / 4);
	return Array.from({length: Math.floor((last - first) / by) + 1}, (_, i) => 10 ** (first + i * by));
}

const zeroToMost = (u, least, most) => [0, Math.max(4, most * 1.1)];

const decades = (u, least, most) => least === null ? [1e3, 1e6] : [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most) + 0.01)];

// A Card shows one reactor, or the sum of all.
class Card {
	#history = new History();
	#values;
	#plots;
	#title = element("h3");
	#at = -1; // of the newest point that is drawn

	constructor(parent) {
		this.#values = numbers.map(() => element("dd", {}, "–"));
		const list = element("dl", {}, ...numbers.map(([name, about], i) => element("div", {title: about}, element("dt", {}, name), this.#values[i])));
		const drawn = element("div", {class: "plots"});
		parent.append(element("article", {class: "card reactor"}, this.#title, list, drawn));
		this.#plots = plots.map(p => new Plot(drawn, p));
	}

	add(now, reactor, title) {
		setText(this.#title, title);
		this.#history.add(now, reactor);
	}

	draw() {
		const point = this.#history.points.at(-1);
		if (!point || point.at === this.#at) {
			return;
		}
		this.#at = point.at;
		numbers.forEach(([, , write], i) => setText(this.#values[i], write(point)));
		this.#plots.forEach(p => p.draw(this.#history.points));
	}

	redraw() {
		this.#plots.forEach(p => p.redraw());
	}
}

const open = 4; // reactors of which each is shown without being asked for, where there is room

// Reactors are all cards.
export class Reactors {
	#cards = new Map(); // by number; 0 is the sum

	constructor() {
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#cards.forEach(c => c.redraw()));
	}

	// add takes what an answer has of the reactors.
	add(now, all) {
		const started = all.filter(r => r.number > 0).sort((a, b) => a.number - b.number);
		this.#explain(all, started);
		if (started.length === 0) {
			return;
		}
		const several = started.length > 1;
		if (several) {
			this.#card(0, "sum").add(now, sum(started), `All ${started.length} reactors`);
		}
		for (const r of started) {
			this.#card(r.number, several ? "reactors" : "sum").add(now, r, `Reactor ${r.number}`);
		}
		const each = document.getElementById("each");
		if (several && each.hidden) {
			each.hidden = false;
			each.open = started.length <= open && matchMedia("(min-width: 641px)").matches;
			document.getElementById("reactors").prepend(...document.querySelectorAll("#sum > :not([data-number='0'])")); // one that was alone
		}
	}

	#card(number, place) {
		if (!this.#cards.has(number)) {
			const parent = element("div", {"data-number": number});
			document.getElementById(place).append(parent);
			this.#cards.set(number, new Card(parent));
		}
		return this.#cards.get(number);
	}

	#explain(all, started) {
		const note = document.getElementById("no-reactors");
		note.hidden = started.length > 0;
		setText(note, all.length > 0 ? "No reactor has been started yet. The first socket of the group starts one."
			: "There are no reactors. On systems other than Linux, all sockets are those of package net.");
	}

	draw() {
		this.#cards.forEach(c => c.draw());
	}
}
