// njs 0.7.9 may crash where a function uses a constant of the module, so there is none. Its
// $ also matches before a line feed at the end of a text: what may have one needs $(?!\n).

// verify returns "ok" for a request with a valid link.
function verify(r) {
    const reason = refusal(r);
    if (reason === '') {
        return 'ok';
    }
    r.variables.downloadview_refused = reason;
    return '';
}

// refusal returns why a request is refused, or ''.
function refusal(r) {
    const asked = ascii(r.rawVariables.request_uri);
    const mark = asked.indexOf('?');
    let path = mark < 0 ? asked : asked.slice(0, mark);
    const query = mark < 0 ? '' : asked.slice(mark + 1);
    const served = r.rawVariables.uri; // without a token: nginx has removed it

    let tokens = query === '' ? [] : queryTokens(query);
    let kind = 'file';
    if ((path[1] === '~' || path[1] === '%') && /^\/(~|%7e)(1|%31)(\.|%2e)/i.test(path)) {
        const end = path.indexOf('/', 1);
        tokens.push(unescaped(end < 0 ? path : path.slice(0, end), false).slice(2));
        path = end < 0 ? '' : path.slice(end);
        kind = 'prefix';
    }
    let clear = tokens.length < 2;
    if (tokens.length === 0) {
        // A browser sends its cookies with each request, so they come last.
        tokens = cookieTokens(ascii(r.rawVariables.http_cookie));
        kind = 'prefix';
        clear = tokens !== null;
        if (clear && tokens.length === 0) {
            return 'no link';
        }
    }
    if (r.method !== 'GET' && r.method !== 'HEAD') {
        return 'method';
    }
    if (!clear || isAmbiguous(path) || served.indexOf('/~1.') >= 0) {
        return 'malformed';
    }
    let refused = '';
    for (let i = 0; i < tokens.length; i++) {
        const reason = judge(r, tokens[i], kind, served, query);
        if (reason === '') {
            return '';
        }
        if (refused === '' || isGenuine(reason) && !isGenuine(refused)) {
            refused = reason;
        }
    }
    return refused;
}

// ascii returns a part of a request with its bytes above 127 escaped, which means the
// same in a URL, and is in no token and no host. njs 0.7.9 fails, or searches without
// end, where a pattern is for a part of a text with other letters.
function ascii(bytes) {
    if (!bytes) {
        return '';
    }
    const text = bytes.toString();
    if (text.length === bytes.length) {
        return text;
    }
    let escaped = '';
    for (let i = 0; i < bytes.length; i++) {
        escaped += bytes[i] < 0x80 ? String.fromCharCode(bytes[i]) : '%' + bytes[i].toString(16);
    }
    return escaped;
}

