package anim

// clock says in which steps of the cycle a matmul advances.
type clock struct {
	length int   // indices it goes through; it ends in the step after the last. 0: not animated
	runs   []run // the stretches of steps in which it advances, in order
}

// run is steps in each of which a matmul advances by one index.
type run struct {
	first, last int
	before      int // indices gone through before the first
}

// at is the number of indices gone through after a step: 0 while the matmul waits, length+1
// once it has ended.
func (c *clock) at(step int) int {
	count := 0
	for _, r := range c.runs {
		if step < r.first {
			break
		}
		count = r.before + min(step, r.last) - r.first + 1
	}
	return count
}

// advance adds some steps, from one on, to the runs.
func (c *clock) advance(from, before, steps int) {
	if n := len(c.runs); n > 0 && c.runs[n-1].last == from-1 {
		c.runs[n-1].last += steps
		return
	}
	c.runs = append(c.runs, run{from, from + steps - 1, before})
}

// member is a matmul while the cycle is worked out.
type member struct {
	*matmul
	parent, left, right *member // left, right: children that are animated, or nil
	count               int
	join                string // the algorithm that it and all unfinished below it run as one, or "mixed"
	driven              bool   // its parent is there to step it
	goes                bool   // it advances in the next step
}

const mixed = "mixed"

func (m *member) done() bool { return m != nil && m.count > m.length }

func (m *member) unfinished() bool { return m != nil && m.count <= m.length }

// schedule fills the clocks of all animated matmuls, the root first and parents before their
// children, and returns the length of the cycle.
//
// What may step is decided from the state before the step, for all at once: a parent decides
// before its children step, and a child's decision depends on nothing but what is below it.
// So who waits for a child to end starts in the step after. Between two changes of those decisions
// everyone steps on or rests; the steps between them are taken at once. Decisions change
// when a matmul ends and when the counts of a parent and a child become equal or stop being
// so, a few times a matmul. Somebody always goes: of the unfinished, the deepest have no
// child to wait for.
func schedule(moving []*matmul) (steps int) {
	members := make([]member, len(moving))
	of := make(map[*matmul]*member, len(moving))
	for n, m := range moving {
		members[n].matmul = m
		of[m] = &members[n]
	}
	for n := range members {
		m := &members[n]
		m.left, m.right = of[m.matmul.left], of[m.matmul.right]
		for _, c := range []*member{m.left, m.right} {
			if c != nil {
				c.parent = m
			}
		}
	}
	root := &members[0]
	for !root.done() {
		decide(members)
		n := unchanged(members)
		for i := range members {
			if m := &members[i]; m.goes {
				m.advance(steps+1, m.count, n)
				m.count += n
			}
		}
		steps += n
	}
	return steps - 1 // the root ends in the step that is step 1 of the next cycle
}

// decide says who goes in the next step.
func decide(members []member) {
	for n := range members {
		m := &members[n]
		m.driven = m.parent == nil || m.parent.driven && !m.parent.done()
	}
	for n := len(members) - 1; n >= 0; n-- {
		m := &members[n]
		left, right := m.sees(m.left), m.sees(m.right)
		m.join = mixed
		if (left == "" || left == m.alg.leftJoin) && (right == "" || right == m.alg.rightJoin) {
			m.join = m.alg.name
		}
		free := !m.left.unfinished() && !m.right.unfinished()
		m.goes = m.driven && !m.done() && (free || m.cube.Node.Anim.Fuse != "none" && m.join != mixed)
	}
}

// sees is the algorithm that a child, and what is below it, runs as one, "" if it needs none
// any more. Unless fusion is "async" a child at another index counts as mixed. Equal counts
// are equal indices for the algorithms that can join; others are mixed anyway.
func (m *member) sees(child *member) string {
	switch {
	case !child.unfinished():
		return ""
	case m.cube.Node.Anim.Fuse == "async" || child.count == m.count:
		return child.join
	}
	return mixed
}

// unchanged is for how many steps the decisions hold.
func unchanged(members []member) int {
	steps := 0
	atMost := func(n int) {
		if steps == 0 || n < steps {
			steps = n
		}
	}
	for n := range members {
		m := &members[n]
		if m.goes {
			atMost(m.length + 1 - m.count)
		}
		if m.parent == nil || m.done() || m.goes == m.parent.goes {
			continue
		}
		ahead, behind := m, m.parent // the one that goes, and the one that rests
		if m.parent.goes {
			ahead, behind = m.parent, m
		}
		if distance := behind.count - ahead.count; distance > 0 {
			atMost(distance)
		} else if distance == 0 {
			atMost(1)
		}
	}
	return steps
}
