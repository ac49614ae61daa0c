"use strict";

// A colour belongs to a variant, in every chart; none means good or bad.
var colours = {net: "#64748b", nested: "#2563eb", thread: "#38bdf8", cloudwego: "#f59e0b", gnet1: "#16a34a", gnet: "#86efac", nbio: "#c084fc", raw: "#cbd5e1"};

// spread draws a line from the least to the greatest value, in the middle of the bar.
function spread(chart, index) {
	return {
		type: "custom", name: chart.bars[index].title, z: 5, silent: true, tooltip: {show: false},
		encode: {x: 0, y: [1, 2]},
		data: chart.bars[index].values.map(function (v, i) { return v ? [i, v.min, v.max] : [i, NaN, NaN]; }),
		renderItem: function (params, api) {
			var layout = api.barLayout({count: chart.bars.length, barCategoryGap: "25%", barGap: "5%"})[index];
			var low = api.coord([api.value(0), api.value(1)]), high = api.coord([api.value(0), api.value(2)]);
			var x = low[0] + layout.offsetCenter;
			if (isNaN(low[1])) {
				return null;
			}
			return {
				type: "line", shape: {x1: x, y1: low[1], x2: x, y2: high[1]},
				style: {stroke: "#0f172a", lineWidth: 1.2}
			};
		}
	};
}

function column(chart, index) {
	var bars = chart.bars[index];
	var series = {
		type: "bar", name: bars.title, barCategoryGap: "25%", barGap: "5%",
		itemStyle: {color: colours[bars.variant]},
		data: bars.values.map(function (v) { return v ? v.median : null; })
	};
	if (chart.even && index === 0) {
		series.markLine = {
			silent: true, symbol: "none", label: {show: false}, data: [{yAxis: 1}],
			lineStyle: {color: "#0f172a", type: "dashed"}
		};
	}
	return series;
}

function number(v) {
	return v === null || v === undefined ? "-" : v.toLocaleString("en", {maximumSignificantDigits: 4});
}

function options(chart, width) {
	var series = [], perPoint = Math.floor((width - 80) / chart.points.length) - 8;
	chart.bars.forEach(function (_, i) { series.push(column(chart, i), spread(chart, i)); });
	return {
		animation: false,
		title: {text: chart.title, textStyle: {fontSize: 13}},
		legend: {top: 24, data: chart.bars.map(function (b) { return b.title; })},
		grid: {left: 8, right: 8, top: 56, bottom: 8, containLabel: true},
		tooltip: {trigger: "axis", axisPointer: {type: "shadow"}, valueFormatter: number},
		xAxis: {type: "category", data: chart.points, axisLabel: {interval: 0, width: perPoint, overflow: "break", lineHeight: 15}},
		yAxis: {type: "value", min: 0, axisLabel: {formatter: number}},
		series: series
	};
}

function drawAll(charts) {
	var drawn = charts.map(function (chart) {
		var div = document.getElementById(chart.id), instance = echarts.init(div, null, {renderer: "svg"});
		instance.setOption(options(chart, div.clientWidth));
		return instance;
	});
	window.addEventListener("resize", function () {
		drawn.forEach(function (instance) { instance.resize(); });
	});
}
