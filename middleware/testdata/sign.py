"""Signs links, as package middleware does. Usage: sign.py < links.json

Prints the link, or the cookie, of each vector that has a grant."""
import base64, hashlib, hmac, json, sys
from datetime import datetime
from ipaddress import ip_network
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

def b64(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))

def encoded(b):
    return base64.urlsafe_b64encode(b).decode().rstrip("=")

def subkey(secret):
    extracted = hmac.digest(bytes(32), b64(secret), "sha256")
    return hmac.digest(extracted, b"link\x01", "sha256")

def token(key_id, key, expiry, kind, path, host="", pairs=(), **g):
    begin = g.get("NotBefore", "") and str(int(datetime.fromisoformat(g["NotBefore"]).timestamp()))
    network = g.get("Network", "") and str(ip_network(g["Network"], strict=False))
    times = str(g["Times"]) if "Times" in g else ""
    names = "&".join(urlencode({name: ""})[:-1] for name in sorted({name for name, _ in pairs}))
    slashes = str(path.count("/")) if kind == "prefix" else ""
    shown = {"h": "1" if host else "", "b": begin, "n": g.get("Name", ""), "d": g.get("Disposition", ""), "w": network,
             "t": times, "i": g.get("ID", ""), "q": names, "p": slashes}
    claims = b"".join(b"%s%d:%s" % (k.encode(), len(v.encode()), v.encode()) for k, v in shown.items() if v)
    fields = [key_id, "read", host, kind, path, begin, str(expiry), shown["n"], shown["d"], network, times, shown["i"],
              urlencode(sorted(pairs, key=lambda p: p[0])), g.get("Session", ""), g.get("Version", "")]
    canonical = b"downloadview link 1\n" + b"".join(b"%d:%s\n" % (len(f), f) for f in map(str.encode, fields))
    return ".".join(["1", key_id, str(expiry), encoded(claims) or "-", encoded(hmac.digest(key, canonical, "sha256"))[:22]])

def escaped(path):
    return quote(path, safe="/~-._$&+,:=@")

def sign(v, key_id, key, expiry=1800000000):
    g = v["grant"]
    url = urlsplit(v.get("prefix", v["url"]))
    base = url.scheme + "://" + url.netloc if url.scheme else ""
    path = unquote(url.path)
    host = url.netloc.lower() if g.get("ThisHost") else ""
    if "prefix" not in v:
        pairs = [p for p in parse_qsl(url.query, keep_blank_values=True) if p[0] != "dv"]
        query = urlencode(sorted(pairs, key=lambda p: p[0])) + "&" if pairs else ""
        return base + escaped(path) + "?" + query + "dv=" + token(key_id, key, expiry, "file", path, host, pairs, **g)
    t = token(key_id, key, expiry, "prefix", path, host, **g)
    if "cookie" in v:
        return "__Host-dv-" + encoded(hashlib.sha256(path.encode()).digest()[:6]) + "=" + t
    return base + "/~" + t + escaped(path)

if __name__ == "__main__":
    vectors = json.load(sys.stdin)
    for v in vectors["links"]:
        if "grant" in v:
            print(v["name"], sign(v, "2026b", subkey(vectors["keys"]["2026b"])), sep="\t")
