"use strict";
/* Opens a cell: every inference over its number or time, and the distribution. One script for all pages of a report. */
(() => {
  const NS = "http://www.w3.org/2000/svg", W = 860, H = 320, LEFT = 62, BOTTOM = 44, TOP = 12, RIGHT = 14;
  const boards = new Map();
  globalThis.edgebench = { take: ([board, cells]) => boards.set(board, cells) };

  const load = (board) => boards.has(board) ? Promise.resolve() : new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `drilldown/${encodeURIComponent(board)}.js`;
    script.onload = done;
    script.onerror = () => failed(new Error(`drilldown/${board}.js is not beside this page`));
    document.head.append(script);
  });

  const add = (parent, name, attributes = {}, text = "") => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    parent.append(element);
    return element;
  };
  const make = (name, text = "", kind = "") => Object.assign(document.createElement(name), { textContent: text, className: kind });
  const digits = (value) => Number(value.toPrecision(4)).toString();

  const ticks = (low, high, most) => {
    const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(at);
    return found;
  };

  /* Draws one line with axes; dragging across it looks closer, a double click goes back. */
  const chart = (x, y, labels, { shade = 0, dots = true } = {}) => {
    const svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${labels[1]} against ${labels[0]}`);
    const note = make("p", "", "small muted");
    let span = [x[0], x[x.length - 1]];
    const draw = () => {
      svg.textContent = "";
      const inside = x.map((value, i) => [value, y[i]]).filter(([value]) => value >= span[0] && value <= span[1]);
      const values = inside.map(([, value]) => value);
      let low = Math.min(...values), high = Math.max(...values);
      const margin = (high - low) * 0.06 || high * 0.05 || 1;
      low -= margin; high += margin;
      const px = (value) => LEFT + (value - span[0]) / (span[1] - span[0] || 1) * (W - LEFT - RIGHT);
      const py = (value) => H - BOTTOM - (value - low) / (high - low) * (H - BOTTOM - TOP);
      if (shade > span[0]) add(svg, "rect", { x: LEFT, y: TOP, width: Math.min(px(shade), W - RIGHT) - LEFT, height: H - BOTTOM - TOP, fill: "var(--shade)" });
      for (const at of ticks(low, high, 6)) {
        add(svg, "line", { x1: LEFT, x2: W - RIGHT, y1: py(at), y2: py(at), stroke: "var(--line)" });
        add(svg, "text", { x: LEFT - 7, y: py(at) + 4, "text-anchor": "end" }, digits(at));
      }
      for (const at of ticks(span[0], span[1], 9)) add(svg, "text", { x: px(at), y: H - BOTTOM + 17, "text-anchor": "middle" }, digits(at));
      add(svg, "text", { x: (LEFT + W - RIGHT) / 2, y: H - 8, "text-anchor": "middle", class: "label" }, labels[0]);
      add(svg, "text", { x: 14, y: (H - BOTTOM) / 2, "text-anchor": "middle", class: "label", transform: `rotate(-90 14 ${(H - BOTTOM) / 2})` }, labels[1]);
      add(svg, "polyline", { points: inside.map(([a, b]) => `${px(a).toFixed(1)},${py(b).toFixed(1)}`).join(" "), fill: "none", stroke: "var(--accent)", "stroke-width": 1.2 });
      if (dots && inside.length < 150) for (const [a, b] of inside) add(svg, "circle", { cx: px(a), cy: py(b), r: 2, fill: "var(--accent)" });
    };
    const valueAt = (event) => {
      const box = svg.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width * W - LEFT) / (W - LEFT - RIGHT);
      return span[0] + Math.min(1, Math.max(0, share)) * (span[1] - span[0]);
    };
    let from = null;
    svg.addEventListener("pointerdown", (event) => { from = valueAt(event); });
    svg.addEventListener("pointerup", (event) => {
      const to = valueAt(event), whole = x[x.length - 1] - x[0];
      if (from !== null && Math.abs(to - from) > whole / 200) { span = [Math.min(from, to), Math.max(from, to)]; draw(); }
      from = null;
    });
    svg.addEventListener("dblclick", () => { span = [x[0], x[x.length - 1]]; draw(); });
    svg.addEventListener("pointermove", (event) => {
      const at = valueAt(event);
      let nearest = 0;
      x.forEach((value, i) => { if (Math.abs(value - at) < Math.abs(x[nearest] - at)) nearest = i; });
      note.textContent = `${labels[0]} ${digits(x[nearest])}: ${labels[1]} ${digits(y[nearest])}. Drag to look closer, double click to go back.`;
    });
    draw();
    const holder = make("div", "", "plot");
    holder.append(svg, note);
    note.textContent = "Drag to look closer, double click to go back.";
    return holder;
  };

  const dialog = make("dialog", "", "drill");
  document.body.append(dialog);
  dialog.addEventListener("close", () => { if (location.hash.startsWith("#cell=")) history.replaceState(null, "", location.pathname + location.search); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  const open = async (id) => {
    const board = id.split("/")[0];
    dialog.textContent = "";
    const close = make("button", "Close");
    close.type = "button";
    close.addEventListener("click", () => dialog.close());
    const head = make("header");
    head.append(make("h3", id, "mono"), close);
    dialog.append(head);
    if (!dialog.open) dialog.showModal();
    try {
      await load(board);
      const cell = boards.get(board)[id];
      if (!cell) throw new Error("no readings of this cell were kept");
      const thinned = cell.n > cell.ms.length ? `, thinned to ${cell.ms.length} that keep the extremes` : "";
      dialog.append(make("p", `${cell.n} inferences${thinned}; the first ${cell.warmup} were warm-up (shaded).`, "small muted"));
      dialog.append(chart(cell.number, cell.ms, ["inference number (1)", "time (ms)"], { shade: cell.warmup + 0.5 }));
      if (cell.quantiles.length) {
        dialog.append(make("h3", "Cumulative distribution of the measured inferences"));
        dialog.append(chart(cell.quantiles, cell.quantiles.map((_, i) => i), ["time (ms)", "share (%)"], { dots: false }));
      }
      const raw = make("a", "raw record");
      raw.href = `../cells/${id}/cell.json`;
      const foot = make("p", "", "small");
      foot.append(raw);
      dialog.append(foot);
    } catch (error) {
      dialog.append(make("p", `Cannot be shown: ${error.message}.`));
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-cell]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", `#cell=${link.dataset.cell}`);
    open(link.dataset.cell);
  });
  if (location.hash.startsWith("#cell=")) open(decodeURIComponent(location.hash.slice(6)));
})();
