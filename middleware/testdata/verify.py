"""Verifies signed links, as package middleware does. Usage: verify.py < links.json"""
import base64, hashlib, hmac, ipaddress, json, re, sys
from urllib.parse import parse_qsl, quote_plus, unquote, urlencode, urlsplit

GENUINE = "expired", "early", "other network", "counted"

def b64(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))

def subkey(secret):
    extracted = hmac.digest(bytes(32), b64(secret), "sha256")
    return hmac.digest(extracted, b"link\x01", "sha256")

def token_reason(v, keys, token, kind, path, url, pairs):
    shape = re.fullmatch(r"1\.([\w-]{1,32})\.(0|[1-9]\d{0,10})\.(-|[\w-]+)\.([\w-]{22})", token, re.ASCII)
    if not shape:
        return "malformed"
    key_id, expiry, encoded, mac = shape.groups()
    if key_id not in keys:
        return "unknown key"
    if encoded != "-" and (len(encoded) % 4 == 1 or base64.urlsafe_b64encode(b64(encoded)).decode().rstrip("=") != encoded):
        return "malformed"
    text, c = b"" if encoded == "-" else b64(encoded), {}
    while text:
        length, rest = text[1:].split(b":", 1)
        c[chr(text[0])], text = rest[:int(length)].decode(), rest[int(length):]
    if ("p" in c) != (kind == "prefix") or "p" in c and c.keys() & set("ntq"):
        return "malformed"
    if "p" in c:
        path = "".join(re.findall("[^/]*/", path)[:int(c["p"])])
    names = parse_qsl(c["q"].replace("&", "=&") + "=", keep_blank_values=True) if "q" in c else []
    query = urlencode([p for name, _ in names for p in pairs if p[0] == name])
    host = url.netloc.lower() if "h" in c else ""
    fields = [key_id, "read", host, kind, path, c.get("b", ""), expiry, c.get("n", ""), c.get("d", ""), c.get("w", ""),
              c.get("t", ""), c.get("i", ""), query, v.get("session", ""), v.get("version", "")]
    canonical = b"downloadview link 1\n" + b"".join(b"%d:%s\n" % (len(f), f) for f in map(str.encode, fields))
    want = base64.urlsafe_b64encode(hmac.digest(keys[key_id], canonical, "sha256")).decode()[:22]
    if not hmac.compare_digest(want, mac) or path.count("/") < int(c.get("p", 0)):
        return "altered"
    if v["now"] >= int(expiry):
        return "expired"
    if v["now"] < int(c.get("b", 0)):
        return "early"
    if "w" in c and ipaddress.ip_address(v["client"]) not in ipaddress.ip_network(c["w"]):
        return "other network"
    return "counted" if "t" in c else ""

def reason(v, keys):
    url = urlsplit(v["url"])
    path, pairs, cookies = unquote(url.path), parse_qsl(url.query, keep_blank_values=True), []
    tokens = [(value, "file") for name, value in pairs if name == "dv"]
    if path.startswith("/~1."):
        token, slash, path = path[2:].partition("/")
        tokens, path = tokens + [(token, "prefix")], slash + path
    if not tokens:
        every = [pair.strip().partition("=") for pair in v.get("cookie", "").split(";")]
        cookies = [pair for pair in every if pair[0].startswith("__Host-dv-")]
        tokens = [(value, "prefix") for _, _, value in cookies]
    if not tokens:
        return "no link"
    if len(cookies) > min(64, len({name for name, _, _ in cookies})) or len(tokens) > 1 and not cookies:
        return "malformed"
    if re.search("%2f|;", url.path, re.I) or re.search(r"^[^/]|^$|//|\\|\0|/\.\.?(/|$)|/~1\.", path):
        return "malformed"
    reasons = [token_reason(v, keys, token, kind, path, url, pairs) for token, kind in tokens]
    return "" if "" in reasons else next((r for r in reasons if r in GENUINE), reasons[0])

vectors = json.load(sys.stdin)
keys = {k: subkey(secret) for k, secret in vectors["keys"].items()}
for v in vectors["links"]:
    print(v["name"], reason(v, keys), sep="\t")
