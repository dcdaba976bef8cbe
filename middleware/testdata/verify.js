// Verifies signed links, as package middleware does. Usage: node verify.js < links.json
const { createHmac, hkdfSync, timingSafeEqual } = require("crypto"), { BlockList, isIP } = require("net");

const genuine = ["expired", "early", "other network", "counted"];
const form = (s) => s.replace(/\+/g, " ");
const quote = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase()).replace(/%20/g, "+");
const pairsOf = (query) => query.split("&").filter(Boolean).map((p) => [p.split("=", 1)[0], p.split("=").slice(1).join("=")].map((s) => decodeURIComponent(form(s))));

function tokenReason(v, keys, token, kind, path, host, pairs) {
  const [, id, expiry, encoded, mac] = /^1\.([\w-]{1,32})\.(0|[1-9]\d{0,10})\.(-|[\w-]+)\.([\w-]{22})$/.exec(token) || [];
  if (!id) return "malformed";
  if (!keys[id]) return "unknown key";
  let text = Buffer.from(encoded === "-" ? "" : encoded, "base64url");
  if (encoded !== "-" && text.toString("base64url") !== encoded) return "malformed";
  const c = {};
  while (text.length) {
    const begin = text.indexOf(":") + 1, end = begin + Number(text.subarray(1, begin - 1));
    c[String.fromCharCode(text[0])] = text.subarray(begin, end).toString();
    text = text.subarray(end);
  }
  if (("p" in c) !== (kind === "prefix") || ("p" in c && ("n" in c || "t" in c || "q" in c))) return "malformed";
  if ("p" in c) path = (path.match(/[^/]*\//g) || []).slice(0, c.p).join("");
  const query = pairsOf(c.q || "").flatMap(([name]) => pairs.filter((p) => p[0] === name)).map((p) => p.map(quote).join("=")).join("&");
  const fields = [id, "read", c.h ? host : "", kind, path, c.b, expiry, c.n, c.d, c.w, c.t, c.i, query, v.session, v.version];
  const canonical = fields.map((f) => Buffer.byteLength(f || "") + ":" + (f || "") + "\n").join("");
  const want = createHmac("sha256", keys[id]).update("downloadview link 1\n" + canonical).digest("base64url").slice(0, 22);
  if (!timingSafeEqual(Buffer.from(want), Buffer.from(mac)) || path.split("/").length - 1 < (c.p || 0)) return "altered";
  if (v.now >= Number(expiry)) return "expired";
  if (v.now < Number(c.b || 0)) return "early";
  const network = new BlockList(), [address, bits] = (c.w || "").split("/");
  if (c.w) network.addSubnet(address, Number(bits), "ipv" + isIP(address));
  if (c.w && !(isIP(address) === isIP(v.client) && network.check(v.client, "ipv" + isIP(v.client)))) return "other network";
  return c.t ? "counted" : "";
}

function reason(v, keys) {
  const [, host = "", raw, search = ""] = /^(?:https?:\/\/([^/]*))?([^?]*)\??(.*)$/s.exec(v.url);
  const pairs = pairsOf(search), tokens = pairs.filter((p) => p[0] === "dv").map((p) => [p[1], "file"]);
  let path = decodeURIComponent(raw), cookies = [];
  if (path.startsWith("/~1.")) {
    const end = (path + "/").indexOf("/", 1);
    tokens.push([path.slice(2, end), "prefix"]);
    path = path.slice(end);
  }
  if (!tokens.length) {
    cookies = (v.cookie || "").split(";").map((c) => c.trim()).filter((c) => c.startsWith("__Host-dv-")).map((c) => c.split("=", 2));
    tokens.push(...cookies.map((c) => [c[1] || "", "prefix"]));
  }
  if (!tokens.length) return "no link";
  if (cookies.length > Math.min(64, new Set(cookies.map((c) => c[0])).size) || (tokens.length > 1 && !cookies.length)) return "malformed";
  if (/%2f|;/i.test(raw) || /^[^/]|^$|\/\/|\\|\0|\/\.\.?(\/|$)|\/~1\./.test(path)) return "malformed";
  const reasons = tokens.map(([token, kind]) => tokenReason(v, keys, token, kind, path, host.toLowerCase(), pairs));
  return reasons.includes("") ? "" : reasons.find((r) => genuine.includes(r)) || reasons[0];
}

const vectors = JSON.parse(require("fs").readFileSync(0, "utf8")), keys = {};
for (const [id, secret] of Object.entries(vectors.keys)) {
  keys[id] = Buffer.from(hkdfSync("sha256", Buffer.from(secret, "base64url"), "", "link", 32));
}
for (const v of vectors.links) console.log(v.name + "\t" + reason(v, keys));
