package session

import (
	"fmt"
	"regexp"
	"strconv"
)

// MaxPanes is how many heads are compared at most.
const MaxPanes = 4

// Pane is a head of a model on a prompt. What is empty is the session's own.
type Pane struct {
	Model  string `json:"model,omitempty"`
	Prompt string `json:"prompt,omitempty"`
	Head   string `json:"head,omitempty"` // such as "L5H4"
}

var (
	headName = regexp.MustCompile(`^[Ll]([0-9]{1,3})[Hh]([0-9]{1,3})$`)
	paneName = regexp.MustCompile(`^(?:(.+):)?([Ll][0-9]+[Hh][0-9]+)(?:@PROMPT#([1-9][0-9]{0,8}))?$`)
)

// ParseHead reads the name of a head: "L5H4" is layer 5's head 4, both counted from 0.
func ParseHead(text string) (layer, head int, err error) {
	m := headName.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("head %.40q: expected a form like L5H4 (layer 5, head 4, both from 0)", text)
	}
	layer, _ = strconv.Atoi(m[1]) // three digits at most
	head, _ = strconv.Atoi(m[2])
	return layer, head, nil
}

// HeadName is the name of a head, such as "L5H4".
func HeadName(layer, head int) string { return fmt.Sprintf("L%dH%d", layer, head) }

// ParsePane reads a head as a command line names it: L5H4, MODEL:L5H4, L5H4@PROMPT#2 or
// MODEL:L5H4@PROMPT#2. The prompt is the number of one of those that are given beside it,
// counted from 1, or 0 if the text names none; the pane's Prompt is for the caller to set.
func ParsePane(text string) (p Pane, prompt int, err error) {
	m := paneName.FindStringSubmatch(text)
	if m == nil {
		return p, 0, fmt.Errorf("head %.80q: expected a form like L5H4, MODEL:L5H4 or L5H4@PROMPT#2 (prompts are counted from 1)", text)
	}
	layer, head, err := ParseHead(m[2])
	if err != nil {
		return p, 0, err
	}
	prompt, _ = strconv.Atoi(m[3]) // nine digits at most; none are 0
	return Pane{Model: m[1], Head: HeadName(layer, head)}, prompt, nil
}

// String is the pane as a command line names it, but for its prompt.
func (p Pane) String() string {
	if p.Model == "" {
		return p.Head
	}
	return p.Model + ":" + p.Head
}
