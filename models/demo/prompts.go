package demo

// Prompt is a text to look at the demo model's heads with.
type Prompt struct {
	Title string
	Text  string
	Look  string // what to look for in the heads
}

// Prompts are texts written for this model, each short enough for its context
// of 256 tokens with the beginning-of-text token in front.
func Prompts() []Prompt {
	return []Prompt{
		{"Repeated sentence", "The rain fell on the roof of the mill. The wheel turned in the dark water. The rain fell on the roof of the mill. The wheel turned in the dark water.",
			"duplicate tokens: diagonals parallel to the main one, one sentence pair to the left"},
		{"List", "In the basket there were apples, pears, plums, a loaf of bread, two candles, a ball of string, and a key that opened nothing.",
			"delimiters: vertical stripes at the commas"},
		{"Names", "Margaret wrote to Edmund, and Edmund wrote to Lucy; but Lucy, who loved Margaret, never showed the letter to Edmund.",
			"copies: each later name looking at the same name before"},
		{"Quotation", "\"Shall we go?\" said he. \"Not yet,\" said she. \"The lamp is still burning.\" \"Then we shall wait,\" said he, and sat down again.",
			"quotation marks: an opening mark seen from the closing one, and the turn-taking of said he, said she"},
		{"Numbers", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; and then again 1 2 3 4 5 6 7 8 9 10.",
			"single digits and spaces: a fine regular weave near the diagonal"},
		{"Code", "func add(a, b int) int {\n\treturn a + b\n}\n\nfunc sub(a, b int) int {\n\treturn a - b\n}\n",
			"two functions of one shape: the second looks at the first, bracket for bracket"},
		{"Indentation", "house:\n  kitchen:\n    table\n    chair\n  attic:\n    trunk\n      letters\n      ribbon\n",
			"line breaks and runs of spaces: stripes at each new line"},
		{"Rhyme", "The moon came up, the tide went down,\nThe fiddler played in the silent town;\nThe tide came up, the moon went down,\nAnd nobody danced in the silent town.\n",
			"whole lines that return: long parallel diagonals, interrupted where two words change places"},
		{"Parentheses", "The captain (who had never, he said (and he said it often), been afraid of any sea) turned the ship about (slowly) and made for the harbour.",
			"nesting: closing brackets looking back for the opening ones"},
		{"One letter", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"one token sixty-four times: what is left of a pattern when only the position differs"},
		{"Play", "FIRST LORD.\nWho comes so late?\n\nSECOND LORD.\nA friend, my lord, and wet.\n\nFIRST LORD.\nThen let him stand beside the fire and tell us what the sea has left him.\n",
			"speakers: capitals are spelled out letter by letter, and the second FIRST LORD finds the first"},
		{"Other scripts", "The word is written naïve, café, Zürich, здравствуй, 日本.",
			"letters of several bytes: each byte is a token, and heads look within the letter"},
	}
}
