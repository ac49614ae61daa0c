// This module shows one connection: its state machine, its events, its deadlines.

import {addresses, drawing, element, label, nanoseconds, setText} from "./format.js";
import {Events} from "./events.js";
import {Machine} from "./machine.js";
import {Player} from "./player.js";
import {askTrace, Poller} from "./source.js";
import {showFacts} from "./table.js";
import {marks, Timeline} from "./timeline.js";

const names = ["read", "write"];
const settled = 5e6; // nanoseconds by which an answer is older than its time
const period = 250; // milliseconds between two requests for events
const patience = 2000; // milliseconds after which an answer is late

const $ = id => document.getElementById(id);

export class Connection {
	label = ""; // of the connection that is shown
	player = new Player(() => this.#soon());
	#poller = new Poller(() => this.#fetch(), period);
	#machines = {};
	#events = new Events(this.player);
	#timeline = new Timeline($("line"), () => this.#soon());
	#start = ""; // names the recording
	#after = 0; // events until then are here
	#received = 0; // when, on the clock of the page
	#row = null; // what state.json has of the connection
	#seen = 0; // when that was, on the clock of events
	#deadlines = {}; // by side, on the clock of events
	#drawing = false;
	#failed;

	// failed is called with null, or an error, when the program was asked.
	constructor(failed) {
		this.#failed = failed;
		for (const name of names) {
			this.#machines[name] = new Machine($("sides"), name);
		}
		this.#buttons();
		this.#legend();
		setInterval(() => this.label && this.player.live && this.#soon(), 100); // the line moves
	}

	open(name) {
		if (this.label === name) {
			return;
		}
		this.label = name;
		this.#row = null;
		this.#deadlines = {};
		this.#begin("");
		this.player.newest();
		$("one-note").hidden = true;
		setText($("one-title"), name);
		this.#poller.start();
	}

	close() {
		this.label = "";
		this.#poller.stop();
	}

	// #begin takes events of another recording from now on.
	#begin(start) {
		this.#start = start;
		this.#after = 0;
		this.player.clear();
	}

	async #fetch() {
		const name = this.label;
		if (!name) {
			return;
		}
		try {
			let reply = await askTrace({conn: name, after: this.#after});
			if (reply.start !== this.#start && this.#after > 0) {
				reply = await askTrace({conn: name, after: 0});
			}
			this.#failed(null);
			if (name === this.label) {
				this.#take(reply);
			}
		} catch (error) {
			this.#failed(error);
		}
	}

	#take(reply) {
		if (reply.start !== this.#start) {
			this.#begin(reply.start);
		}
		const gap = reply.from > this.#after;
		this.#after = reply.now;
		this.#received = performance.now();
		this.player.add(reply.events, gap);
	}

	// #now is the time on the clock of events. It stands while the program does not answer.
	get #now() {
		return this.#after + settled + Math.min(performance.now() - this.#received, patience) * 1e6;
	}

	// update takes what state.json has of the connection, or null if it is closed.
	update(row) {
		const note = $("one-note");
		note.hidden = row !== null;
		setText(note, row ? "" : `${this.label} is closed, or never was. Its last events stay.`);
		if (row) {
			this.#row = row;
			this.#seen = this.#now;
			setText($("one-title"), `${row.kind} ${addresses(row)} · fd ${row.fd} · ${label(row)}`);
			showFacts($("one-facts"), row.facts);
			for (const name of names) {
				this.#deadlines[name] = row[name].due ? this.#now + row[name].due : null;
			}
		}
		this.#soon();
	}

