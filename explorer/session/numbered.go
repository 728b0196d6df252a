package session

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"headscope/explorer/expr"
)

// A compressed link spells each key of the params, dotted as in left.left.name, by two
// numbers: that of the string left.left before the last dot and that of the segment behind it,
// joined by a dot. A key without a dot is one number. Both kinds of strings share one table,
// numbered in the order of their first use. The link's query is a pair number=value for every
// key, and a pair string=number for every entry of the table.

// pair is one key=value of a query, both decoded.
type pair struct{ key, value string }

var (
	numbers = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	number  = regexp.MustCompile(`^[0-9]+$`)
	decimal = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
)

// maxSegments bounds the segments of a key: those of the deepest leaf's, and of an object
// within it.
const maxSegments = expr.MaxDepth + 16

// readNumbered builds the params of a compressed link.
func readNumbered(query []pair) (map[string]any, error) {
	names := map[string]string{}
	for _, p := range query {
		if numbers.MatchString(p.key) || !number.MatchString(p.value) {
			continue // a value; or nothing of mm's, such as what a mail program appends to links
		}
		if other, ok := names[p.value]; ok && other != p.key {
			return nil, fmt.Errorf("number %.40s stands for both %.40q and %.40q", p.value, other, p.key)
		}
		names[p.value] = p.key
	}
	params := map[string]any{}
	for _, p := range query {
		if !numbers.MatchString(p.key) {
			continue
		}
		var parts []string
		for _, n := range strings.Split(p.key, ".") {
			name, ok := names[n]
			if !ok {
				return nil, fmt.Errorf("pair %.40s=%.40q: the link does not say what number %.40s stands for: is its end missing?", p.key, p.value, n)
			}
			parts = append(parts, name)
		}
		key := strings.Join(parts, ".")
		if strings.Count(key, ".") >= maxSegments {
			return nil, fmt.Errorf("pair %.40s: its key, %.40q and so on, has more than %d parts", p.key, key, maxSegments)
		}
		if err := insert(params, strings.Split(key, "."), p.value); err != nil {
			return nil, fmt.Errorf("pair %.40s: %w", p.key, err)
		}
	}
	return params, nil
}

// insert puts a value into nested objects.
func insert(object map[string]any, path []string, text string) error {
	last := len(path) - 1
	for i, key := range path[:last] {
		if object[key] == nil {
			object[key] = map[string]any{}
		}
		inner, ok := object[key].(map[string]any)
		if !ok {
			return fmt.Errorf("%.80q has a value, and keys below it", strings.Join(path[:i+1], "."))
		}
		object = inner
	}
	if _, ok := object[path[last]]; ok {
		return fmt.Errorf("%.80q is given twice, or has a value and keys below it", strings.Join(path, "."))
	}
	object[path[last]] = cast(path[last], text)
	return nil
}

// cast reads a text as the type that keys with this last segment have; one that is nothing
// of the kind stays a text, for the reader of the key to refuse.
func cast(segment, text string) any {
	switch zero(segment).(type) {
	case bool:
		if text == "true" || text == "false" {
			return text == "true"
		}
	case float64:
		if v, err := strconv.ParseFloat(text, 64); err == nil && decimal.MatchString(text) {
			return v
		}
	}
	return text
}

// zero adds the root's keys to [expr.Zero].
func zero(segment string) any {
	switch segment {
	case "x", "y", "z":
		return 0.0
	case "compress":
		return false
	}
	return expr.Zero(segment)
}

// writeNumbered makes the query of a compressed link.
func writeNumbered(keys []expr.Key) ([]pair, error) {
	var values, table []pair
	numberOf := map[string]string{}
	use := func(name string) string {
		n, ok := numberOf[name]
		if !ok {
			n = strconv.Itoa(len(table))
			numberOf[name] = n
			table = append(table, pair{name, n})
		}
		return n
	}
	for _, k := range keys {
		last := len(k.Path) - 1
		for _, segment := range k.Path {
			if _, err := strconv.ParseFloat(segment, 64); err == nil || strings.Contains(segment, ".") ||
				segment == "" || segment == "params" || segment == "config" {
				return nil, fmt.Errorf("a compressed link cannot hold the key %.40q of %.80q: use the JSON form",
					segment, strings.Join(k.Path, "."))
			}
		}
		key := ""
		if last > 0 {
			key = use(strings.Join(k.Path[:last], ".")) + "."
		}
		key += use(k.Path[last])
		text, ok := k.Value.(string)
		if !ok {
			var b bytes.Buffer
			if err := writeValue(&b, k.Value, k.Path); err != nil {
				return nil, err
			}
			text = b.String()
		}
		values = append(values, pair{key, text})
	}
	return append(values, table...), nil
}
