package workspace

import "slices"

// cache holds what is computed from the document in the background, each value under the key
// that decides it. Every sync asks for what the document needs now (want) and then drops what
// nobody asked for (trim).
type cache[K comparable, V any] struct {
	w       *Workspace // not owned
	release func(V)
	spare   int  // how many values stay though nobody wants them, to come back to
	hasty   bool // work that is no longer wanted is cancelled; else it comes to its end

	entries []*entry[K, V] // what was wanted last is the last
}

// entry is one value, there or in the making.
type entry[K comparable, V any] struct {
	key    K
	value  V
	err    error
	job    *Job // nil when it has ended
	wanted bool // since the last trim
	gone   bool // it was dropped while it was being made
}

// ready tells whether the value is there.
func (e *entry[K, V]) ready() bool { return e != nil && e.job == nil && e.err == nil }

// want returns the entry of a key, and starts to make it if there is none.
// make uses what is given.
func (c *cache[K, V]) want(key K, what string, make func(j *Job) (V, error), uses ...any) *entry[K, V] {
	e := c.find(key)
	if e != nil {
		c.entries = slices.DeleteFunc(c.entries, func(o *entry[K, V]) bool { return o == e })
	} else {
		e = &entry[K, V]{key: key}
		e.job = c.w.start(what, func(j *Job) (err error) {
			e.value, err = make(j)
			return err
		}, func(err error) {
			if e.job, e.err = nil, err; e.gone && err == nil {
				c.release(e.value)
			}
		}, uses...)
	}
	e.wanted = true
	c.entries = append(c.entries, e)
	return e
}

// working tells whether something is in the making.
func (c *cache[K, V]) working() bool {
	return slices.ContainsFunc(c.entries, func(e *entry[K, V]) bool { return e.job != nil })
}

// trim drops what was not wanted since the last trim, but for what is held, such as what is
// on the screen, and a few spare values. What failed is forgotten, and tried again when it is
// wanted again.
func (c *cache[K, V]) trim(held func(V) bool) {
	var kept []*entry[K, V]
	spare := c.spare
	for _, e := range slices.Backward(c.entries) {
		stays := e.wanted || e.ready() && held(e.value) || e.job != nil && !c.hasty
		if !stays && e.ready() && spare > 0 {
			spare--
			stays = true
		}
		e.wanted = false
		if stays {
			kept = append(kept, e)
		} else {
			c.drop(e)
		}
	}
	slices.Reverse(kept)
	c.entries = kept
}

// drop releases a value, or cancels its making.
func (c *cache[K, V]) drop(e *entry[K, V]) {
	e.gone = true
	if e.job != nil {
		e.job.Cancel()
	} else if e.err == nil {
		c.release(e.value)
	}
}

// clear drops everything.
func (c *cache[K, V]) clear() {
	for _, e := range c.entries {
		c.drop(e)
	}
	c.entries = nil
}

// find is the entry of a key, or nil.
func (c *cache[K, V]) find(key K) *entry[K, V] {
	for _, e := range c.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}