	// #soon draws with the next frame.
	#soon() {
		if (!this.#drawing) {
			this.#drawing = true;
			requestAnimationFrame(() => {
				this.#drawing = false;
				this.#draw();
			});
		}
	}

	#draw() {
		const p = this.player;
		const at = p.live ? this.#now : p.event(p.position - 1)?.at ?? p.events[0]?.at ?? this.#now;
		const sides = {};
		for (const name of names) {
			sides[name] = this.#side(name, at);
			this.#machines[name].show(sides[name].state, sides[name].last);
			this.#machines[name].describe(sides[name]);
		}
		this.#events.show();
		this.#timeline.show(p, at, this.#now, p.live, sides);
		this.#showPlayer();
	}

	// #side returns what a side does at a time.
	#side(name, at) {
		const p = this.player, row = this.#row?.[name];
		const {state, last} = p.side(name, row?.state ?? "idle");
		const commit = last?.is === "parked" ? last.detail.replace("parks on its ", "") : row?.place;
		const played = p.position < p.end ? p.event(p.position - 1)?.at ?? at : at; // a live player is a little behind
		const since = last ? played - last.at : p.live ? this.#sinceThen(row) : 0;
		const deadline = this.#deadline(name);
		return {state, last, since, place: commit, due: deadline ? deadline - at : 0};
	}

	// #sinceThen returns what state.json had as since, and the time that has passed.
	#sinceThen(row) {
		const passed = this.#now - this.#seen;
		return row?.since > 0 ? row.since + passed : row?.since < 0 ? row.since - passed : 0;
	}

	// #deadline returns when the deadline of a side passes, or null: the last one that was set before the position, or
	// the one that state.json had, if that is newer.
	#deadline(name) {
		const p = this.player;
		for (let n = p.position - 1; n >= p.first; n--) {
			const e = p.event(n);
			if (p.live && e.at < this.#seen) {
				break;
			}
			if (e.name === "set deadline" && e.side === name) {
				const ns = nanoseconds(e.detail);
				return ns === null ? null : e.at + ns;
			}
		}
		return p.live ? this.#deadlines[name] ?? null : null;
	}

	#buttons() {
		const p = this.player;
		const on = (id, f) => $(id).addEventListener("click", f);
		on("oldest", () => p.oldest());
		on("step-back", () => p.step(-1));
		on("play", () => p.toggle());
		on("step", () => p.step(1));
		on("newest", () => p.newest());
		$("speed").addEventListener("change", e => p.setSpeed(e.target.value));
		$("slider").addEventListener("input", e => p.go(Number(e.target.value)));
		$("only").addEventListener("change", e => {
			p.only = e.target.checked;
			this.#soon();
		});
		$("zoom").addEventListener("change", e => {
			this.#timeline.seconds = Number(e.target.value);
			this.#soon();
		});
	}

	// zoom makes the time line shorter, or longer if by is 1.
	zoom(by) {
		const select = $("zoom"), to = select.selectedIndex + by;
		if (to >= 0 && to < select.options.length) {
			select.selectedIndex = to;
			select.dispatchEvent(new Event("change"));
		}
	}

	// slow changes between slow motion and live.
	slow() {
		if (this.player.speed === "live") {
			this.player.setSpeed("0.3");
		} else {
			this.player.newest();
		}
	}

	#showPlayer() {
		const p = this.player, slider = $("slider");
		setText($("play"), p.paused ? "Play" : "Pause");
		$("play").setAttribute("aria-pressed", String(p.paused));
		$("newest").setAttribute("aria-pressed", String(p.live));
		$("step-back").disabled = p.position <= p.first;
		$("step").disabled = p.position >= p.end;
		$("speed").value = p.speed;
		slider.min = p.first;
		slider.max = p.end;
		slider.value = p.position;
		const left = p.end - p.position;
		const where = p.live ? "live" : `${p.paused ? "paused" : "slow motion"}, ${left} behind`;
		setText($("position"), `${p.end - p.first ? `${p.position - p.first} of ${p.end - p.first}` : "none yet"} · ${where}`);
	}

	#legend() {
		for (const [name, [text, path]] of Object.entries(marks)) {
			if (name !== "due, stale") {
				const svg = drawing("svg", {viewBox: "-6 -6 12 12", width: 12, height: 12, "aria-hidden": "true", class: "timeline"},
					drawing("path", {d: path, class: "mark " + name.split(" ")[0]}));
				$("line-text").append(element("span", {class: "key"}, svg, " " + text));
			}
		}
	}
}
