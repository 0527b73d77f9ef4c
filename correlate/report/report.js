'use strict';
// Search, sort and filter the table of connections, and draw a connection's ladder when it is opened. What the data means is in html_ladder.h.
(() => {
	const byId = (id) => document.getElementById(id);
	const data = JSON.parse(byId('data').textContent);
	const list = byId('list');
	if (!list)
		return;
	const body = list.tBodies[0];
	const heads = [...list.tHead.rows[0].cells];

	// ---- small tools ----

	// Nothing from the data is ever parsed as markup: it goes through textContent and setAttribute.
	function fill(node, attributes, children) {
		for (const [name, value] of Object.entries(attributes || {}))
			node.setAttribute(name, value);
		for (const child of children || [])
			node.append(child);
		return node;
	}
	const html = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
	const space = (() => {
		const holder = document.createElement('div');
		holder.innerHTML = '<svg></svg>';
		return holder.firstChild.namespaceURI;
	})();
	const svg = (name, attributes, ...children) => fill(document.createElementNS(space, name), attributes, children);

	function text(reference) {
		if (typeof reference === 'number')
			return data.phrases[reference];
		const [place, ...digits] = reference.split('|');
		return data.phrases[place].replace(/#/g, () => digits.shift());
	}

	function seconds(t, digits) {
		const all = String(Math.abs(t)).padStart(digits + 1, '0');
		const whole = all.slice(0, -digits).replace(/\B(?=(...)+$)/g, ' ');
		return (t < 0 ? '−' : '+') + whole + '.' + all.slice(-digits).replace(/(...)(?=.)/g, '$1 ');
	}

	function duration(t, digits) {
		const s = t / 10 ** digits;
		return s >= 3600 ? Math.floor(s / 3600) + ' h ' + Math.floor(s / 60) % 60 + ' min' : s >= 100 ? Math.floor(s / 60) + ' min ' + Math.floor(s % 60) + ' s' :
			s >= 0.9995 ? s.toPrecision(3) + ' s' : s >= 1e-3 ? (s * 1e3).toPrecision(3) + ' ms' : Math.round(s * 1e6) + ' µs';
	}

	// ---- the connections ----

	function connection(raw, index) {
		const [id, took, digits, columns, rows, facts, findings, tags] = raw;
		const row = byId('c' + id);
		const ends = columns.flatMap((c) => [c[1], c[2]]).filter((place) => place > 0).map(text);
		const c = {id, index, took, digits, rows, facts, findings, row, kinds: new Set(), places: new Set(), addresses: new Set(), ports: new Set()};

		c.columns = columns.map(([point, client, server, capture]) => ({name: text(point), client: text(client), server: text(server), capture: text(capture)}));
		for (let i = 0; i < tags.length; i += 2) {
			c.kinds.add(text(tags[i]));
			c.places.add(text(tags[i + 1]));
		}
		for (const end of [row.cells[3].textContent, row.cells[4].textContent, ...ends]) {
			c.addresses.add(end.replace(/:\d+$/, '').replace(/[[\]]/g, ''));
			c.ports.add(end.replace(/^.*:/, ''));
		}
		c.hay = (row.textContent + ' ' + [...c.kinds, ...c.places, ...ends].join(' ')).toLowerCase();
		return c;
	}
	const all = data.connections.map(connection);

	// File names without the folders that all of them are in.
	const folder = (() => {
		const names = all.flatMap((c) => c.columns.map((k) => k.capture)).filter((s) => s);
		let common = names.length ? names[0].replace(/[^/]*$/, '') : '';
		while (common && !names.every((s) => s.startsWith(common)))
			common = common.replace(/[^/]*\/$/, '');
		return common;
	})();
	const file = (name) => name.startsWith(folder) ? name.slice(folder.length) : name;

	// ---- the ladder ----

	const AWAY = 0, MISSED = 2, BESIDE = 3, CUT = 1, BORN = 2, DOUBT = 4, PROXY = 32;
	const CHAR = 7.25, LINE = 15;
	const wide = (s) => [...s].length * CHAR;

	// Every part begins a line; pieces of a part, two blanks apart, stay whole where they can.
	function wrap(parts, width) {
		const most = Math.max(20, Math.floor(width / CHAR)), lines = [];
		for (const part of parts) {
			let line = '';
			const add = (piece, gap) => {
				if (line && line.length + gap.length + piece.length > most) {
					lines.push(line);
					line = '';
				}
				line += (line ? gap : '') + piece;
			};
			for (const piece of part.split('  '))
				if (piece.length <= most)
					add(piece, '  ');
				else
					piece.split(' ').forEach((word, i) => add(word, i ? ' ' : '  '));
			lines.push(line);
		}
		return lines;
	}

	// One row, made easy to draw: steps in the order of travel.
	function unpack(c, raw, number) {
		const [t, bits, label, note, detail, at, hops, changes] = raw;
		const back = (bits & 1) === 1, n = c.columns.length;
		const order = [...Array(n).keys()].map((i) => back ? n - 1 - i : i);
		const row = {number, t, back, weight: bits >> 1, label: text(label), note: text(note), detail: text(detail), at, order, changes: []};

		row.hops = hops.map((h) => Array.isArray(h) ? {text: text(h[0]), mark: h[1]} : {text: text(h), mark: 0});
		for (let i = 0; i < (changes || []).length; i += 2) {
			const [from, to] = [order[changes[i]], order[changes[i] + 1]];
			row.changes.push((n > 2 ? c.columns[from].name + ' → ' + c.columns[to].name + ': ' : '') + text(changes[i + 1]));
		}
		// Clocks are known within bounds: what they make arrive before it left arrives when it left.
		let earliest = t;
		row.seen = order.filter((col) => Array.isArray(at[col])).map((col) => {
			earliest = Math.max(earliest, t + at[col][0]);
			return {col, t: earliest, row};
		});
		if (row.seen.length) {
			row.seen[0].first = true;
			row.seen[row.seen.length - 1].last = true;
		}
		return row;
	}

	function unpackAll(c) {
		const items = [];
		let number = 0;
		for (const raw of c.rows) {
			if (raw.length === 2) {
				items.push({hidden: raw[0], trouble: text(raw[1])});
				number += raw[0];
			} else {
				items.push(unpack(c, raw, ++number));
			}
		}
		return items;
	}

	// Where time is on the page: always downwards, every instant below those before it, long times shortened (a logarithm), so that slopes are real.
	function placeInstants(items, c, lines) {
		const instants = [], breaks = [], unit = 10 ** -c.digits;
		let folded = null, y = 44, floor = 44, last = null, said = 0, newest = null, open = 0;

		for (const item of items) {
			if (item.hidden) {
				folded = item;
				continue;
			}
			item.fold = folded;
			folded = null;
			instants.push(...item.seen);
		}
		instants.sort((a, b) => a.t - b.t || a.row.number - b.row.number);
		for (const i of instants) {
			const dt = last === null ? 0 : (i.t - last) * unit;
			if (dt >= 1 || (i.first && i.row.fold)) {
				const label = [];
				if (i.first && i.row.fold)
					label.push(i.row.fold.hidden + (i.row.fold.hidden === 1 ? ' packet: ' : ' packets: ') + i.row.fold.trouble);
				if (last !== null && dt > 0)
					label.push(duration(i.t - last, c.digits));
				y = Math.max(y, floor);
				breaks.push({y, text: label.join(', ')});
				y += 38;
				floor = y;
			} else {
				y += Math.min(40, 1.9 * Math.log2(1 + Math.max(0, dt) * 1e6));
			}
			if (i.first)
				y = Math.max(y, floor);
			i.y = y;
			if (i.first) {
				floor = y + 20;
				newest = i.row;
				open++;
			}
			if (i.last) {
				// What is said of a row stands below its end; of rows that overlap, it says whose it is.
				i.row.textY = Math.max(y + 16 + (i.row.seen.length < c.columns.length ? 8 : 0) + (i.row.under ? 10 : 0), said);
				i.row.mixed = i.row !== newest || open > 1;
				open--;
				said = i.row.textY + lines(i.row).length * LINE;
				floor = Math.max(floor, said + (lines(i.row).length ? 10 : 6));
			}
			last = i.t;
		}
		return {breaks, end: Math.max(floor, y + 16)};
	}

	// y of a row at every column that it met, recorded there or not.
	function heights(row, n) {
		const y = Array(n).fill(null);
		for (const s of row.seen)
			y[s.col] = s.y;
		for (let i = 0; i < n; i++) {
			const col = row.order[i];
			if (y[col] !== null || row.at[col] === AWAY)
				continue;
			const before = row.seen.filter((s) => row.order.indexOf(s.col) < i).pop(), after = row.seen.find((s) => row.order.indexOf(s.col) > i);
			if (before && after) {
				const a = row.order.indexOf(before.col), b = row.order.indexOf(after.col);
				y[col] = before.y + (after.y - before.y) * (i - a) / (b - a);
			} else {
				y[col] = before ? before.y + 8 : after ? after.y - 8 : null;
			}
		}
		return y;
	}

	// Why an arrow stops or begins between two points.
	function mark(kind, x, y) {
		if (kind === CUT)
			return svg('path', {class: 'cut', d: `M${x - 6} ${y - 6}l12 12m0-12l-12 12`});
		if (kind === BORN)
			return svg('path', {class: 'born', d: `M${x} ${y - 7}l7 7l-7 7l-7-7z`});
		if (kind === PROXY)
			return svg('rect', {class: 'proxy', x: x - 6, y: y - 6, width: 12, height: 12});
		return svg('text', {x, y: y + 5, class: 'mark doubt', 'text-anchor': 'middle'}, '?');
	}

	// Where things are across the page, and the layers that they are drawn on.
	function layout(c, rows, width) {
		const n = c.columns.length, narrow = width < 640;
		const numbers = wide(String(rows.length ? rows[rows.length - 1].number : 1));
		const gutter = numbers + 8 + Math.max(50, ...rows.map((r) => wide(seconds(r.t, c.digits)))) + 12;
		const margin = narrow ? 10 : Math.min(210, Math.max(20, ...rows.map((r) => wide(r.note))) + 22);
		const hop = Math.max(n > 2 ? 84 : 150, (width - gutter - margin) / Math.max(1, n - 1));
		const axis = [...Array(n).keys()].map((i) => gutter + i * hop);
		const edge = n === 1 ? gutter + hop : axis[n - 1];
		const g = {c, n, narrow, numbers, gutter, hop, axis, edge, total: edge + margin, lives: svg('g', {class: 'life'}), arrows: svg('g'), words: svg('g')};

		g.say = (x, y, s, cls, anchor) => g.words.append(svg('text', {x, y, class: cls || '', 'text-anchor': anchor || 'start'}, s));
		g.beside = (length, label, s) => length - label - 14 > wide(s);
		g.lines = (r) => r.lines || (r.lines = wrap([...(narrow && r.note ? [r.note] : []), ...(r.detail ? [r.detail] : []), ...r.changes], edge - gutter - 16));
		for (const r of rows) {
			const h = r.hops.find((x) => x.text && !x.mark);
			r.under = h && h === r.hops[0] && !g.beside(hop, wide(r.label) + 16, h.text);
		}
		return g;
	}

	// Names, and under them the lives of the points, with a gap where time was left out.
	function drawPoints(g, breaks, end) {
		const life = (x, y1, y2, cls) => g.lives.append(svg('line', {x1: x, x2: x, y1, y2, class: cls || ''}));
		g.c.columns.forEach((column, i) => {
			const anchor = g.n > 1 && i === g.n - 1 && g.narrow ? 'end' : i === 0 ? 'start' : 'middle';
			const room = Math.floor(g.hop / CHAR) - 1, letters = [...column.name];
			g.say(g.axis[i] + (i === 0 ? -3 : anchor === 'end' ? 9 : 0), 16, letters.length > room ? letters.slice(0, room - 1).join('') + '…' : column.name, 'head', anchor);
			let y = 24;
			for (const b of breaks) {
				life(g.axis[i], y, b.y);
				life(g.axis[i], b.y, b.y + 16, 'pause');
				y = b.y + 16;
			}
			life(g.axis[i], y, end);
		});
		for (const b of breaks)
			g.say(g.axis[0] + 10, b.y + 12, b.text, 'dim');
		g.say(g.gutter - 12, 16, 'time, s', 'dim', 'end');
	}

	function drawLine(g, x1, y1, x2, y2, cls, head) {
		const a = Math.atan2(y2 - y1, x2 - x1), p = (d, l) => (x2 - l * Math.cos(a + d)).toFixed(1) + ' ' + (y2 - l * Math.sin(a + d)).toFixed(1);
		g.arrows.append(svg('line', {x1, y1, x2, y2, class: cls}));
		if (head)
			g.arrows.append(svg('path', {class: 'tip ' + cls, d: `M${x2} ${y2}L${p(0.42, 9)}L${p(-0.42, 9)}z`}));
	}

	// One stretch of a row, with its time where there is room. Returns where the row begins.
	function drawStretch(g, r, start, x1, y1, x2, y2, h, head) {
		const label = start ? 0 : wide(r.label) + 16, dir = x2 > x1 ? 1 : -1, length = Math.abs(x2 - x1);

		drawLine(g, x1, y1, x2, y2, r.cls, head);
		if (h.text && g.beside(length, label, h.text)) {
			const x = x1 + dir * (label + (length - label) / 2);
			g.say(x, y1 + (y2 - y1) * Math.abs(x - x1) / length + 4, h.text, 'dim over', 'middle');
		} else if (h.text && length > wide(h.text) + 6) {
			g.say((x1 + x2) / 2, (y1 + y2) / 2 + 13, h.text, 'dim', 'middle');
		}
		return start || {x: x1, y: y1, dir};
	}

	// From point to point in the order of travel.
	function drawArrow(g, r, y) {
		const top = r.seen.length ? r.seen[0].y : 0;
		let start = g.n === 1 ? drawStretch(g, r, null, r.back ? g.edge : g.axis[0], top, r.back ? g.axis[0] : g.edge, top, {text: ''}, true) : null;

		for (let i = 0; i + 1 < g.n; i++) {
			const from = r.order[i], to = r.order[i + 1], h = r.hops[i], x1 = g.axis[from], x2 = g.axis[to];
			const came = y[from] !== null, went = y[to] !== null;
			let x, at;
			if (came && went) {
				start = drawStretch(g, r, start, x1, y[from], x2, y[to], h, Array.isArray(r.at[to]) || r.at[to] > BESIDE);
			} else if (came) {
				// A mark keeps clear of the label.
				x = h.mark ? x1 + Math.sign(x2 - x1) * Math.min(g.hop - 12, Math.max(g.hop / 2, wide(r.label) + 26)) : x2;
				at = y[from] + 8 * Math.abs(x - x1) / g.hop;
				start = drawStretch(g, r, start, x1, y[from], x, at, h, !h.mark);
			} else if (went) {
				x = h.mark ? (x1 + x2) / 2 : x1;
				at = y[to] - 4;
				start = drawStretch(g, r, start, x, at, x2, y[to], h, true);
			}
			if (h.mark && x !== undefined)
				g.words.append(mark(h.mark, x, at));
		}
		return start;
	}

	// Where it was recorded, and where it passed without that.
	function drawSightings(g, r, y) {
		r.at.forEach((at, col) => {
			if (Array.isArray(at))
				g.words.append(svg('circle', {cx: g.axis[col], cy: y[col], r: 3, class: 'dot ' + r.cls},
					svg('title', {}, `${g.c.columns[col].name}: frame ${at[1]} of ${at.length > 2 ? text(at[2]) : g.c.columns[col].capture}`)));
			else if (y[col] !== null && (at === MISSED || at === BESIDE))
				g.words.append(svg('circle', {cx: g.axis[col], cy: y[col], r: 5, class: at === MISSED ? 'ring doubt' : 'ring'},
					svg('title', {}, at === MISSED ? 'passed here, not captured' : 'took the point beside')));
		});
	}

	function drawRow(g, r) {
		const y = heights(r, g.n), top = r.seen.length ? r.seen[0].y : 0, has = (marks) => r.hops.some((h) => h.mark & marks);

		r.cls = has(CUT | BORN) ? 'bad' : has(DOUBT) ? 'doubt' : '';
		g.say(g.numbers, top + 4, String(r.number), 'dim', 'end');
		g.say(g.gutter - 12, top + 4, seconds(r.t, g.c.digits), '', 'end');
		if (!g.narrow && r.note)
			g.say(g.edge + 14, top + 4, r.note, r.weight > 1 ? r.cls || 'bad' : r.weight ? 'doubt' : 'dim');
		const start = drawArrow(g, r, y);
		if (start)
			g.say(start.x + start.dir * (has(BORN) ? 10 : 8), start.y - 4, r.label, 'label', start.dir > 0 ? 'start' : 'end');
		g.lines(r).forEach((s, k) => g.say(g.axis[0] + 10, r.textY + k * LINE, (r.mixed && k === 0 ? r.number + ': ' : '') + s,
			g.narrow && k === 0 && r.note ? r.cls || 'dim' : 'dim'));
		drawSightings(g, r, y);
	}

	function ladder(c, items, width) {
		const rows = items.filter((i) => !i.hidden), g = layout(c, rows, width);
		const {breaks, end} = placeInstants(items, c, g.lines);
		const title = `Ladder of connection ${c.id}: ${rows.length} packets, a column for each of ${c.columns.map((k) => k.name).join(', ')}; the same is in the table below`;

		drawPoints(g, breaks, end);
		rows.forEach((r) => drawRow(g, r));
		return svg('svg', {class: 'ladder', viewBox: `0 0 ${Math.ceil(g.total)} ${Math.ceil(end + 6)}`, width: Math.ceil(g.total), role: 'img'},
			svg('title', {}, title), g.lives, g.arrows, g.words);
	}

	// ---- around the ladder ----

	const tints = ['', 'bad', 'doubt', 'good', 'command', 'dim'];

	function paragraphs(rows) {
		const box = html('div', {class: 'said'});
		let sub = false;
		for (const reference of rows) {
			const [, letter, mark, word, what] = text(reference).match(/^(.)(>?)(.*?)\x1f(.*)$/s), indent = mark !== '', tint = letter.charCodeAt(0) - 97;
			sub = indent ? sub || word !== '' : false;
			const p = html('p', {class: (indent ? sub ? 'in2' : 'in1' : 'in0') + (word === 'finding' ? ' begin' : '')});
			p.append(html('b', {}, word), html(tints[tint] === 'command' ? 'code' : 'span', {class: tints[tint]}, what));
			box.append(p);
		}
		return box;
	}

	function frames(c, items) {
		const head = html('tr', {}, ...['No.', 'time, s', 'way', 'packet', 'remark'].map((s) => html('th', {scope: 'col'}, s)));
		for (const column of c.columns)
			head.append(html('th', {scope: 'col'}, column.name, column.capture ? html('small', {title: column.capture}, file(column.capture)) : ''));
		const rows = items.map((r) => {
			if (r.hidden)
				return html('tr', {}, html('td', {colspan: 5 + c.columns.length, class: 'dim'}, r.hidden + ' packets are not shown: pcaphop diff --all CASE ' + c.id));
			const tr = html('tr', {class: r.weight > 1 ? 'bad' : ''}, html('th', {scope: 'row'}, String(r.number)), html('td', {}, seconds(r.t, c.digits)),
				html('td', {}, html('span', {role: 'img', 'aria-label': r.back ? 'to the client' : 'to the server'}, r.back ? '←' : '→')), html('td', {}, r.label), html('td', {}, r.note));
			for (const at of r.at) {
				const cell = Array.isArray(at) ? String(at[1]) + (at.length > 2 ? ' (' + file(text(at[2])) + ')' : '') : at === MISSED ? 'missed' : at === BESIDE ? 'beside' : '–';
				tr.append(html('td', {class: 'num'}, cell));
			}
			return tr;
		});
		return html('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Frame numbers of connection ' + c.id},
			html('table', {class: 'plain frames'}, html('caption', {}, 'Frame numbers in the captures'), html('thead', {}, head), html('tbody', {}, ...rows)));
	}

	// Wireshark display filters: the connection by its addresses at a point, and the frames of the ladder.
	function filterOf(column) {
		const side = (end) => {
			const [, addr, port] = end.match(/^\[?(.*?)\]?:(\d+)$/) || [];
			return addr === undefined ? null : `${addr.includes(':') ? 'ipv6' : 'ip'}.addr == ${addr} && tcp.port == ${port}`;
		};
		const a = side(column.client), b = side(column.server);
		return a && b ? a + ' && ' + b : null;
	}

	function filters(c, items) {
		const box = html('div', {class: 'filters'}, html('h4', {}, 'Wireshark display filters'));
		const add = (where, filter) => {
			const code = html('code', {tabindex: 0}, filter), button = html('button', {type: 'button'}, 'Copy');
			button.addEventListener('click', () => copy(code, button));
			box.append(html('div', {}, html('span', {}, where), code, button));
		};
		const at = new Map();
		for (const column of c.columns) {
			const filter = filterOf(column);
			if (filter)
				at.set(filter, [...(at.get(filter) || []), column.name]);
		}
		for (const [filter, points] of at)
			add('at ' + points.join(', '), filter);
		c.columns.forEach((column, i) => {
			const numbers = new Map();
			for (const r of items)
				if (!r.hidden && Array.isArray(r.at[i]) && (r.weight > 1 || items.length <= 12)) {
					const name = r.at[i].length > 2 ? text(r.at[i][2]) : column.capture;
					numbers.set(name, [...(numbers.get(name) || []), r.at[i][1]]);
				}
			for (const [name, list] of numbers)
				add('in ' + file(name), 'frame.number in {' + [...new Set(list)].join(', ') + '}');
		});
		return box;
	}

	function copy(code, button) {
		const range = document.createRange(), selection = getSelection();
		range.selectNodeContents(code);
		selection.removeAllRanges();
		selection.addRange(range);
		button.textContent = document.execCommand('copy') ? 'Copied' : 'Ctrl+C copies';
		setTimeout(() => {
			button.textContent = 'Copy';
		}, 2000);
	}

	// ---- opening ----

	// A ladder is as wide as its cell; all are measured by one observer, so that opening many does not lay out the page for each.
	const cells = new Map();
	const observer = new ResizeObserver((entries) => entries.forEach((entry) => cells.get(entry.target)(Math.floor(entry.contentRect.width))));

	function show(c, width) {
		const items = unpackAll(c), cell = html('td', {colspan: heads.length});
		c.detail = html('tr', {class: 'detail', id: 'd' + c.id}, cell);
		c.row.after(c.detail);
		cell.append(paragraphs(c.facts));
		if (items.length) {
			const scroll = html('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Ladder of connection ' + c.id});
			cell.append(scroll);
			const draw = (room) => {
				if (room === c.width || room <= 0)
					return;
				c.width = room;
				items.forEach((r) => delete r.lines);
				scroll.replaceChildren(ladder(c, items, room));
			};
			draw(width);
			cells.set(scroll, draw);
			observer.observe(scroll);
		} else {
			cell.append(html('p', {class: 'dim'}, 'Its ladder is too long for a page, or was seen beside the path only: pcaphop diff CASE ' + c.id));
		}
		cell.append(paragraphs(c.findings));
		if (items.length)
			cell.append(frames(c, items), filters(c, items));
	}

	// That of a cell with its padding taken off.
	const room = () => body.clientWidth - (matchMedia('(max-width: 700px)').matches ? 0 : 23);

	function toggle(c, open, width) {
		if (open === !c.button.matches('[aria-expanded=true]'))
			c.button.setAttribute('aria-expanded', String(open));
		if (open && !c.detail)
			show(c, width || room());
		if (c.detail)
			c.detail.hidden = !open;
	}

	for (const c of all) {
		c.button = html('button', {type: 'button', 'aria-expanded': 'false', 'aria-label': 'Connection ' + c.id}, '#' + c.id);
		c.row.cells[0].replaceChildren(c.button);
		heads.forEach((h, i) => c.row.cells[i].setAttribute('data-name', h.textContent));
		c.row.addEventListener('click', (event) => {
			if (event.target.closest('button') === c.button || (!event.target.closest('button, a') && !String(getSelection())))
				toggle(c, c.button.getAttribute('aria-expanded') !== 'true');
		});
	}

	// ---- search and filters ----

	const form = byId('find'), found = byId('found');
	const sorted = (sets) => [...new Set(sets.flatMap((s) => [...s]))].filter((s) => s).sort();
	const choice = (label, values) => {
		const select = html('select', {}, html('option', {value: ''}, 'any'), ...values.map((v) => html('option', {value: v}, v.replace(/_/g, ' '))));
		form.append(html('label', {}, label, select));
		return select;
	};
	const field = (label, attributes) => {
		const input = html('input', {type: 'search', autocomplete: 'off', spellcheck: 'false', ...attributes});
		form.append(html('label', {}, label, input));
		return input;
	};
	const search = field('Search', {}), kind = choice('Finding', sorted(all.map((c) => c.kinds))), place = choice('Where', sorted(all.map((c) => c.places)));
	const address = field('Address', {placeholder: '10.1.'}), port = field('Port', {inputmode: 'numeric', placeholder: '443'});
	const openAll = html('button', {type: 'button'}, 'Open all'), closeAll = html('button', {type: 'button'}, 'Close all');

	const passes = (c) => (!search.value || search.value.toLowerCase().split(/\s+/).every((word) => c.hay.includes(word))) &&
		(!kind.value || c.kinds.has(kind.value)) && (!place.value || c.places.has(place.value)) &&
		(!address.value.trim() || [...c.addresses].some((a) => a.startsWith(address.value.trim()))) && (!port.value.trim() || c.ports.has(port.value.trim()));

	function filter() {
		let n = 0;
		for (const c of all) {
			const ok = passes(c);
			n += ok;
			c.row.hidden = !ok;
			if (c.detail)
				c.detail.hidden = !ok || c.button.getAttribute('aria-expanded') !== 'true';
		}
		found.textContent = (n === all.length ? '' : n + ' of ') + all.length + (all.length === 1 ? ' connection' : ' connections');
	}

	form.append(html('span', {class: 'buttons'}, openAll, closeAll));
	form.hidden = false;
	form.addEventListener('input', filter);
	form.addEventListener('submit', (event) => event.preventDefault());
	openAll.addEventListener('click', () => {
		const width = room();
		all.filter((c) => !c.row.hidden).forEach((c) => toggle(c, true, width));
	});
	closeAll.addEventListener('click', () => all.forEach((c) => toggle(c, false)));

	// ---- sorting ----

	const collator = new Intl.Collator('en', {numeric: true});
	const keys = [(c) => c.id, (c) => c.id, (c) => c.took];

	function sort(column, direction) {
		const key = keys[column] || ((c) => c.row.cells[column].textContent);
		const order = [...all].sort((a, b) => {
			const x = key(a), y = key(b);
			return direction * (typeof x === 'number' ? x - y : collator.compare(x, y)) || a.index - b.index;
		});
		for (const c of order)
			body.append(c.row, ...(c.detail ? [c.detail] : []));
		heads.forEach((h, i) => i === column ? h.setAttribute('aria-sort', direction > 0 ? 'ascending' : 'descending') : h.removeAttribute('aria-sort'));
	}

	heads.forEach((h, i) => {
		const button = html('button', {type: 'button'}, h.textContent);
		h.replaceChildren(button);
		button.addEventListener('click', () => sort(i, h.getAttribute('aria-sort') === 'ascending' ? -1 : 1));
	});

	// ---- which one first ----

	function follow() {
		const c = all.find((x) => '#c' + x.id === location.hash);
		if (c) {
			toggle(c, true);
			c.row.scrollIntoView();
		}
		return c;
	}

	filter();
	addEventListener('hashchange', follow);
	if (!follow() && all.length)
		toggle(all[0], true);
})();
