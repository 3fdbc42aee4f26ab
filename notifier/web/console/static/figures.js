// Draws each table of figures as a chart before it. Without it the tables say everything.
(() => {
  "use strict";

  const HEIGHT = 260;
  const COLOURS = ["--held", "--call", "--owed", "--good"];
  // Lines are told apart without their colours too, and their marks in the legend likewise.
  const LINES = [
    { dash: [], width: 2, mark: "solid" },
    { dash: [8, 4], width: 2, mark: "dashed" },
    { dash: [2, 3], width: 2, mark: "dotted" },
    { dash: [], width: 4, mark: "solid" },
  ];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Days as whole numbers: a chart must not shift them by the reader's own time zone.
  const read = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    const drawn = heads.flatMap((head, place) => ("drawn" in head.dataset ? [place] : []));
    const value = (row, place) => {
      const number = Number.parseFloat(row.cells[place].textContent);
      return Number.isNaN(number) ? null : number;
    };
    return {
      days: rows.map((row) => row.cells[0].textContent.trim()),
      names: drawn.map((place) => heads[place].textContent),
      numbers: [rows.map((_, day) => day), ...drawn.map((place) => rows.map((row) => value(row, place)))],
    };
  };

  const options = ({ days, names }, table, width) => {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 } };
    const { measure, most } = table.dataset;
    const range = (_, __, highest) => [0, most ? Number(most) : Math.max(highest * 1.1, 1)];
    const line = (name, place) => ({
      label: name,
      stroke: colour(COLOURS[place]),
      dash: LINES[place].dash,
      width: LINES[place].width,
      points: { show: true, size: 5 },
    });
    const markers = {
      width: (_, series) => LINES[series - 1].width,
      dash: (_, series) => LINES[series - 1].mark,
    };
    return {
      width,
      height: HEIGHT,
      cursor: { show: false },
      legend: { live: false, markers },
      scales: { x: { time: false }, y: { range } },
      axes: [
        { ...axis, incrs: [1, 2, 5, 10], values: (_, places) => places.map((place) => days[place] ?? "") },
        { ...axis, label: measure, size: 60 },
      ],
      series: [{}, ...names.map(line)],
    };
  };

  const chart = (table) => {
    const figures = read(table);
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", table.dataset.chart);
    table.closest(".beside").prepend(place);
    const width = () => {
      const style = getComputedStyle(place);
      return place.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    };
    let plot = null;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(options(figures, table, width()), figures.numbers, place);
    };
    draw();
    new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  };

  document.querySelectorAll("table[data-chart]").forEach(chart);
})();
