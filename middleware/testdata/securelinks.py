"""Makes securelinks.json, links for nginx's secure_link. Usage: securelinks.py > securelinks.json"""
import base64, hashlib, hmac, json
from urllib.parse import quote

KEYS = {"2026a": bytes(range(32)), "2026b": bytes(range(32, 64))}
LATER = 4102444799  # the last second of 2099

def b64(b):
    return base64.urlsafe_b64encode(b).decode().rstrip("=")

def subkey(secret, purpose):
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, purpose + b"\x01", "sha256")

def token(path, last=LATER, key="2026b", shown=None, purpose=b"nginx"):
    secret = b64(subkey(KEYS[key], purpose)).encode()
    mac = hashlib.md5(secret + b" %d" % last + path.encode() + b" " + secret).digest()
    return f"{shown or key}.{last}.{b64(mac)}"

def link(path, **how):
    return quote(path, safe="/,") + "?dvn=" + token(path, **how)

links = []
def add(name, url, refused=False, grant=False):
    links.append({"name": name, "url": url, "refused": refused, "signed": grant})

report, good = "/reports/q1.pdf", link("/reports/q1.pdf")
tail = good[good.index("?"):]
add("plain", good, grant=True)
add("space, percent and letters", link("/a b/50%/ü.pdf"), grant=True)
add("semicolon and comma", link("/a;b,c"), grant=True)
add("question mark and hash", link("/a?b#c"), grant=True)
add("older key", link(report, key="2026a"))
add("unsigned parameters", good + "&utm_source=mail&fbclid=1")
add("unsigned parameters before", good.replace("?", "?utm_source=mail&"))
add("escapes of plain letters", "/reports/%71%31.pdf" + tail)
add("expired", link(report, last=1700000000), refused=True)
add("never valid", link(report, last=0), refused=True)
add("unknown key", link(report, shown="2026c"), refused=True)
add("other key's id", link(report, shown="2026a"), refused=True)
add("the key of other links", link(report, purpose=b"link"), refused=True)
add("no secret for an unknown key", report + "?dvn=2026c." + f"{LATER}." + b64(hashlib.md5(f" {LATER}{report} ".encode()).digest()), refused=True)
add("no token", report, refused=True)
add("empty token", report + "?dvn=", refused=True)
add("token of other links", report + "?dv=1.2026b.1800000000.-.-81qIw55t4xLZ7gKVL4Fae", refused=True)
add("token twice", good + "&" + tail[1:], refused=True)
add("other path", "/reports/q2.pdf" + tail, refused=True)
add("other expiry", good.replace(str(LATER), str(LATER + 1)), refused=True)
add("zero before the expiry", good.replace(str(LATER), "0" + str(LATER)), refused=True)
add("MAC cut", good[:-1], refused=True)
add("MAC altered", good[:-2] + ("AA" if good[-2:] != "AA" else "BA"), refused=True)
add("MAC longer", good + "A", refused=True)
for name, path in {"encoded slash": "/reports%2Fq1.pdf", "encoded backslash": "/reports/%5Cq1.pdf", "NUL": "/reports/q1%00.pdf", "two slashes": "/reports//q1.pdf",
                   "dot segment": "/reports/./q1.pdf", "parent segment": "/reports/x/../q1.pdf", "encoded parent segment": "/reports/x/%2e%2E/q1.pdf",
                   "bare semicolon": "/reports/q1.pdf;a", "expiry in the path": "/reports/q1.pdf%3Fdvn=1"}.items():
    add(name, path + tail, refused=True)
print(json.dumps({
    "about": "Links for nginx's secure_link, made by securelinks.py. The signed ones are what SignSecureLink makes of the URL without dvn, with the key 2026b and an expiry of 4102444800.",
    "keys": {k: b64(v) for k, v in KEYS.items()},
    "subkeys": {p: {k: subkey(v, p.encode()).hex() for k, v in KEYS.items()} for p in ("link", "nginx")},
    "links": links,
}, indent=1, ensure_ascii=False))
