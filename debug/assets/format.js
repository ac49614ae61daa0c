// This module makes text and elements. All text that comes from the program goes through it.

// printable returns text with characters that cannot be seen, or that change the order of others, as their codes.
export function printable(text) {
	return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, c => `\\u{${c.codePointAt(0).toString(16)}}`);
}

// element makes an element. Children are elements, or text.
export function element(name, attributes = {}, ...children) {
	const e = document.createElement(name);
	fill(e, attributes, children);
	return e;
}

// drawing makes an element of SVG.
export function drawing(name, attributes = {}, ...children) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", name);
	fill(e, attributes, children);
	return e;
}

function fill(e, attributes, children) {
	for (const [key, value] of Object.entries(attributes)) {
		e.setAttribute(key, value);
	}
	e.append(...children); // a string becomes a text node
}

// setText changes the text of an element, if it is another one.
export function setText(e, text) {
	if (e.textContent !== text) {
		e.textContent = text;
	}
}

// rounded writes a number with three digits.
export function rounded(n) {
	if (n >= 1e6) {
		return rounded(n / 1e6) + " M";
	}
	if (n >= 1e4) {
		return rounded(n / 1e3) + " k";
	}
	return n >= 100 ? String(Math.round(n)) : String(Number(n.toPrecision(2)));
}

// grouped writes a whole number with a space before each three digits.
export function grouped(n) {
	return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

const units = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];

// duration writes nanoseconds.
export function duration(ns) {
	const seconds = Math.floor(Math.abs(ns) / 1e9);
	if (seconds >= 60) {
		const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
			[Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
		const first = parts.findIndex(([n]) => n > 0);
		return parts.slice(first, first + 2).map(([n, unit]) => n + " " + unit).join(" ");
	}
	const size = Math.abs(ns);
	const [unit, one] = units.findLast(([, one]) => size >= one) ?? units[0];
	return (size / one >= 100 ? Math.round(size / one) : Number((size / one).toPrecision(2))) + " " + unit;
}

// when writes the time until a deadline.
export function when(ns) {
	return ns < 0 ? duration(ns) + " ago" : "in " + duration(ns);
}

const goUnits = {ns: 1, "µs": 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12};

// nanoseconds reads a duration as Go writes it, such as 1m0.5s. It returns null for other text.
export function nanoseconds(text) {
	const parts = [...text.matchAll(/([\d.]+)(ns|µs|ms|s|m|h)/g)];
	if (parts.length === 0) {
		return null;
	}
	const sum = parts.reduce((sum, [, n, unit]) => sum + n * goUnits[unit], 0);
	return text.includes("-") ? -sum : sum;
}

// seconds writes a time since the start of a trace.
export function seconds(ns) {
	return (ns / 1e9).toFixed(6);
}

// label names a connection, as the program does.
export function label(c) {
	return `${c.reactor}.${c.slot}.${c.gen}`;
}

// addresses writes both ends of a connection.
export function addresses(c) {
	const [local, remote] = [printable(c.local), printable(c.remote)];
	return remote ? `${local || "unnamed"} → ${remote}` : local;
}
