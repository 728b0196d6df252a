package session

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"headscope/explorer/expr"
)

// fields takes the values out of an object of a file of ours. What is missing stays as it is.
// The first error is kept, and no more is taken after it.
type fields struct {
	rest map[string]any // what nothing took
	path string         // of the object, with a dot behind it; "" for the file
	err  error
}

// take removes the value under a key, and says whether there is one.
func (f *fields) take(key string) (v any, ok bool) {
	if v, ok = f.rest[key]; ok {
		delete(f.rest, key)
	}
	return v, ok && f.err == nil
}

// fail says what is wrong with the value of a key.
func (f *fields) fail(key, what string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%s%s %s", f.path, key, fmt.Sprintf(what, args...))
	}
}

// text takes any text.
func (f *fields) text(key string, to *string) {
	v, ok := f.take(key)
	if text, isText := v.(string); ok && isText {
		*to = text
	} else if ok {
		f.fail(key, "is %s, expected a text", expr.Show(v))
	}
}

// name takes a short text without control characters.
func (f *fields) name(key string, to *string) {
	f.text(key, to)
	if utf8.RuneCountInString(*to) > maxKey || slices.ContainsFunc([]rune(*to), unicode.IsControl) {
		f.fail(key, "is %.80q, expected at most %d printable letters", *to, maxKey)
	}
}

// maxKey is how many letters the name of a sort key or trait has at most.
const maxKey = 64

// head takes the name of a head, or an empty one.
func (f *fields) head(key string, to *string) {
	f.text(key, to)
	if _, _, err := ParseHead(*to); err != nil && *to != "" {
		f.fail(key, "is %.80q, expected a form like L5H4", *to)
	}
}

// choice takes one of some texts, or an empty one.
func (f *fields) choice(key string, to *string, choices []string) {
	f.text(key, to)
	if *to != "" && !slices.Contains(choices, *to) {
		f.fail(key, "is %.80q, expected one of %s", *to, list(choices))
	}
}

func (f *fields) flag(key string, to *bool) {
	v, ok := f.take(key)
	if flag, isFlag := v.(bool); ok && isFlag {
		*to = flag
	} else if ok {
		f.fail(key, "is %s, expected true or false", expr.Show(v))
	}
}

// number takes a finite number.
func (f *fields) number(key string, to *float64) {
	v, ok := f.take(key)
	if !ok {
		return
	}
	x, err := expr.Number(v)
	if err != nil {
		f.fail(key, "%v", err)
		return
	}
	*to = x
}

// whole takes a whole number from low to high.
func (f *fields) whole(key string, to *int, low, high int) {
	x := float64(*to)
	f.number(key, &x)
	if x < float64(low) || x > float64(high) || x != float64(int(x)) {
		f.fail(key, "is %v, expected a whole number from %d to %d", x, low, high)
		return
	}
	*to = int(x)
}

// place takes the keys of a place.
func (f *fields) place(to *Place) {
	f.number("x", &to.X)
	f.number("y", &to.Y)
	f.number("zoom", &to.Zoom)
	if to.Zoom <= 0 {
		f.fail("zoom", "is %v, expected a number above 0", to.Zoom)
	}
}

// object takes an object by reading its own fields.
func (f *fields) object(key string, read func(*fields)) {
	if v, ok := f.take(key); ok {
		f.err = readFields(v, f.path+key, read)
	}
}

// list takes a list of at most so many objects by reading the fields of each.
func (f *fields) list(key string, most int, read func(*fields)) {
	v, ok := f.take(key)
	if !ok {
		return
	}
	objects, isList := v.([]any)
	if !isList || len(objects) > most {
		f.fail(key, "is %s, expected a list of at most %d", expr.Show(v), most)
	}
	for i, v := range objects {
		if f.err == nil {
			f.err = readFields(v, fmt.Sprintf("%s%s[%d]", f.path, key, i), read)
		}
	}
}

// readFields reads the object at a path, all of whose keys have to be known.
func readFields(v any, path string, read func(*fields)) error {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %s, expected an object", path, expr.Show(v))
	}
	f := &fields{rest: maps.Clone(object)}
	if path != "" {
		f.path = path + "."
	}
	if read(f); f.err != nil {
		return f.err
	}
	if unknown := slices.Sorted(maps.Keys(f.rest)); len(unknown) > 0 {
		return fmt.Errorf("unknown key %.40q", f.path+unknown[0])
	}
	return nil
}
