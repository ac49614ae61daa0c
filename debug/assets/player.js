// This module keeps the events of one connection and plays them: live, in slow motion, or step by step.

const most = 10_000; // events that are kept
const tick = 100; // milliseconds between two changes while live
const behind = 3; // ticks in which a live player plays what has come

// isTransition tells events that are rows of the table.
export const isTransition = e => Boolean(e.was);

// A Player has the events in the order in which they happened, and a position among them: the number of events that
// are over. Numbers count from the beginning of the recording, so an event keeps its number when older ones are dropped.
export class Player {
	events = [];
	first = 0; // number of events[0]
	position = 0;
	paused = false;
	speed = "live"; // or seconds for each step, as text
	only = false; // steps stop at transitions only
	missing = new Set(); // numbers of events before which some may be missing
	#changed;
	#timer;
	#ticks = 0; // that are left to play what has come
	#is = {}; // the state of each side after the newest event
	#dropped = false; // newer events, because a paused player is full

	// changed is called when the position, or what there is, has changed.
	constructor(changed) {
		this.#changed = changed;
		this.#schedule();
	}

	get end() {
		return this.first + this.events.length;
	}

	get live() {
		return !this.paused && this.speed === "live";
	}

	// event returns the event with a number, if it is still there.
	event(number) {
		return this.events[number - this.first];
	}

	// clear begins anew.
	clear() {
		this.events = [];
		this.first = this.position = 0;
		this.missing.clear();
		this.#is = {};
		this.#dropped = false;
		this.#changed();
	}

	// add takes newer events. If some before them may be missing, gap is true. A player that is full forgets the oldest
	// events while live, those that were played in slow motion, and none while paused: then it takes no more.
	add(events, gap) {
		const forgets = this.live ? Infinity : this.paused ? 0 : this.position - this.first;
		if (this.events.length + events.length - most > forgets) {
			this.#dropped = true;
			return;
		}
		if (gap || this.#dropped) {
			this.missing.add(this.end);
			this.#is = {};
			this.#dropped = false;
		}
		for (const e of events) {
			if (isTransition(e)) {
				if (this.#is[e.side] !== undefined && this.#is[e.side] !== e.was) {
					this.missing.add(this.end);
				}
				this.#is[e.side] = e.is;
			}
			this.events.push(e);
		}
		const over = this.events.length - most;
		if (over > 0) {
			this.events.splice(0, over);
			this.first += over;
			this.position = Math.max(this.position, this.first);
			this.missing.forEach(n => n < this.first && this.missing.delete(n));
		}
		if (this.live && events.length === this.events.length) { // the first ones: what they tell is over
			this.position = this.end;
		}
		if (events.length > 0) {
			this.#ticks = behind;
			this.#changed();
		}
	}

	// side returns the last transition of a side before the position and the state that it led to. Without one,
	// the state is the one that the first transition after the position begins with, or otherwise.
	side(name, otherwise) {
		const is = e => isTransition(e) && e.side === name;
		const here = this.position - this.first;
		for (let i = here - 1; i >= 0; i--) {
			if (is(this.events[i])) {
				return {state: this.events[i].is, last: this.events[i]};
			}
		}
		return {state: this.events.slice(here).find(is)?.was ?? otherwise, last: null};
	}

	// go moves to a position, and pauses there.
	go(position) {
		this.paused = true;
		this.#move(position);
	}

	#move(position) {
		this.position = Math.min(Math.max(position, this.first), this.end);
		this.#changed();
	}

	// step moves over one event: forward, or back if by is -1.
	step(by) {
		let to = this.position + by;
		while (this.only && to > this.first && to < this.end && !isTransition(this.event(to - 1))) {
			to += by;
		}
		this.go(to);
	}

	oldest() {
		this.go(this.first + 1);
	}

	// newest moves to the end, and plays what comes.
	newest() {
		this.paused = false;
		this.speed = "live";
		this.#move(this.end);
		this.#schedule();
	}

	toggle() {
		this.paused = !this.paused;
		this.#schedule();
		this.#changed();
	}

	setSpeed(speed) {
		this.speed = speed;
		this.paused = false;
		this.#schedule();
		this.#changed();
	}

	#schedule() {
		clearTimeout(this.#timer);
		if (!this.paused) {
			this.#timer = setTimeout(() => this.#play(), this.live ? tick : Number(this.speed) * 1000);
		}
	}

	#play() {
		const left = this.end - this.position;
		if (left > 0 && this.live) {
			this.#move(this.position + Math.ceil(left / Math.max(this.#ticks--, 1)));
		} else if (left > 0) {
			let to = this.position + 1;
			while (to < this.end && !isTransition(this.event(to - 1))) {
				to++;
			}
			this.#move(to);
		}
		this.#schedule();
	}
}
