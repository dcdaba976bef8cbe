package proxytest

// Hostile are pieces that would end a word, a comment or a block.
var Hostile = []string{
	" ", ";", "{", "}", `"`, "'", `\`, "$", "${x}", "#", "\n", "\r", "\x00", "\t", "\x7f", "; }", "\n}\nevil;\n",
	`"; return 200 evil; #`, "';}", `\"; evil "`, `\`, "~", "@", "=", "%", "*", "ü", "\xff", "]", "[", ",", ":", "|", "<>",
}
