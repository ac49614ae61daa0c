// This module shows the events around the player's position as a list.

import {element, printable, seconds, setText} from "./format.js";
import {isTransition} from "./player.js";
import {row, rows} from "./machine.js";

const before = 200, after = 50; // events that are listed, around the position

export class Events {
	#player;
	#body = element("tbody");
	#scroll = document.getElementById("events-scroll");
	#shown = -1; // the position that was scrolled to

	constructor(player) {
		this.#player = player;
		const titles = ["seconds", "side", "event", "", "detail"].map(t => element("th", {scope: "col"}, t));
		document.getElementById("events").append(element("thead", {}, element("tr", {}, ...titles)), this.#body);
		this.#body.addEventListener("click", e => {
			const tr = e.target.closest("tr[data-number]");
			if (tr && getSelection().isCollapsed) {
				player.go(Number(tr.dataset.number) + 1);
			}
		});
		const pause = e => player.live && !(e.deltaY > 0) && player.go(player.end); // someone wants to read
		this.#scroll.addEventListener("wheel", pause, {passive: true});
		this.#scroll.addEventListener("touchmove", pause, {passive: true});
	}

	show() {
		const p = this.#player;
		const numbers = this.#numbers();
		while (this.#body.children.length > numbers.length) {
			this.#body.lastElementChild.remove();
		}
		while (this.#body.children.length < numbers.length) {
			this.#body.append(element("tr", {}, element("td"), element("td"), element("td"), element("td"), element("td")));
		}
		const current = numbers.findLast(n => n < p.position);
		numbers.forEach((n, i) => this.#fill(this.#body.children[i], n, n === current));
		if (p.position !== this.#shown) {
			this.#shown = p.position;
			this.#scrollTo(this.#body.querySelector("[aria-current]"));
		}
	}

	// #numbers are those of the events that are listed.
	#numbers() {
		const p = this.#player;
		const wanted = n => n >= p.first && n < p.end && (!p.only || isTransition(p.event(n)));
		const numbers = [];
		for (let n = p.position - 1; n >= p.first && numbers.length < before; n--) {
			if (wanted(n)) {
				numbers.unshift(n);
			}
		}
		for (let n = p.position, found = 0; n < p.end && found < after; n++) {
			if (wanted(n)) {
				numbers.push(n);
				found++;
			}
		}
		return numbers;
	}

	#fill(tr, number, current) {
		const p = this.#player, e = p.event(number);
		tr.dataset.number = number;
		tr.className = (isTransition(e) ? "transition " + e.is : "other") + (number >= p.position ? " future" : "") + (p.missing.has(number) ? " gap" : "");
		tr.title = p.missing.has(number) ? "Events may be missing before this one: they were overwritten, or noted late." : rows[row(e.name)] ?? "";
		if (current) {
			tr.setAttribute("aria-current", "step");
		} else {
			tr.removeAttribute("aria-current");
		}
		const texts = [seconds(e.at), e.side ?? "", e.name, isTransition(e) ? `${e.was} → ${e.is}` : "", printable(e.detail ?? "")];
		texts.forEach((text, i) => setText(tr.children[i], text));
	}

	#scrollTo(tr) {
		if (!tr) {
			return;
		}
		const s = this.#scroll, top = tr.offsetTop, bottom = top + tr.offsetHeight;
		const head = 28; // the head of the table stays in sight
		if (top - head < s.scrollTop) {
			s.scrollTop = top - head;
		} else if (bottom > s.scrollTop + s.clientHeight) {
			s.scrollTop = bottom - s.clientHeight;
		}
	}
}
