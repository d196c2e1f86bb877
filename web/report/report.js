'use strict';
/* Draws the page from the JSON in #data. All text goes through textContent: what customers wrote is never read as markup. */
(function () {
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const charts = [];
  let printing = false;

  /* ---------------------------------------------------------------- choices that are remembered where the browser allows it */
  function recall(key) {
    try { return localStorage.getItem('huaxiang.' + key); } catch (e) { return null; }
  }
  function remember(key, value) {
    try { localStorage.setItem('huaxiang.' + key, value); } catch (e) { /* private windows and some file: origins keep nothing */ }
  }
  let lang = recall('lang') || data.ui;
  if (!HX_TEXT[lang]) lang = 'en';
  let theme = recall('theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

  /* ---------------------------------------------------------------- words and numbers */
  function t(key, values) {
    const text = HX_TEXT[lang][key];
    return values ? text.replace(/\{(\w+)\}/g, (all, name) => name in values ? String(values[name]) : all) : text;
  }
  const locale = () => lang === 'zh' ? 'zh-CN' : 'en-GB';
  const count = n => new Intl.NumberFormat(locale()).format(n);
  const percent = (part, whole) => {
    const share = whole > 0 ? 100 * part / whole : 0;
    return share.toFixed(share > 0 && share < 9.95 ? 1 : 0) + '%';
  };
  function money(value, currency, short) {
    const options = { maximumFractionDigits: short || Math.abs(value) >= 1000 ? 0 : 2 };
    if (short && Math.abs(value) >= 10000) Object.assign(options, { notation: 'compact', maximumFractionDigits: 1 });
    try {
      if (currency) return new Intl.NumberFormat(locale(), Object.assign({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', minimumFractionDigits: 0 }, options)).format(value);
    } catch (e) { /* not an ISO 4217 code: shown as it is */ }
    return new Intl.NumberFormat(locale(), options).format(value) + (currency ? ' ' + currency : '');
  }
  const mood = value => value === null ? '–' : (value > 0 ? '+' : '') + value.toFixed(2);
  const both = row => row[lang];
  const sum = list => list.reduce((a, b) => a + b, 0);

  /* ---------------------------------------------------------------- building elements */
  function h(tag, options, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(options || {})) {
      if (key === 'class') element.className = value;
      else if (key === 'click') element.addEventListener('click', value);
      else if (key === 'css') for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
      else element.setAttribute(key, value);
    }
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) element.append(child);
    return element;
  }
  function table(columns, rows) {
    const head = h('tr', null, columns.map(c => h('th', { class: c.num ? 'num' : '', scope: 'col' }, c.name)));
    const body = rows.map(row => h('tr', null, row.map((cell, i) => h('td', { class: columns[i].num ? 'num' : columns[i].class || '' }, cell))));
    return h('div', { class: 'scroll' }, h('table', null, h('thead', null, head), h('tbody', null, body)));
  }
  const empty = key => h('p', { class: 'empty' }, t(key));
  function section(id, ...content) {
    const finding = data.findings[id];
    return h('section', { id }, h('h2', null, t(id)), finding ? h('p', { class: 'finding' }, finding[lang]) : null, content);
  }
  /* A section with nothing to show: its finding says what is missing. */
  function emptySection(id) {
    return h('section', { id }, h('h2', null, t(id)), h('p', { class: 'empty' }, data.findings[id][lang]));
  }
  function block(title, hint, ...content) {
    return h('div', { class: 'block' }, h('h3', null, title), hint ? h('p', { class: 'hint' }, hint) : null, content);
  }
  const two = (...blocks) => h('div', { class: 'two' }, blocks);
  function moodsBar(moods) {
    const all = sum(moods) || 1;
    const label = [t('negative'), t('neutral'), t('positive')].map((name, i) => name + ' ' + percent(moods[i], all)).join(', ');
    return h('div', { class: 'moods', role: 'img', 'aria-label': label, title: label },
      ['neg', 'neu', 'pos'].map((name, i) => h('i', { class: name, css: { width: 100 * moods[i] / all + '%' } })));
  }
  function legend() {
    return h('p', { class: 'legend' }, [['neg', 'negative'], ['neu', 'neutral'], ['pos', 'positive']].map(([c, key]) => h('span', null, h('i', { class: c }), t(key))));
  }

  /* ---------------------------------------------------------------- quotes */
  function highlighted(text, word) {
    const at = word ? text.toLowerCase().indexOf(word.toLowerCase()) : -1;
    if (at < 0) return [text];
    return [text.slice(0, at), h('mark', null, text.slice(at, at + word.length)), text.slice(at + word.length)];
  }
  function quote(number, word) {
    const q = data.quotes[number];
    const stars = q.rating === undefined ? null : '★ ' + q.rating;
    const moodName = t(q.mood < 0 ? 'negative' : q.mood > 0 ? 'positive' : 'neutral');
    return h('blockquote', { class: 'quote m' + q.mood }, h('p', null, highlighted(q.text, word)),
      h('footer', null, [q.at.slice(0, 10), q.item, stars, moodName, q.who].filter(Boolean).join(' · ')));
  }
  function openQuotes(name, numbers, word) {
    const drawer = document.querySelector('dialog.drawer');
    drawer.replaceChildren(
      h('div', { class: 'bar-top' }, h('h2', null, t('quotesOf', { v: name })), h('button', { class: 'tool', click: () => drawer.close() }, t('close'))),
      ...(numbers.length ? numbers.map(n => quote(n, word)) : [empty('noQuotes')]));
    drawer.setAttribute('aria-label', t('quotesOf', { v: name }));
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
  }
  document.querySelector('dialog.drawer').addEventListener('click', event => {
    if (event.target === event.currentTarget) event.currentTarget.close();
  });

  /* ---------------------------------------------------------------- charts */
  const colour = name => getComputedStyle(root).getPropertyValue('--' + name).trim();
  function base() {
    const font = getComputedStyle(document.body).fontFamily;
    return {
      animation: false, textStyle: { fontFamily: font, color: colour('soft') },
      tooltip: {
        trigger: 'axis', confine: true, backgroundColor: colour('card'), borderColor: colour('line'), textStyle: { color: colour('ink'), fontSize: 13 },
        axisPointer: { type: 'shadow', shadowStyle: { color: 'rgba(' + colour('heat') + ',.08)' } }
      },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 10, itemGap: 18, textStyle: { color: colour('soft'), fontSize: 13 } },
      grid: { left: 4, right: 8, top: 38, bottom: 4, containLabel: true }
    };
  }
  const labelStyle = () => ({ color: colour('soft'), fontSize: 12 });
  function categoryAxis(labels) {
    return { type: 'category', data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: colour('line') } }, axisLabel: Object.assign(labelStyle(), { hideOverlap: true }) };
  }
  function valueAxis(options) {
    return Object.assign({ type: 'value', splitNumber: 4, splitLine: { lineStyle: { color: colour('line') } }, axisLabel: labelStyle() }, options);
  }
  /* An element that a chart is drawn into once it is in the page; `make` gives the option, again after a change of theme. */
  function chart(height, label, make, onClick) {
    const element = h('div', { class: 'chart', role: 'img', 'aria-label': label, css: { height: height + 'px' } });
    charts.push({ element, make, onClick, chart: null });
    return element;
  }
  function drawCharts() {
    for (const c of charts) {
      if (c.chart) c.chart.dispose();
      c.chart = echarts.init(c.element, null, { renderer: 'svg' });
      c.chart.setOption(Object.assign(base(), c.make(c.element.clientWidth)));
      if (c.onClick) c.chart.on('click', c.onClick);
    }
  }
  function numbers(columns, rows) {
    return h('details', null, h('summary', null, t('showNumbers')), table(columns, rows));
  }
  const bars = (name, values, colourName, more) => Object.assign({ name, type: 'bar', data: values, barMaxWidth: 26, itemStyle: { color: colour(colourName) } }, more);
  const line = (name, values, colourName, more) => Object.assign({ name, type: 'line', data: values, symbol: values.length > 1 ? 'none' : 'circle', lineStyle: { width: 2.2 }, itemStyle: { color: colour(colourName) } }, more);

  /* Rows with moods as shares to the left (negative) and to the right (positive). */
  function diverging(rows, label, name) {
    const shown = rows.slice().reverse();
    const share = (row, i) => sum(row.moods) ? 100 * row.moods[i] / sum(row.moods) : 0;
    const element = chart(34 * rows.length + 40, label, width => {
      const room = Math.max(84, Math.min(210, width * .34));
      const limit = Math.max(10, ...rows.map(row => Math.max(share(row, 0), share(row, 2))));
      const end = Math.ceil(limit / 10) * 10;
      return {
        legend: Object.assign(base().legend, { data: [t('negative'), t('positive')] }),
        tooltip: Object.assign(base().tooltip, {
          formatter: list => {
            const row = shown[list[0].dataIndex];
            const place = document.createElement('div');
            place.append(h('b', null, name(row)));
            [['negative', 0], ['neutral', 1], ['positive', 2]].forEach(([key, i]) => place.append(h('div', null, t(key) + ': ' + count(row.moods[i]) + ' (' + percent(row.moods[i], sum(row.moods)) + ')')));
            return place;
          }
        }),
        grid: { left: room + 46, right: 42, top: 34, bottom: 4 },
        xAxis: valueAxis({ min: -end, max: end, interval: end, axisLabel: Object.assign(labelStyle(), { show: false }), splitLine: { show: false } }),
        yAxis: {
          type: 'category', data: shown.map(row => name(row)), axisTick: { show: false }, axisLine: { show: false }, triggerEvent: true,
          axisLabel: { color: colour('ink'), fontSize: 13, width: room, overflow: 'truncate', margin: 44 }
        },
        series: [
          bars(t('negative'), shown.map(row => -share(row, 0)), 'bad', { stack: 'mood', barWidth: 15, cursor: 'pointer', label: { show: true, position: 'left', color: colour('soft'), fontSize: 12, formatter: p => Math.round(-p.value) + '%' } }),
          bars(t('positive'), shown.map(row => share(row, 2)), 'good', { stack: 'mood', barWidth: 15, cursor: 'pointer', label: { show: true, position: 'right', color: colour('soft'), fontSize: 12, formatter: p => Math.round(p.value) + '%' } })
        ]
      };
    }, event => {
      const at = event.componentType === 'yAxis' ? shown.findIndex(row => name(row) === event.value) : event.dataIndex;
      if (shown[at]) openQuotes(name(shown[at]), shown[at].quotes, null);
    });
    const columns = [{ name: '' }, { name: t('negative'), num: true }, { name: t('neutral'), num: true }, { name: t('positive'), num: true }];
    const opener = row => h('button', { class: 'link', click: () => openQuotes(name(row), row.quotes, null) }, name(row));
    return [element, numbers(columns, rows.map(row => [opener(row), ...row.moods.map(count)]))];
  }

  /* ---------------------------------------------------------------- 1 overview */
  function change(now, before, kind) {
    if (!data.window) return null;
    if (before === null || now === null || (kind !== 'points' && !before)) return h('span', { class: 'same' }, t('noChange'));
    const difference = kind === 'points' ? 100 * (now - before) : kind === 'plain' ? now - before : 100 * (now - before) / Math.abs(before);
    const text = (difference > 0 ? '▲ ' : difference < 0 ? '▼ ' : '') + Math.abs(difference).toFixed(kind === 'plain' ? 2 : Math.abs(difference) < 10 ? 1 : 0) + (kind === 'points' ? t('points') : kind === 'plain' ? '' : '%');
    const good = kind === 'points' ? difference < 0 : difference > 0;
    return [h('span', { class: difference === 0 ? 'same' : good ? 'up' : 'down' }, text), ' ' + t('change')];
  }
  function card(name, value, ...more) {
    return h('div', { class: 'card' }, h('div', { class: 'name' }, name), h('div', { class: 'value' }, value), more.map(m => h('div', { class: 'more' }, m)));
  }
  const negative = p => sum(p.moods) ? p.moods[0] / sum(p.moods) : null;
  function overview() {
    const { all, last, before, window: days } = data;
    const recent = text => days ? t('inWindow', { n: days }) + ' ' + text : '';
    const cards = [card(t('customers'), count(all.customers), days ? t('fresh', { n: days, v: count(last.customers) }) : '', change(last.customers, before.customers))];
    if (days) cards.push(card(t('activeIn', { n: days }), count(last.active), t('activeOf', { v: count(all.active) }), change(last.active, before.active)));
    if (all.orders) {
      cards.push(card(t('orders'), count(all.orders), recent(count(last.orders)), change(last.orders, before.orders)));
      const others = data.money.filter(m => m.currency !== data.currency && m.value !== 0).slice(0, 3).map(m => money(m.value, m.currency, true)).join(' · ');
      cards.push(card(t('revenue'), money(all.revenue, data.currency, true), recent(money(last.revenue, data.currency, true)), change(last.revenue, before.revenue), others ? '+ ' + others : ''));
    }
    if (all.texts) {
      cards.push(card(t('texts'), count(all.texts), recent(count(last.texts)), change(last.texts, before.texts)));
      if (negative(all) !== null) cards.push(card(t('negativeShare'), percent(all.moods[0], sum(all.moods)), negative(last) === null ? '' : recent(percent(last.moods[0], sum(last.moods))), change(negative(last), negative(before), 'points')));
    }
    if (all.rating !== null) cards.push(card(t('rating'), all.rating.toFixed(2), t('ratings', { v: count(all.ratings) }), change(last.rating, before.rating, 'plain')));
    return section('overview', h('div', { class: 'cards' }, cards), days ? h('p', { class: 'hint below' }, t('changeHint', { n: days })) : null);
  }

  /* ---------------------------------------------------------------- 2 over time */
  function overTime() {
    const time = data.time, n = time.labels.length;
    if (!n || (!data.all.customers && !data.all.orders)) return emptySection('time');
    const columns = [{ name: t('period') }, { name: t('newCustomers'), num: true }, { name: t('active'), num: true }, { name: t('orders'), num: true }, { name: t('revenue'), num: true }];
    const rows = time.labels.map((label, i) => [label, count(time.new[i]), count(time.active[i]), count(time.orders[i]), money(time.revenue[i], data.currency)]);
    const people = block(t('customersTitle'), t('activeHint'), chart(270, data.findings.time[lang], () => ({
      xAxis: categoryAxis(time.labels), yAxis: valueAxis(), series: [bars(t('newCustomers'), time.new, 'flat'), line(t('active'), time.active, 'accent')]
    })), numbers(columns, rows));
    if (!data.all.orders) return section('time', people);
    const sales = block(t('revenueTitle'), t('revenueHint'), chart(270, data.findings.time[lang], () => ({
      xAxis: categoryAxis(time.labels),
      yAxis: [valueAxis({ axisLabel: Object.assign(labelStyle(), { formatter: v => money(v, data.currency, true) }) }), valueAxis({ splitLine: { show: false } })],
      series: [bars(t('revenue'), time.revenue, 'accent', { tooltip: { valueFormatter: v => money(v, data.currency) } }), line(t('orders'), time.orders, 'second', { yAxisIndex: 1 })]
    })));
    return section('time', two(people, sales));
  }

  /* ---------------------------------------------------------------- 3 segments */
  function segments() {
    if (!data.all.customers) return emptySection('segments');
    const largest = Math.max(1, ...data.segments.map(s => s.size));
    return section('segments', data.segments.map(s => h('div', { class: 'segment' },
      h('div', { class: 'who' }, both(s)),
      h('div', null,
        h('div', { class: 'bar' }, s.size ? h('i', { css: { width: 62 * s.size / largest + '%' } }) : null, h('span', null, t('size', { n: count(s.size) }) + ' · ' + percent(s.size, data.all.customers))),
        h('div', { class: 'rule' }, s['rule_' + lang]),
        s.members.length ? h('div', { class: 'members' }, t('top') + s.members.map(m => m.main).join(lang === 'zh' ? '、' : ', ')) : null))));
  }

  /* ---------------------------------------------------------------- 4 RFM */
  function rfm() {
    const { cells, groups, n } = data.rfm;
    if (!n) return emptySection('rfm');
    const most = Math.max(...cells.flat().map(cell => cell[0]));
    const grid = h('div', { class: 'heat', role: 'group', 'aria-label': t('rfm') });
    for (let r = 5; r >= 1; r--) {
      grid.append(h('div', { class: r === 3 ? 'axis r3' : 'axis' }, 'R' + r));
      for (let f = 1; f <= 5; f++) {
        const [size, mean] = cells[r - 1][f - 1], strength = .12 + .78 * Math.sqrt(size / most);
        const dark = root.dataset.theme === 'dark' && !printing;
        const css = size ? { background: 'rgba(' + colour('heat') + ',' + strength.toFixed(3) + ')', color: strength > .8 ? (dark ? '#0d1419' : '#fff') : colour('ink') } : {};
        grid.append(h('div', { class: (size ? 'cell' : 'cell zero') + (f === 4 ? ' f4' : '') + (r === 3 ? ' r3' : ''), css, title: 'R' + r + ' F' + f }, h('b', null, size ? count(size) : '–'), size ? h('small', null, money(mean, data.currency, true)) : null));
      }
    }
    grid.append(h('div', { class: 'axis' }));
    for (let f = 1; f <= 5; f++) grid.append(h('div', { class: f === 4 ? 'axis f4' : 'axis' }, 'F' + f));
    const all = sum(groups.map(g => Math.max(0, g.money)));
    const columns = [{ name: t('group'), class: 'cap' }, { name: t('customers'), num: true }, { name: t('share'), num: true }, { name: t('money'), num: true }, { name: t('perHead'), num: true }];
    const rows = groups.map(g => [both(g), count(g.size), percent(g.size, n), all > 0 ? percent(Math.max(0, g.money), all) : '–', g.size ? money(g.money / g.size, data.currency, true) : '–']);
    const quadrants = h('div', { class: 'quadrants' }, t('quadrants').map(text => h('span', null, text)));
    return section('rfm', two(block(t('rfmTitle'), t('rfmHint'), grid, quadrants), block(t('group'), null, table(columns, rows))));
  }

  /* ---------------------------------------------------------------- segments over each other, cohorts, satisfaction */
  /* Only where somebody defined segments: how each lies over the others. */
  function overlaps() {
    const fixed = new Map(data.segments.map(s => [s.id, both(s)])), name = id => fixed.get(id) || id;
    const pairs = (data.overlap || []).filter(p => p.shared > 0 && !(fixed.has(p.a) && fixed.has(p.b))).sort((a, b) => b.jaccard - a.jaccard).slice(0, 12);
    const own = new Map();
    for (const p of data.overlap || []) for (const [id, size] of [[p.a, p.size_a], [p.b, p.size_b]]) if (!fixed.has(id)) own.set(id, size);
    if (data.large) return h('section', { id: 'overlap' }, h('h2', null, t('overlap')), empty('tooLarge'));
    if (!own.size) return null;
    const largest = [...own].sort((a, b) => b[1] - a[1])[0];
    const sizes = table([{ name: t('segments') }, { name: t('customers'), num: true }, { name: t('share'), num: true }], [...own].map(([id, size]) => [id, count(size), percent(size, data.all.customers)]));
    const columns = [{ name: t('segments') }, { name: t('andSegment') }, { name: t('shared'), num: true }, { name: t('lift'), num: true }];
    return h('section', { id: 'overlap' }, h('h2', null, t('overlap')),
      h('p', { class: 'finding' }, t('overlapFinding', { n: own.size, a: largest[0], v: count(largest[1]) })),
      two(block(t('definedTitle'), null, sizes),
        block(t('overlapTitle'), t('overlapHint'), pairs.length ? table(columns, pairs.map(p => [name(p.a), name(p.b), count(p.shared), p.lift === null ? '–' : p.lift.toFixed(2)])) : empty('noOverlap'))));
  }
  /* Cohorts as a triangle: a row is the customers first seen then, a column how many of them were active so much later. */
  function retention() {
    const rows = data.retention;
    if (!data.all.customers) return null;
    if (!rows.some(row => row.active.length > 1)) return emptySection('retention');
    const widest = Math.max(...rows.map(row => row.active.length));
    const shade = (n, size) => {
      const strength = n ? .08 + .8 * n / size : 0, dark = root.dataset.theme === 'dark' && !printing;
      return n ? { background: 'rgba(' + colour('heat') + ',' + strength.toFixed(3) + ')', color: strength > .7 ? (dark ? '#0d1419' : '#fff') : colour('ink') } : {};
    };
    const head = h('tr', null, [t('firstSeen'), t('customers'), ...Array.from({ length: widest - 1 }, (_, i) => '+' + (i + 1))].map((text, i) => h('th', { scope: 'col', class: i ? 'num' : '' }, text)));
    const body = rows.map(row => h('tr', null, h('td', { class: 'day' }, row.label), h('td', { class: 'num' }, count(row.size)),
      row.active.slice(1).map(n => h('td', { class: 'num tri', css: shade(n, row.size), title: count(n) }, percent(n, row.size)))));
    return section('retention', block(t('retentionTitle'), t('retentionHint', { v: HX_TEXT[lang].step[data.time.step] }),
      h('div', { class: 'scroll' }, h('table', { class: 'triangle' }, h('thead', null, head), h('tbody', null, body)))));
  }
  /* What is expected of the buyers in a year, by tenths of them. */
  function value() {
    const v = data.value;
    if (!data.all.customers) return null;
    const box = (...content) => h('section', { id: 'value' }, h('h2', null, t('value')), content);
    if (!v) return box(empty(data.large ? 'tooLarge' : 'noValue'));
    const names = v.tenths.map((_, i) => (10 * i) + '–' + (10 * i + 10) + '%');
    const finding = h('p', { class: 'finding' }, t('valueFinding', { n: count(v.purchases), v: money(v.value, data.currency, true), a: percent(v.tenths[0], v.value), b: count(v.alive), c: count(v.buyers) }));
    return box(finding, block(t('valueTitle'), t('valueHint', { n: Math.round(100 * v.yearly) }), chart(270, t('value'), () => ({
      xAxis: categoryAxis(names), yAxis: valueAxis({ axisLabel: Object.assign(labelStyle(), { formatter: x => money(x, data.currency, true) }) }),
      series: [bars(t('valueExpected'), v.tenths, 'accent', { barMaxWidth: 46, tooltip: { valueFormatter: x => money(x, data.currency) } })]
    })), numbers([{ name: t('tenth') }, { name: t('valueExpected'), num: true }, { name: t('share'), num: true }], v.tenths.map((x, i) => [names[i], money(x, data.currency), percent(x, v.value)]))));
  }
  function satisfaction() {
    if (!data.all.customers) return null;
    const box = (...content) => h('section', { id: 'satisfaction' }, h('h2', null, t('satisfaction')), content);
    if (!data.satisfaction) return box(empty('tooLarge'));
    const { month, product } = data.satisfaction, all = month.all;
    if (!all.index) return box(empty('noOpinions'));
    const months = month.groups.filter(g => g.index).slice(-24), products = product.groups.filter(g => g.index);
    const low = Math.min(...months.map(g => g.index.value), all.index.value), worst = products[0];
    const round = v => v === null ? '–' : v.toFixed(0), range = v => v ? Math.max(0, v.low).toFixed(0) + '–' + Math.min(100, v.high).toFixed(0) : '–';
    const back = v => v ? (100 * v.value).toFixed(0) + '%' : '–';
    const finding = h('p', { class: 'finding' }, t('satisfactionFinding', { v: round(all.index.value), a: range(all.index), n: count(all.index.n) }) + (all.loyalty ? t('loyaltyFinding', { v: back(all.loyalty), n: month.return_days }) : '') + (worst && products.length > 1 ? t('worstFinding', { v: worst.name, n: round(worst.score) }) : ''));
    const columns = [{ name: t('item') }, { name: t('score'), num: true }, { name: t('interval'), num: true }, { name: t('opinions'), num: true }, { name: t('complaints'), num: true }, { name: t('comesBack'), num: true }];
    const rows = list => list.map(g => [g.name, round(g.score), range(g.index), count(g.index.n), count(g.complaints), back(g.loyalty)]);
    const course = months.length > 1 ? block(t('satisfactionMonth'), t('satisfactionHint'), chart(270, t('satisfaction'), () => ({
      xAxis: categoryAxis(months.map(g => g.group)), yAxis: valueAxis({ min: Math.max(0, Math.floor(low / 20) * 20), max: 100 }),
      series: [line(t('index'), months.map(g => +g.index.value.toFixed(1)), 'soft', { lineStyle: { width: 1.2, type: 'dashed' } }), line(t('score'), months.map(g => +g.score.toFixed(1)), 'accent')]
    })), numbers([{ name: t('period') }, ...columns.slice(1)], rows(months))) : null;
    return box(finding, two(course, block(t('satisfactionItem'), t('satisfactionItemHint', { n: products.length }), products.length ? table(columns, rows(products)) : empty('noItems'))));
  }

  /* ---------------------------------------------------------------- 5 voice */
  function intents() {
    const rows = data.intents.filter(i => i.id !== 'other').sort((a, b) => b.n - a.n).slice(0, 10);
    const other = data.intents.find(i => i.id === 'other');
    const name = row => HX_TEXT[lang].intent[row.id] || row.id;
    const all = sum(data.intents.map(i => i.n));
    if (!rows.length) return null;
    const columns = [{ name: t('intents') }, { name: t('count'), num: true }, { name: t('share'), num: true }, { name: t('moods') }];
    return block(t('intents'), other ? name(other) + ' ' + percent(other.n, all) : null, table(columns, rows.map(row => [
      h('button', { class: 'link', click: () => openQuotes(name(row), row.quotes, null) }, name(row)), count(row.n), percent(row.n, all), moodsBar(row.moods)])));
  }
  /* What trained models said: every label of every set, with its texts and the customers whose last one it is. */
  function modelLabels() {
    const rows = data.model_labels || [];
    const columns = [{ name: t('modelLabels') }, { name: t('texts'), num: true }, { name: t('share'), num: true }, { name: t('lastOf'), num: true }];
    const all = set => sum(rows.filter(row => row.set === set).map(row => row.texts));
    return rows.length ? block(t('modelLabels'), t('modelLabelsHint'), table(columns, rows.map(row => [
      'label.' + row.set + (row.label ? ' = ' + row.label : ': ' + t('meanOf') + ' ' + row.mean.toFixed(2)), count(row.texts), percent(row.texts, all(row.set)), count(row.customers)]))) : null;
  }
  function voice() {
    const time = data.time;
    if (!data.all.texts) return emptySection('voice');
    const label = data.findings.voice[lang];
    const columns = [{ name: t('period') }, { name: t('negative'), num: true }, { name: t('neutral'), num: true }, { name: t('positive'), num: true }];
    const rows = time.labels.map((text, i) => [text, count(time.negative[i]), count(time.neutral[i]), count(time.positive[i])]);
    const stack = { stack: 'mood' };
    const course = time.labels.length ? block(t('moodTime'), null, chart(360, label, () => ({
      xAxis: categoryAxis(time.labels), yAxis: valueAxis(),
      series: [bars(t('negative'), time.negative, 'bad', stack), bars(t('neutral'), time.neutral, 'flat', stack), bars(t('positive'), time.positive, 'good', stack)]
    })), numbers(columns, rows)) : null;
    const byCategory = block(t('byCategory'), data.categories.length ? t('byItemHint', { n: data.categories.length }) : null, data.categories.length ? diverging(data.categories, label, row => row.name) : empty('noCategories'));
    const byItem = block(t('byItem'), data.items.length ? t('byItemHint', { n: data.items.length }) : null, data.items.length ? diverging(data.items, label, row => row.name) : empty('noItems'));
    return section('voice', two(course, intents()), two(byCategory, byItem), modelLabels());
  }
  function aspects() {
    if (!data.all.texts) return null;
    const rows = data.aspects.slice().sort((a, b) => b.n - a.n);
    const name = row => HX_TEXT[lang].aspect[row.id] || row.id;
    if (!rows.length) return emptySection('aspects');
    const worst = rows.slice().filter(row => row.n >= 5).sort((a, b) => b.moods[0] / b.n - a.moods[0] / a.n).slice(0, 3);
    const telling = n => data.quotes[n].mood < 0 && data.quotes[n].text.length > 11;
    const samples = worst.map(row => row.quotes.filter(telling).slice(0, 2)).flat().filter((n, i, list) => list.indexOf(n) === i).slice(0, 5);
    return section('aspects', two(block(t('aspectsTitle'), t('aspectsHint'), diverging(rows, data.findings.aspects[lang], name)),
      samples.length ? block(t('worstSaid'), worst.map(name).join(' · '), samples.map(n => quote(n, null))) : null));
  }

  /* ---------------------------------------------------------------- 6 keywords */
  function words() {
    if (!data.all.texts) return null;
    if (!data.words.length) return emptySection('words');
    const most = data.words[0].n, least = data.words[data.words.length - 1].n;
    const lean = w => sum(w.moods) ? (w.moods[2] - w.moods[0]) / sum(w.moods) : 0;
    const open = w => () => openQuotes(w.word, w.quotes, w.word);
    const cloud = h('div', { class: 'cloud' }, data.words.slice().sort((a, b) => a.word < b.word ? -1 : 1).map(w => {
      const size = 15 + 25 * Math.sqrt((w.n - least) / Math.max(1, most - least));
      const tone = lean(w) > .25 ? 'good' : lean(w) < -.25 ? 'bad' : 'ink';
      return h('button', { class: 'word', click: open(w), title: w.word + ' · ' + count(w.n), css: { 'font-size': size.toFixed(1) + 'px', color: 'var(--' + tone + ')' } }, w.word);
    }));
    const columns = [{ name: t('word') }, { name: t('count'), num: true }, { name: t('negative'), num: true }, { name: t('moods') }];
    const rows = data.words.slice(0, 14).map(w => [h('button', { class: 'link', click: open(w) }, w.word), count(w.n), percent(w.moods[0], sum(w.moods)), moodsBar(w.moods)]);
    return section('words', two(h('div', null, h('p', { class: 'hint' }, t('wordsHint')), cloud), h('div', null, legend(), table(columns, rows))));
  }

  /* Products that the same customers buy. */
  function together() {
    if (!data.all.customers) return null;
    const rows = data.together, box = (...content) => h('section', { id: 'together' }, h('h2', null, t('together')), content);
    if (!rows.length) return box(empty('noTogether'));
    const columns = [{ name: t('boughtThis') }, { name: t('boughtAlso') }, { name: t('shared'), num: true }, { name: t('ofThem'), num: true }, { name: t('lift'), num: true }];
    const ordered = row => row.bought_a <= row.bought_b ? [row.a, row.b, row.bought_a] : [row.b, row.a, row.bought_b];
    const [a, b, n] = ordered(rows[0]);
    return box(h('p', { class: 'finding' }, t('togetherFinding', { a, b, n: percent(rows[0].shared, n), v: rows[0].lift.toFixed(1) })),
      block(t('togetherTitle'), t('togetherHint'), table(columns, rows.map(row => { const [x, y, size] = ordered(row); return [x, y, count(row.shared), percent(row.shared, size), row.lift.toFixed(2)]; }))));
  }
  /* What is spoken of: sizes, moods, their course by month, and what is new. */
  function topics() {
    if (!data.all.texts) return null;
    const found = data.topics, box = (...content) => h('section', { id: 'topics' }, h('h2', null, t('topics')), content);
    if (!found) return box(empty('noTopics'));
    const numbered = said => said.map(q => data.quotes.push(Object.assign({ item: '' }, q)) - 1);
    const opener = row => h('button', { class: 'link', click: () => openQuotes(row.name, row.numbers || (row.numbers = numbered(row.said)), null) }, row.name);
    const rising = found.list.filter(row => row.trend > 0), first = found.list[0];
    const finding = t('topicsFinding', { v: first.name, n: count(first.n), a: percent(first.n, found.texts) }) + (rising.length ? t('risingFinding', { v: rising.slice(0, 2).map(row => row.name).join(lang === 'zh' ? '、' : '; ') }) : '') + (found.fresh.length ? t('freshFinding', { v: found.fresh[0].name, n: count(found.fresh[0].now) }) : '');
    const columns = [{ name: t('topic') }, { name: t('count'), num: true }, { name: t('trend'), num: true }, { name: t('moods') }];
    const rows = found.list.map(row => [opener(row), count(row.n), row.trend > 0 ? '▲' : row.trend < 0 ? '▼' : '–', moodsBar(row.moods)]);
    const shown = found.list.slice(0, 5), tones = ['accent', 'second', 'bad', 'good', 'soft'], months = found.periods.map(name => name.slice(0, 7));
    const course = months.length > 1 ? block(t('topicsMonth'), null, chart(300, t('topics'), () => ({
      grid: Object.assign(base().grid, { top: 74 }), xAxis: categoryAxis(months), yAxis: valueAxis(), series: shown.map((row, i) => line(row.name, row.counts, tones[i]))
    })), numbers([{ name: t('period') }, ...shown.map(row => ({ name: row.name, num: true }))], months.map((name, k) => [name, ...shown.map(row => count(row.counts[k]))]))) : null;
    const alarm = found.fresh.length ? block(t('freshTitle'), t('freshHint'), table([{ name: t('word') }, { name: t('now'), num: true }, { name: t('earlier'), num: true }], found.fresh.map(row => [opener(row), count(row.now), count(row.before)]))) : null;
    return box(h('p', { class: 'finding' }, finding), two(block(t('topicsTitle'), t('topicsHint', { n: count(found.texts) }), table(columns, rows)), h('div', null, course, alarm)));
  }

  /* ---------------------------------------------------------------- 7 people */
  function people() {
    const said = p => {
      if (p.quote < 0) return '';
      const { text, mood } = data.quotes[p.quote];
      const cut = text.length > 90 ? text.slice(0, 88).replace(/[\ud800-\udbff]$/, '') + '…' : text;
      return [h('span', { class: 'mood-mark m' + mood }, t(mood < 0 ? 'negative' : mood > 0 ? 'positive' : 'neutral')), cut];
    };
    const columns = [
      { name: t('customer'), show: p => [h('div', { class: 'main-id' }, p.main), h('div', { class: 'id' }, p.id)] },
      { name: t('orders'), num: true, show: p => count(p.orders) }, { name: t('spent'), num: true, show: p => money(p.spent, data.currency) },
      { name: t('seen'), class: 'day', show: p => p.seen.slice(0, 10) }];
    if (data.all.texts) columns.splice(3, 0, { name: t('mood'), num: true, show: p => mood(p.mood) });
    if (data.all.texts) columns.push({ name: t('said'), class: 'said', show: said });
    const rows = list => list.map(p => columns.map(c => c.show(p)));
    if (!data.best.length && !data.unhappiest.length) return emptySection('people');
    return section('people',
      block(t('best'), null, data.best.length ? table(columns, rows(data.best)) : empty('noBest')),
      block(t('unhappiest'), null, data.unhappiest.length ? table(columns, rows(data.unhappiest)) : empty('noUnhappy')));
  }

  /* ---------------------------------------------------------------- 8 data quality */
  function quality() {
    const q = data.quality, kinds = HX_TEXT[lang].kinds;
    const number = key => ({ name: t(key), num: true });
    const files = table([{ name: t('file'), class: 'day' }, { name: t('kind'), class: 'day' }, { name: t('encoding'), class: 'day' }, number('rows'), number('accepted'), number('rejected'), number('repaired'), number('duplicates')],
      q.imports.map(i => [i.file + (i.undone ? t('undone') : ''), kinds[i.kind] || i.kind, [i.format, i.encoding].filter(Boolean).join(' · '), ...[i.rows, i.accepted, i.rejected, i.repaired, i.duplicates].map(count)]));
    const rejects = table([{ name: t('reason'), class: 'said' }, { name: t('column') }, { name: t('file') }, number('row'), number('times')], q.rejects.map(r => [r.example, r.column, r.file, count(r.row), count(r.n)]));
    const stated = (value, file) => [value, file ? h('small', { class: 'hint' }, ' ' + file) : null];
    const more = q.n_conflicts - q.conflicts.length;
    const conflicts = table([{ name: t('customer') }, { name: t('trait') }, { name: t('kept') }, { name: t('otherValue') }], q.conflicts.map(c => [[h('div', { class: 'main-id' }, c.main), c.main === c.id ? null : h('div', { class: 'id' }, c.id)], HX_TEXT[lang].traits[c.trait] || c.trait, stated(c.kept, c.kept_file), stated(c.other, c.other_file)]));
    const noise = sum(Object.values(q.noise));
    const facts = [['undated', q.undated], ['guests', q.guests], ['joined', q.joined], ['outside', q.outside]];
    if (data.all.texts || noise || q.unread) facts.push(['equal', q.equal_texts], ['near', q.near_texts], ['noise', noise], ['unread', q.unread]);
    if (q.corrected) facts.push(['corrected', q.corrected, 'editsHint', q.corrected_edits]);
    if (q.suggested) facts.push(['suggested', q.suggested, 'editsHint', q.suggested_edits]);
    return section('quality',
      block(t('files'), null, q.imports.length ? files : empty('noFiles')),
      h('div', { class: 'block' }, h('dl', { class: 'facts-list' }, facts.map(([key, value, hint, n]) => h('div', null, h('dt', null, t(key)),
        h('dd', null, count(value)), hint ? h('small', { class: 'hint' }, t(hint, { n: count(n) })) : null, key === 'noise' && noise ? h('small', { class: 'hint' }, t('noiseHint', { a: count(q.noise.empty), b: count(q.noise.default_praise), c: count(q.noise.advert), d: count(q.noise.repeated), e: count(q.noise.spam), f: count(q.noise.bot), g: count(q.noise.off_topic) })) : null)))),
      block(t('rejectTitle'), q.rejects.length ? t('rejectHint') : null, q.rejects.length ? rejects : empty('noRejects'), q.more_rejects ? h('p', { class: 'hint' }, t('moreRejects', { n: count(q.more_rejects) })) : null),
      block(t('conflictTitle'), q.n_conflicts ? t('conflictHint', { n: count(q.n_conflicts), m: count(q.conflicted) }) : null, q.n_conflicts ? conflicts : empty('noConflicts'), more > 0 ? h('p', { class: 'hint' }, t('moreConflicts', { n: count(more) })) : null));
  }

  /* ---------------------------------------------------------------- 9 how it was made */
  function made() {
    const engines = data.engines.map(e => e.engine + ' · ' + e.model + ' · ' + count(e.texts)).join('; ') || t('noEngine');
    const rows = [[t('program'), 'Huaxiang ' + data.program], [t('engine'), engines], [t('asOf'), data.as_of || '–'], [t('timezone'), data.timezone], [t('currency'), data.currency || t('notSaid')]];
    return section('made', h('dl', { class: 'made' }, rows.map(([a, b]) => [h('dt', null, a), h('dd', null, b)]).flat(),
      h('dt', null, t('definitions')), h('dd', null, HX_TEXT[lang].defs.map(text => h('div', null, text)))));
  }

  /* ---------------------------------------------------------------- the page */
  function top(ids) {
    const fact = (key, value) => value ? h('span', null, t(key) + ' ', h('b', null, value)) : null;
    document.querySelector('header.top').replaceChildren(
      h('div', null, h('h1', null, t('title')), h('p', { class: 'facts' }, fact('store', data.store), fact('asOf', data.as_of), fact('latest', data.latest), fact('imported', data.imported))),
      h('div', { class: 'tools' },
        h('button', { class: 'tool lang', click: () => { lang = lang === 'zh' ? 'en' : 'zh'; remember('lang', lang); draw(); } }, t('other')),
        h('button', { class: 'tool theme', click: () => { theme = theme === 'dark' ? 'light' : 'dark'; remember('theme', theme); draw(); } }, t(theme === 'dark' ? 'light' : 'dark')),
        h('button', { class: 'tool print', click: () => window.print() }, t('print'))),
      h('nav', null, ids.map(id => h('a', { href: '#' + id }, t(id)))));
  }
  function draw() {
    root.lang = lang === 'zh' ? 'zh-CN' : 'en';
    root.dataset.theme = printing ? 'light' : theme;
    root.classList.toggle('printing', printing);
    document.title = t('title') + ' · ' + data.store;
    charts.forEach(c => c.chart && c.chart.dispose());
    charts.length = 0;
    const sections = [overview(), overTime(), segments(), overlaps(), rfm(), retention(), value(), together(), satisfaction(), voice(), aspects(), words(), topics(), people(), quality(), made()].filter(Boolean);
    document.querySelector('main').replaceChildren(...sections);
    document.querySelector('footer.foot').textContent = t('foot', { v: data.program });
    top(sections.map(s => s.id));
    drawCharts();
    root.dataset.ready = 'yes';
  }
  function setPrinting(on) {
    if (printing === on) return;
    printing = on;
    draw();
  }
  let waiting = 0;
  window.addEventListener('resize', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (!printing) drawCharts(); }, 120);
  });
  window.addEventListener('beforeprint', () => setPrinting(true));
  window.addEventListener('afterprint', () => setPrinting(false));
  matchMedia('print').addEventListener('change', event => setPrinting(event.matches));
  draw();
})();
