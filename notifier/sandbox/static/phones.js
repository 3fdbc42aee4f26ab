"use strict";
// The wall of phones. All text from people and programs goes in through textContent only.

const BATCH = 60;
const MESSAGES = 80;
const wall = document.getElementById("wall");
const search = document.getElementById("search");
const onlyUnread = document.getElementById("only-unread");
const more = document.getElementById("more");
const cards = new Map();
let shown = BATCH;
let found = 0;
let total = 0;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || String(response.status));
  return answer;
}

function clock(iso) {
  // A clock of the sandbox's own (a night played quickly) names its zone; plain UTC is shown as it is here.
  const own = /T(\d\d:\d\d:\d\d).*[+-](?!00:00)\d\d:\d\d$/.exec(iso);
  if (own) return own[1];
  return new Date(iso).toLocaleTimeString("zh-CN", { hour12: false });
}

function pieces(text, entities) {
  const edges = new Set([0, text.length]);
  for (const one of entities) edges.add(one.offset).add(one.offset + one.length);
  const marks = [...edges].filter((edge) => edge <= text.length).sort((a, b) => a - b);
  return marks.slice(0, -1).map((from, index) => {
    const covering = entities.filter((one) => one.offset <= from && from < one.offset + one.length);
    return element("span", covering.map((one) => one.type).join(" "), text.slice(from, marks[index + 1]));
  });
}

const TICKS = {
  sent: ["✓", "已发出 sent"],
  delivered: ["✓✓", "已送达 delivered"],
  undelivered: ["✕", "未送达 undelivered"],
  failed: ["✕", "失败 failed"],
};

class Card {
  constructor(phone) {
    this.id = phone.id;
    this.root = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.bubbles = new Map();
    this.picked = false;
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.list = this.part("bubbles");
    for (const input of this.root.querySelectorAll(".channels input")) {
      input.name = `channel-${phone.id}`;
      input.addEventListener("change", () => { this.picked = true; });
    }
    this.part("composer").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.part("start").addEventListener("click", () => this.act("start", {}));
    this.part("block").addEventListener("click", () => this.act(this.phone.blocked ? "unblock" : "block", {}));
    this.root.addEventListener("focusin", () => this.read());
    this.root.addEventListener("click", () => this.read());
    this.update(phone);
  }

