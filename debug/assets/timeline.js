// This module draws the states and the deadlines of both sides on a timeline, around now.

import {drawing, duration, nanoseconds, when} from "./format.js";
import {isTransition} from "./player.js";

const lane = 58, top = 8, left = 46, foot = 20;
const past = 0.7; // the part of the line that is before now
const names = ["read", "write"];

// marks are events of deadlines: what they mean, and how they are drawn around a point.
export const marks = {
	"set deadline": ["set", "M0 -4 4 0 0 4 -4 0z"],
	armed: ["armed in the heap", "M-1 -5H1V5H-1z"],
	due: ["due in the heap", "M-4 0A4 4 0 1 0 4 0 4 4 0 1 0 -4 0z"],
	"due, stale": ["due, and moved meanwhile", "M-4 0A4 4 0 1 0 4 0 4 4 0 1 0 -4 0z"],
	expired: ["expired", "M-4 -3 -3 -4 0 -1 3 -4 4 -3 1 0 4 3 3 4 0 1 -3 4 -4 3 -1 0z"],
};

// deadlineOf returns the time that an event is about, on the clock of events, or null.
function deadlineOf(e) {
	const ns = nanoseconds(e.detail ?? "");
	return ns === null ? null : e.at + (e.detail.endsWith("ago") ? -ns : ns);
}

export class Timeline {
	seconds = 10; // how much time the line shows
	#parent;
	#width = 0;

	constructor(parent, resized) {
		this.#parent = parent;
		new ResizeObserver(([entry]) => {
			this.#width = Math.floor(entry.contentRect.width);
			resized();
		}).observe(parent);
	}

	// show draws the events before and after a time, which are known until another time, both in nanoseconds. sides are
	// the states and the deadlines then, by name, with due in nanoseconds from then. If live, the time is now.
	show(player, now, known, live, sides) {
		const width = this.#width - left - 8;
		if (width <= 0) {
			return;
		}
		const span = this.seconds * 1e9, from = now - span * past;
		const x = at => left + (at - from) / span * width;
		const clip = at => Math.min(Math.max(x(at), left), left + width);
		const height = top + names.length * lane + foot;
		const svg = drawing("svg", {viewBox: `0 0 ${this.#width} ${height}`, height, width: this.#width, class: "timeline", role: "img"});
		this.#axis(svg, x, from, span, height, live ? "now" : "here");
		names.forEach((name, i) => {
			const y = top + i * lane;
			svg.append(drawing("text", {x: 0, y: y + 40, class: "lane"}, name));
			this.#bands(svg, player, name, sides[name], y, clip, from, known);
			this.#deadlines(svg, player, name, y, x, clip, from, from + span);
			this.#due(svg, sides[name], now, y, clip);
		});
		svg.append(drawing("path", {d: `M${x(now)} 0V${height - foot}`, class: "now"}));
		svg.setAttribute("aria-label", names.map(name => `${name}: ${sides[name].state}, ${sides[name].due ? "deadline " + when(sides[name].due) : "no deadline"}`).join("; "));
		this.#parent.replaceChildren(svg);
	}

	#axis(svg, x, from, span, height, here) {
		for (let i = 0; i <= 10; i++) {
			const at = from + span * i / 10, offset = at - from - span * past;
			const major = i % 2 === 1; // now is one
			svg.append(drawing("path", {d: `M${x(at)} ${top}V${height - foot}`, class: "tick"}));
			if (major) {
				const text = i === 7 ? here : (offset < 0 ? "−" : "+") + duration(offset);
				svg.append(drawing("text", {x: x(at), y: height - 5, class: "time"}, text));
			}
		}
	}

	// #bands draws the states of a side. Bands that are too narrow to be seen are drawn as one. Where events may be
	// missing there is none, but for a faint one until now.
	#bands(svg, player, name, side, y, clip, from, known) {
		const band = (since, until, state, sure = "") => {
			if (state && until > from) {
				const [a, b] = [clip(since), clip(until)];
				svg.append(drawing("rect", {x: a, y: y + 28, width: Math.max(b - a, 0.7), height: 16, class: `band ${state} ${sure}`}, drawing("title", {}, `${state}, ${duration(until - since)}`)));
			}
		};
		let since = from, state = null, drawn = -1, gap = player.first > 0;
		player.events.forEach((e, i) => {
			gap ||= player.missing.has(player.first + i);
			if (!isTransition(e) || e.side !== name) {
				return;
			}
			const right = clip(e.at);
			if (!gap && (right - drawn > 0.5 || e.at - since > this.seconds * 2e6)) {
				band(since, e.at, state ?? e.was);
				drawn = right;
			}
			[since, state, gap] = [e.at, e.is, false];
		});
		gap ||= player.missing.has(player.end);
		band(since, known, gap ? side.state : state ?? side.state, gap ? "unsure" : "");
	}

	// #deadlines draws the marks, and lines: each is as long as a deadline is in force.
	#deadlines(svg, player, name, y, x, clip, from, until) {
		const line = (set, end) => svg.append(drawing("path", {d: `M${clip(set.at)} ${y + 15}H${clip(end)}`, class: "set-line"}));
		let set = null; // the event that set the deadline in force, if one is
		const last = {}; // places of marks
		player.events.forEach((e, i) => {
			if (player.missing.has(player.first + i)) {
				set = null;
			}
			const mark = marks[e.name];
			if (!mark || (e.side && e.side !== name) || e.at > until) {
				return;
			}
			if (e.name === "set deadline") {
				if (set && e.at > from) {
					line(set, Math.min(deadlineOf(set), e.at));
				}
				set = deadlineOf(e) === null ? null : e;
			}
			if (e.at >= from && !(x(e.at) - last[e.name] < 4)) { // marks that would hide each other are left out
				last[e.name] = x(e.at);
				svg.append(this.#mark(e, mark, x(e.at), y + 15));
			}
		});
		if (set) {
			line(set, deadlineOf(set));
		}
	}

	#mark(e, [, path], x, y) {
		const kind = e.name === "set deadline" && deadlineOf(e) === null ? "none" : e.name.split(/[ ,]/)[0];
		return drawing("path", {d: path, transform: `translate(${x} ${y})`, class: "mark " + kind, "data-mark": e.name},
			drawing("title", {}, `${e.side ?? ""} ${e.name} ${e.detail ?? ""}`));
	}

	// #due draws the deadline that is set now.
	#due(svg, side, now, y, clip) {
		if (!side.due) {
			return;
		}
		const at = clip(now + side.due), edge = clip(Infinity), fits = at < edge - 90;
		svg.append(drawing("path", {d: `M${at} ${y + 4}V${y + 46}`, class: "due-line"}, drawing("title", {}, "deadline " + when(side.due))),
			drawing("text", {x: at + (fits ? 5 : -5), y: y + 10, class: "due-text" + (fits ? " fits" : "")}, when(side.due) + (at === edge ? " ›" : "")));
	}
}
