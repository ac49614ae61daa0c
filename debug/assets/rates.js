// This module keeps what reactors counted in the last two minutes, and makes rates and quantiles of it.

const kept = 120; // samples, one a second
const window = 10; // samples of which quantiles are made
const counters = ["polls", "events", "stale", "wakeups", "timersArmed", "timersFired"];
const gauges = ["heap", "open", "readers", "writers", "eventfds"];

// sum adds reactors.
export function sum(reactors) {
	const total = {number: 0, bounds: reactors[0].bounds};
	for (const name of [...counters, ...gauges]) {
		total[name] = reactors.reduce((n, r) => n + r[name], 0);
	}
	for (const name of ["wakeLag", "timerLag"]) {
		total[name] = reactors[0][name].map((_, i) => reactors.reduce((n, r) => n + r[name][i], 0));
	}
	return total;
}

// quantile returns a bound, in nanoseconds, that a fraction of the durations counted between two histograms do not
// exceed, or null if there are none.
export function quantile(bounds, before, after, fraction) {
	const counts = after.map((n, i) => n - before[i]);
	const wanted = Math.max(1, Math.ceil(fraction * counts.reduce((a, b) => a + b, 0)));
	let n = 0;
	const i = counts.findIndex(count => (n += count) >= wanted);
	return i < 0 ? null : bounds[i] ?? 2 * bounds[bounds.length - 1]; // the last one has no bound
}

// A History has the samples of one reactor.
export class History {
	#samples = []; // answers, with their time in seconds
	points = []; // what is drawn, of each sample but the first

	add(now, reactor) {
		const sample = {at: now / 1e9, ...reactor};
		const last = this.#samples.at(-1);
		this.#samples.push(sample);
		if (this.#samples.length > kept) {
			this.#samples.shift();
			this.points.shift();
		}
		if (last && sample.at > last.at) {
			this.points.push(this.#point(last, sample));
		}
	}

	#point(last, sample) {
		const point = {at: sample.at, apart: sample.at - last.at > 5}; // apart: nobody looked for a while
		for (const name of counters) {
			point[name] = (sample[name] - last[name]) / (sample.at - last.at);
		}
		for (const name of gauges) {
			point[name] = sample[name];
		}
		point.perPoll = point.polls ? point.events / point.polls : null;
		const before = this.#samples.at(-1 - Math.min(window, this.#samples.length - 1));
		for (const name of ["wakeLag", "timerLag"]) {
			point[name] = [0.5, 0.99].map(q => quantile(sample.bounds, before[name], sample[name], q));
		}
		return point;
	}
}