  update(phone) {
    this.phone = phone;
    this.unread = phone.unread;
    this.part("name").textContent = phone.name;
    const chat = phone.chat === null ? null : (phone.chat < 0 ? `群 group ${phone.chat}` : `TG ${phone.chat}`);
    this.part("addresses").textContent = [phone.phone, chat].filter(Boolean).join(" · ");
    this.part("face").textContent = [...phone.name.replace(/^\+/, "")][0] || "?";
    this.part("face").dataset.tone = [...phone.name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
    this.list.setAttribute("aria-label", `${phone.name} 的消息 messages`);
    this.part("words").setAttribute("aria-label", `以 ${phone.name} 的名义回复 Reply as ${phone.name}`);
    this.part("blocked-note").hidden = !phone.blocked;
    this.part("menu").hidden = !(phone.chat > 0);
    this.part("block").textContent = phone.blocked ? "解除屏蔽 Unblock" : "屏蔽机器人 Block the bot";
    this.badge();
    this.rebuild(phone.messages);
    this.channels();
  }

  rebuild(messages) {
    const wanted = new Set(messages.map((message) => message.id));
    for (const [id, node] of this.bubbles) {
      if (!wanted.has(id)) { node.remove(); this.bubbles.delete(id); }
    }
    this.messages = new Map();
    for (const message of messages) this.put(message, false);
    this.list.scrollTop = this.list.scrollHeight;
  }

  badge() {
    const badge = this.part("badge");
    badge.hidden = !this.unread;
    badge.textContent = this.unread;
    badge.setAttribute("aria-label", `${this.unread} 条未读 unread`);
  }

  channels() {
    const can = { telegram: this.phone.chat > 0, sms: this.phone.phone !== null };
    const last = [...this.messages.values()].filter((message) => message.direction === "in").pop();
    const inputs = [...this.root.querySelectorAll(".channels input")];
    for (const input of inputs) input.parentElement.hidden = !can[input.value];
    this.part("composer").hidden = !can.telegram && !can.sms;
    if (this.picked && inputs.some((input) => input.checked && can[input.value])) return;
    const wanted = last && can[last.channel] ? last.channel : (can.telegram ? "telegram" : "sms");
    for (const input of inputs) input.checked = input.value === wanted;
  }

  put(message, live) {
    const known = this.bubbles.get(message.id);
    const near = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    const node = this.bubble(message);
    if (known) known.replaceWith(node); else this.list.append(node);
    this.bubbles.set(message.id, node);
    this.messages.set(message.id, message);
    if (!live) return this.keys();
    if (!known) {
      node.classList.add("fresh");
      if (message.direction === "in") { this.unread += 1; this.badge(); }
      if (this.bubbles.size > MESSAGES * 2) this.forget();
      this.channels();
    }
    if (near) this.list.scrollTop = this.list.scrollHeight;
    this.keys();
  }

  forget() {
    const [oldest, node] = this.bubbles.entries().next().value;
    node.remove();
    this.bubbles.delete(oldest);
    this.messages.delete(oldest);
  }

  bubble(message) {
    const node = element("li", message.deleted ? "bubble deleted" : "bubble");
    node.dataset.channel = message.channel;
    node.dataset.direction = message.direction;
    node.dataset.status = message.status;
    const body = element("div", "body");
    const quoted = message.reply_to === null ? null
      : [...this.messages.values()].find((other) => other.message_id === message.reply_to);
    if (quoted) body.append(element("span", "quote", quoted.text));
    if (message.deleted) body.append("已删除 Deleted");
    else body.append(...pieces(message.text, message.entities));
    node.append(body);
    if (!message.deleted && message.buttons.length) node.append(this.buttons(message));
    if (message.note) node.append(element("p", "note", message.note));
    node.append(this.meta(message));
    return node;
  }

  buttons(message) {
    const box = element("div", "buttons");
    for (const row of message.buttons) {
      const line = element("div", "row");
      for (const key of row) line.append(this.key(message, key));
      box.append(line);
    }
    return box;
  }

  key(message, key) {
    if (key.callback_data === undefined) {
      const plain = element("span", "link-key", `${key.text} ↗`);
      plain.title = key.url || "";
      return plain;
    }
    const button = element("button", "", key.text);
    button.type = "button";
    button.addEventListener("click", async () => {
      button.setAttribute("aria-busy", "true");
      await this.act("tap", { message_id: message.message_id, data: key.callback_data, to: message.account });
      button.removeAttribute("aria-busy");
    });
    return button;
  }

  meta(message) {
    const line = element("div", "meta");
    line.append(element("span", "route", message.channel === "sms" ? "短信 SMS" : "Telegram"));
    line.append(element("time", "", clock(message.at)));
    if (message.edited) line.append(element("span", "", "已改 edited"));
    const [mark, words] = TICKS[message.status] || ["", message.status];
    const bad = message.status === "undelivered" || message.status === "failed";
    const ticks = element("span", bad ? "ticks bad" : "ticks", bad ? `${mark} ${words} ${message.error || ""}` : mark);
    ticks.setAttribute("aria-label", words);
    ticks.setAttribute("role", "img");
    ticks.title = words;
    line.append(ticks);
    return line;
  }

  keys() {
    const bringing = [...this.messages.values()].filter((message) => message.keyboard !== null).pop();
    const rows = bringing ? bringing.keyboard : [];
    const box = this.part("keyboard");
    box.replaceChildren(...rows.map((row) => {
      const line = element("div", "row");
      for (const text of row) {
        const button = element("button", "", text);
        button.type = "button";
        button.addEventListener("click", () => this.act("text", { channel: "telegram", text }));
        line.append(button);
      }
      return line;
    }));
    box.hidden = !rows.length;
  }

  async send() {
    const words = this.part("words");
    const text = words.value;
    const channel = this.root.querySelector(".channels input:checked");
    if (!text.trim() || !channel) return;
    if (await this.act("text", { channel: channel.value, text })) words.value = "";
  }

  async act(name, body) {
    const trouble = this.part("trouble");
    this.part("menu").open = false;
    trouble.hidden = true;
    try {
      await call(`/control/phones/${encodeURIComponent(this.id)}/${name}`, body);
      return true;
    } catch (wrong) {
      trouble.textContent = wrong.message;
      trouble.hidden = false;
      return false;
    }
  }

  read() {
    if (!this.unread) return;
    this.unread = 0;
    this.badge();
    this.act("read", {});
  }
}

function headline() {
  const unread = [...cards.values()].reduce((sum, card) => sum + card.unread, 0);
  const words = `${found === total ? total : `${found} / ${total}`} 部电话 phones · ${unread} 条未读 unread`;
  document.getElementById("summary").textContent = words;
  document.title = unread ? `(${unread}) 电话墙 · Sandbox phones` : "电话墙 · Sandbox phones";
  document.getElementById("empty").hidden = total > 0;
  for (const card of cards.values()) {
    card.root.hidden = onlyUnread.checked && !card.unread && !card.root.contains(document.activeElement);
  }
}

async function refresh() {
  const query = new URLSearchParams({ q: search.value, limit: shown, messages: MESSAGES });
  const answer = await call(`/control/phones?${query}`);
  ({ found, total } = answer);
  const wanted = new Set(answer.phones.map((phone) => phone.id));
  for (const [id, card] of cards) if (!wanted.has(id)) { card.root.remove(); cards.delete(id); }
  for (const phone of answer.phones) {
    const card = cards.get(phone.id);
    if (card) { card.update(phone); continue; }
    const fresh = new Card(phone);
    cards.set(phone.id, fresh);
    wall.append(fresh.root);
    fresh.list.scrollTop = fresh.list.scrollHeight;
  }
  more.hidden = found <= shown;
  headline();
}

let pending = null;
function refreshSoon(delay = 150) {
  if (pending !== null) return;
  pending = setTimeout(() => { pending = null; refresh().catch(() => {}); }, delay);
}

async function refreshOne(id) {
  const card = cards.get(id);
  if (!card) return refreshSoon();
  card.update(await call(`/control/phones/${encodeURIComponent(id)}?messages=${MESSAGES}`));
  headline();
}

function hear(event) {
  if (event.type === "reload") return refreshSoon(0);
  if (event.type === "phone") return refreshOne(event.phone).catch(() => refreshSoon());
  const card = cards.get(event.phone);
  if (!card) return refreshSoon();
  card.put(event.message, true);
  headline();
}

function state(name, words) {
  const link = document.getElementById("link");
  link.dataset.state = name;
  link.textContent = words;
}

function listen() {
  const source = new EventSource("/control/events");
  source.addEventListener("open", () => { state("live", "实时 Live"); refreshSoon(0); });
  source.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("error", () => state("lost", "连接中断，正在重连 Reconnecting"));
}

search.addEventListener("input", () => { shown = BATCH; refreshSoon(200); });
onlyUnread.addEventListener("change", headline);
more.addEventListener("click", () => { shown += BATCH; refreshSoon(0); });
refresh().catch(() => {}).finally(listen);
