package proxytest

// Hostile are texts that could end a word, a comment or a block of a configuration.
var Hostile = []string{
	" ", ";", "{", "}", `"`, "'", `\`, "$", "${x}", "#", "\n", "\r", "\x00", "\t", "\x7f", "; }", "\n}\nevil;\n",
	`"; return 200 evil; #`, "';}", `\"; evil "`, `\`, "~", "@", "=", "%", "*", "ü", "\xff", "]", "[", ",", ":", "|", "<>",
}