// isAmbiguous reports whether others could read a path as another one, or find a token
// in it.
function isAmbiguous(path) {
    return !/^(?:\/[\w-][\w.-]*)+$/.test(path) && // most are plain
        /^[^\/]|^$|[\\;#]|\/\/|%(2f|5c|00)|\/(\.|%2e){1,2}(\/|$)|\/(~|%7e)(1|%31)(\.|%2e)/i.test(path);
}

// isGenuine reports whether a link that is refused for a reason was signed for what is
// asked.
function isGenuine(reason) {
    return reason === 'expired' || reason === 'early' || reason === 'other network' || reason === 'counted';
}

// judge returns why one token is refused, or ''.
function judge(r, token, kind, path, query) {
    const t = token.length <= 4096 && Buffer.byteLength(token) === token.length ? /^1\.([\w-]{1,32})\.(0|[1-9]\d{0,10})\.(-|[\w-]+)\.([\w-]{22})$(?!\n)/.exec(token) : null;
    if (!t) {
        return 'malformed';
    }
    const now = seconds(r);
    const key = keyOf(t[1]);
    if (!key || now >= key.until) {
        return 'unknown key';
    }
    const fields = {};
    const c = t[3] === '-' ? {} : claimsOf(t[3], fields);
    if (!c || (kind === 'prefix') !== (c.p !== undefined)) {
        return 'malformed';
    }
    const signed = c.q ? signedQuery(query, c.q) : '';
    if (signed === null) {
        return 'altered';
    }
    if (c.p) {
        path = prefixOf(path, Number(c.p));
        if (path === null) {
            return 'altered';
        }
    }
    const host = c.h ? hostOf(r) : '';
    const mac = crypto.createHmac('sha256', Buffer.from(key.secret, 'hex'));
    mac.update('downloadview link 1\n' + field(t[1]) + field('read') + field(host) + field(kind) + path.length + ':');
    mac.update(path);
    // No session, and no version. Most links have no claims.
    mac.update(t[3] === '-' ? '\n0:\n' + field(t[2]) + '0:\n0:\n0:\n0:\n0:\n0:\n0:\n0:\n' :
        '\n' + (fields.b || '0:\n') + field(t[2]) + (fields.n || '0:\n') + (fields.d || '0:\n') + (fields.w || '0:\n') +
        (fields.t || '0:\n') + (fields.i || '0:\n') + (c.q ? field(signed) : '0:\n') + '0:\n0:\n');
    if (!same(mac.digest('base64url'), t[4])) {
        return 'altered';
    }
    if (now >= Number(t[2])) {
        return 'expired';
    }
    if (c.b && now < Number(c.b)) {
        return 'early';
    }
    if (c.w && !contains(c.w, r.variables.remote_addr)) {
        return 'other network';
    }
    if (c.t) {
        return 'counted'; // nginx can't count
    }
    if (c.n) {
        r.variables.downloadview_name = c.n;
    }
    if (c.d) {
        r.variables.downloadview_disposition = c.d;
    }
    r.variables.downloadview_expiry = t[2];
    return '';
}

// hostOf returns the host and port that were asked: a URL in the request line comes
// before the field Host.
function hostOf(r) {
    const line = /^\S+ [a-z][a-z0-9+.-]*:\/\/([^\/?#]*)/i.exec(ascii(r.rawVariables.request));
    return (line ? line[1] : ascii(r.rawVariables.http_host)).toLowerCase();
}

// seconds returns the time.
function seconds(r) {
    return Math.floor(Number(r.variables.msec));
}

// field returns a field of the signed text.
function field(s) {
    if (!s) {
        return '0:\n';
    }
    return Buffer.byteLength(s) + ':' + s + '\n';
}

// same compares the 22 characters of a MAC, in the same time wherever they differ.
function same(whole, mac) {
    const a = Buffer.from(whole);
    const b = Buffer.from(mac);
    let difference = a.readInt16BE(20) ^ b.readInt16BE(20);
    for (let i = 0; i < 20; i += 4) {
        difference |= a.readInt32BE(i) ^ b.readInt32BE(i);
    }
    return difference === 0;
}

// claimsOf returns the claims by their letters, or null. It sets the fields of the signed
// text, also by these letters: to count the bytes of each again would take long.
function claimsOf(encoded, fields) {
    if (!isExact(encoded)) {
        return null;
    }
    const text = Buffer.from(encoded, 'base64url');
    const c = {};
    let last = -1;
    for (let at = 0; at < text.length;) {
        const letter = String.fromCharCode(text[at]);
        const place = 'hbndwtiqp'.indexOf(letter);
        let colon = at + 1;
        let length = text[colon] - 0x30; // its first digit isn't 0
        if (!(length >= 1 && length <= 9)) {
            return null;
        }
        while (text[++colon] !== 0x3a) {
            const digit = text[colon] - 0x30;
            if (!(digit >= 0 && digit <= 9) || colon > at + 4) {
                return null;
            }
            length = 10 * length + digit;
        }
        if (place <= last || colon + 1 + length > text.length) {
            return null;
        }
        last = place;
        at = colon + 1 + length;
        c[letter] = text.slice(colon + 1, at).toString();
        fields[letter] = length + ':' + c[letter] + '\n';
    }
    const wrong = last < 0 || c.h && c.h !== '1' || c.b && !/^(0|[1-9]\d{0,10})$(?!\n)/.test(c.b) ||
        c.d && c.d !== 'attachment' && c.d !== 'inline' || c.t && !/^[1-9]\d{0,8}$(?!\n)/.test(c.t) ||
        c.p && (!/^[1-9]\d{0,3}$(?!\n)/.test(c.p) || c.n || c.t || c.q) || !isText(c.n) || !isText(c.i);
    return wrong ? null : c;
}

// isExact reports whether no other text of base64url stands for the same bytes.
function isExact(encoded) {
    const last = encoded[encoded.length - 1];
    switch (encoded.length % 4) {
    case 1:
        return false;
    case 2:
        return 'AQgw'.indexOf(last) >= 0;
    case 3:
        return 'AEIMQUYcgkosw048'.indexOf(last) >= 0;
    }
    return true;
}

function isText(s) {
    return !s || Buffer.byteLength(s) <= 255 && !/[\x00-\x1f\x7f]/.test(s);
}

// prefixOf returns the beginning of a path that has n slashes, or null.
function prefixOf(path, n) {
    for (let i = 0; i < path.length; i++) {
        if (path[i] === 0x2f && --n === 0) {
            return path.slice(0, i + 1);
        }
    }
    return null;
}

// unescaped returns s without escapes; as it is if it is malformed.
function unescaped(s, form) {
    if (form) {
        s = s.replace(/\+/g, ' ');
    }
    if (s.indexOf('%') < 0) {
        return s;
    }
    try {
        return decodeURIComponent(s);
    } catch (e) {
        return s;
    }
}

function queryTokens(query) {
    if (/^dv=[\w.-]*$/.test(query)) { // as most are
        return [query.slice(3)];
    }
    const tokens = [];
    const pairs = query.split('&');
    for (let i = 0; i < pairs.length; i++) {
        const at = pairs[i].indexOf('=');
        const name = at < 0 ? pairs[i] : pairs[i].slice(0, at);
        if (name === 'dv' || name.length <= 6 && unescaped(name, true) === 'dv') {
            tokens.push(at < 0 ? '' : unescaped(pairs[i].slice(at + 1), true));
        }
    }
    return tokens;
}

// cookieTokens returns the tokens in cookies. Two of one name, or more than 64, are
// null.
function cookieTokens(header) {
    const tokens = [];
    if (header.indexOf('__Host-dv-') < 0) {
        return tokens;
    }
    const names = {};
    const pairs = header.split(';');
    for (let i = 0; i < pairs.length; i++) {
        const pair = pairs[i].replace(/^[ \t]+|[ \t]+$/g, '');
        if (!pair.startsWith('__Host-dv-')) {
            continue;
        }
        const at = pair.indexOf('=');
        const name = at < 0 ? pair : pair.slice(0, at);
        if (names[name] || tokens.length === 64) {
            return null;
        }
        names[name] = true;
        tokens.push(at < 0 ? '' : pair.slice(at + 1));
    }
    return tokens;
}

// signedQuery returns the parameters with names, as a form is encoded, or null.
function signedQuery(query, names) {
    const all = {};
    const pairs = query.split('&');
    for (let i = 0; i < pairs.length; i++) {
        const at = pairs[i].indexOf('=');
        const name = encoded(at < 0 ? pairs[i] : pairs[i].slice(0, at));
        const value = encoded(at < 0 ? '' : pairs[i].slice(at + 1));
        if (pairs[i] === '' || name === null || value === null || pairs[i].indexOf(';') >= 0) {
            continue; // what is malformed was not signed
        }
        all['=' + name] = (all['=' + name] || '') + '&' + name + '=' + value;
    }
    let text = '';
    const wanted = names.split('&');
    for (let i = 0; i < wanted.length; i++) {
        const values = all['=' + wanted[i]];
        if (values === undefined || wanted[i] === 'dv' || i > 0 && order(wanted[i - 1], wanted[i]) >= 0) {
            return null;
        }
        text += values;
    }
    return text.slice(1);
}

// order compares two encoded names as their bytes are ordered.
function order(a, b) {
    return Buffer.compare(bytes(a), bytes(b));
}

function bytes(name) {
    return Buffer.from(name.replace(/%[0-9A-F]{2}|[\s\S]/g, (c) => {
        if (c === '+') {
            return '20';
        }
        return c.length === 3 ? c.slice(1) : c.charCodeAt(0).toString(16);
    }), 'hex');
}

// encoded writes an escaped text as a form is encoded, in the one way that is signed,
// or returns null.
function encoded(s) {
    if (/^[A-Za-z0-9_.~+-]*$/.test(s)) {
        return s;
    }
    if (/%(?![0-9A-Fa-f]{2})/.test(s)) {
        return null;
    }
    const unreserved = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-';
    return s.replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9_.~+-]/g, (c) => {
        if (c.length < 3) {
            return '%' + (c < '\x10' ? '0' : '') + c.charCodeAt(0).toString(16).toUpperCase();
        }
        const plain = String.fromCharCode(parseInt(c.slice(1), 16));
        if (plain === ' ') {
            return '+';
        }
        return unreserved.indexOf(plain) >= 0 ? plain : c.toUpperCase();
    });
}

// contains reports whether a network, such as 192.0.2.0/24, contains an address.
function contains(network, address) {
    const slash = network.indexOf('/');
    const a = groups(network.slice(0, slash));
    const b = groups(address);
    if (!a || !b || a.length !== b.length) {
        return false;
    }
    let bits = Number(network.slice(slash + 1));
    for (let i = 0; i < a.length && bits > 0; i++) {
        const shift = bits >= 16 ? 0 : 16 - bits;
        if (a[i] >> shift !== b[i] >> shift) {
            return false;
        }
        bits -= 16;
    }
    return true;
}

// groups returns an address as numbers of 16 bits: two of IPv4, eight of IPv6, or null.
function groups(address) {
    const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(address);
    if (v4) {
        return [256 * v4[1] + Number(v4[2]), 256 * v4[3] + Number(v4[4])];
    }
    if (!/^[0-9a-f:]+$/i.test(address) || address.indexOf(':') < 0) {
        return null;
    }
    const halves = address.split('::');
    const head = halves[0] === '' ? [] : halves[0].split(':');
    const tail = halves.length < 2 || halves[1] === '' ? [] : halves[1].split(':');
    const all = [];
    for (let i = 0; i < head.length; i++) {
        all.push(parseInt(head[i], 16));
    }
    for (let i = head.length + tail.length; halves.length === 2 && i < 8; i++) {
        all.push(0);
    }
    for (let i = 0; i < tail.length; i++) {
        all.push(parseInt(tail[i], 16));
    }
    return all.length === 8 ? all : null;
}

// saved and shown describe a file: what a link leaves open, the browser saves or shows.
function saved(r) {
    describe(r, false);
}

function shown(r) {
    describe(r, true);
}

function describe(r, active) {
    const h = r.headersOut;
    if (r.status >= 400) {
        h['Cache-Control'] = 'no-store';
        delete h['Content-Disposition'];
        return;
    }
    const disposition = r.variables.downloadview_disposition;
    // To njs, the value of a variable is bytes: a pattern doesn't find letters in it.
    const given = r.rawVariables.downloadview_name.toString() || nameInPath(r);
    let name = given;
    let plain = isPlain(name) && name !== '.' && name !== '..';
    if (!plain) {
        name = fileName(given);
        plain = name !== given && isPlain(name);
    }
    // i: it can be shown; s: a page could run it as a script; a: it may run script.
    const type = typeOf(given) || typeOf(nameInPath(r)) || 'iapplication/octet-stream';
    const show = disposition !== 'attachment' && (active || disposition === 'inline' && type[0] === 'i');
    if (show && type[0] !== 'i') {
        h['Content-Security-Policy'] = 'sandbox';
    }
    const policy = r.variables.downloadview_cache_control;
    h['Cache-Control'] = policy ? cacheControl(policy, Number(r.variables.downloadview_expiry) - seconds(r)) : 'private, no-cache';
    if (r.status !== 304) {
        h['Content-Type'] = !show && type[0] === 's' ? 'application/octet-stream' : type.slice(1);
        const kind = show ? 'inline' : 'attachment';
        h['Content-Disposition'] = plain ? kind + '; filename="' + name + '"' : extended(kind, name);
    }
}

// nameInPath returns the name of the file that nginx serves.
function nameInPath(r) {
    const path = r.rawVariables.uri.toString();
    // njs doesn't search a part of a text reliably, so this is a text of its own.
    return Buffer.from(path.slice(path.lastIndexOf('/') + 1)).toString();
}

// isPlain reports whether a name is sent as it is. Chromium decodes what begins with "=?"
// as words of mail are decoded, to another name.
function isPlain(name) {
    return /^[ !#$&-.0-\[\]-~]+$(?!\n)/.test(name) && name.indexOf('=?') < 0;
}

// typeOf returns the class and the type for the longest extension of a name.
function typeOf(name) {
    let ext = name.toLowerCase();
    for (let dot = ext.indexOf('.'); dot >= 0; dot = ext.indexOf('.')) {
        ext = ext.slice(dot + 1);
        const types = typesOf(ext[0]);
        const at = types.indexOf('\n' + ext + '=');
        if (at >= 0) {
            const begin = at + ext.length + 2;
            return types.slice(begin, types.indexOf('\n', begin));
        }
    }
    return '';
}

// fileName returns a name without what can't be in one: separators, control characters,
// and those that change the direction of writing.
function fileName(name) {
    if (name.indexOf('\ufffd') >= 0 || name.indexOf('/') >= 0 || name.indexOf('\\') >= 0) {
        name = name.replace(/\ufffd/g, '_').replace(/[\/\\]/g, '_'); // njs finds nothing by a class of the three
    }
    if (/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(name)) {
        name = name.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '');
    }
    return name === '' || name === '.' || name === '..' ? 'download' : name;
}

// extended returns Content-Disposition for a name that isn't plain. It follows RFC 6266 and
// RFC 8187.
function extended(kind, name) {
    let exact = encodeURIComponent(name);
    if (/['()*]|%2[346B]|%5E|%60|%7C/.test(exact)) {
        exact = exact.replace(/['()*]|%2[346B]|%5E|%60|%7C/g, (c) => {
            return c.length === 3 ? String.fromCharCode(parseInt(c.slice(1), 16)) : '%' + c.charCodeAt(0).toString(16).toUpperCase();
        });
    }
    return kind + '; filename="' + name.replace(/[^ !#$&-~]/g, '_').replace(/=\?/g, '=_') + '"; filename*=UTF-8\'\'' + exact;
}

// cacheControl makes a policy private, and no longer than the rest of the link's life.
function cacheControl(policy, rest) {
    if (policy.indexOf('"') >= 0) {
        return 'private, no-cache';
    }
    rest = Math.max(0, rest);
    const kept = ['private'];
    let bounded = false;
    const directives = policy.split(',');
    for (let i = 0; i < directives.length; i++) {
        const directive = directives[i].trim();
        const at = directive.indexOf('=');
        const name = (at < 0 ? directive : directive.slice(0, at)).toLowerCase();
        switch (name) {
        case '': case 'private': case 'public': case 's-maxage': case 'stale-while-revalidate': case 'stale-if-error':
            break;
        case 'max-age':
            if (!bounded) {
                const age = directive.slice(at + 1);
                kept.push('max-age=' + (/^\d{1,15}$/.test(age) ? Math.min(Number(age), rest) : 0));
            }
            bounded = true;
            break;
        case 'no-store': case 'no-cache':
            kept.push(name);
            bounded = true;
            break;
        default:
            kept.push(directive);
        }
    }
    if (!bounded) {
        kept.push('max-age=' + rest);
    }
    return kept.join(', ');
}
