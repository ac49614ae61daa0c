// This module asks the program. It asks again and again while someone can see the page.

async function ask(path, parameters) {
	const query = new URLSearchParams(parameters);
	const response = await fetch(`${path}?${query}`, {signal: AbortSignal.timeout(10_000)});
	if (!response.ok) {
		throw new Error(`${path}: ${response.status}`);
	}
	return response.json();
}

export const askState = parameters => ask("state.json", parameters);
export const askTrace = parameters => ask("trace.json", parameters);

// A Poller calls a function, waits until it has returned and for a while longer, and calls it again.
export class Poller {
	#task;
	#pause;
	#timer = null;
	#busy = false;
	#again = false;
	#on = false;

	// pause is in milliseconds.
	constructor(task, pause) {
		this.#task = task;
		this.#pause = pause;
		document.addEventListener("visibilitychange", () => this.#on && this.soon());
	}

	start() {
		this.#on = true;
		this.soon();
	}

	stop() {
		this.#on = false;
		clearTimeout(this.#timer);
	}

	// soon calls the function now, also while the poller is stopped, or when the call in progress has ended.
	async soon() {
		clearTimeout(this.#timer);
		if (this.#busy) {
			this.#again = true;
			return;
		}
		this.#busy = true;
		do {
			this.#again = false;
			await this.#task();
		} while (this.#again);
		this.#busy = false;
		if (this.#on && !document.hidden) {
			this.#timer = setTimeout(() => this.soon(), this.#pause);
		}
	}
}
