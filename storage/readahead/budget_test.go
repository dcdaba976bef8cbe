package readahead

import "testing"

// waiter is a download that takes a buffer when it is woken.
func waiter(b *Budget) (l *lease, woken *int) {
	woken = new(int)
	l = &lease{budget: b}
	l.wake = func() {
		*woken++
		l.take(10)
	}
	return l, woken
}

func ten() *buffer { return &buffer{make([]byte, 10)} }

// No download gets a second buffer while another has none, and they are served
// in order.
func TestBudgetIsFair(t *testing.T) {
	b := NewBudget(30)
	first, _ := waiter(b)
	for range 3 {
		if first.take(10) == nil {
			t.Fatal("alone, one gets all")
		}
	}
	second, secondWoken := waiter(b)
	third, thirdWoken := waiter(b)
	if second.take(10) != nil || third.take(10) != nil {
		t.Fatal("more was given than there is")
	}
	if first.keeps() {
		t.Error("who has keeps, though others wait")
	}
	first.give(ten())
	if *secondWoken != 1 || *thirdWoken != 0 || second.held != 10 {
		t.Errorf("woken %d and %d times, the second has %d, want it to be served first", *secondWoken, *thirdWoken, second.held)
	}
	if first.take(10) != nil || second.take(10) != nil {
		t.Error("a further one was given while somebody has none")
	}
	first.give(ten())
	if third.held != 10 {
		t.Errorf("the third has %d, want 10", third.held)
	}
	third.give(ten())
	if second.take(10) == nil || first.held != 10 || b.free != 0 {
		t.Errorf("what nobody waits for is refused; %d free", b.free)
	}
	for _, l := range []*lease{first, second, third} {
		for l.held > 0 {
			l.give(ten())
		}
		l.leave()
	}
	if b.free != 30 || len(b.queue) != 0 {
		t.Errorf("%d free and %d waiting in the end, want 30 and none", b.free, len(b.queue))
	}
}

// A download that leaves while it waits, or with memory reserved, frees that
// for others.
func TestBudgetLeaving(t *testing.T) {
	b := NewBudget(10)
	first, _ := waiter(b)
	gone, _ := waiter(b)
	slow, next := &lease{budget: b, wake: func() {}}, &lease{budget: b, wake: func() {}}
	first.take(10)
	gone.take(10)
	slow.take(10)
	next.take(10)
	gone.leave()
	first.give(ten())
	if slow.aside != 10 || gone.held != 0 {
		t.Fatalf("set aside %d for the next in line, want 10", slow.aside)
	}
	slow.leave()
	if next.aside != 10 || b.free != 0 {
		t.Errorf("%d passed on, %d free, want 10 and 0", next.aside, b.free)
	}
	next.leave()
	if b.free != 10 {
		t.Errorf("%d free in the end, want 10", b.free)
	}
	if big := (&lease{budget: b}); big.take(11) != nil || len(b.queue) != 0 {
		t.Error("what can never be given is waited for")
	}
}

// Returned buffers are used again, except for other sizes.
func TestBuffersAreReused(t *testing.T) {
	l := &lease{budget: NewBudget(100)}
	a, b := l.take(10), l.take(10)
	l.give(a)
	if c := l.take(20); len(c.bytes) != 20 {
		t.Errorf("%d bytes, want 20", len(c.bytes))
	}
	if l.take(10) != a {
		t.Error("what was given back is not used again")
	}
	if c := l.take(10); c == a || c == b {
		t.Error("one buffer is given to two")
	}
}

// What downloads hold is in use until they give it back.
func TestBudgetTellsItsMemory(t *testing.T) {
	b := NewBudget(30)
	first, _ := waiter(b)
	one, two := first.take(10), first.take(5)
	if used, total := b.Memory(); used != 15 || total != 30 {
		t.Errorf("%d of %d in use, want 15 of 30", used, total)
	}
	first.give(one)
	first.give(two)
	first.leave()
	if used, _ := b.Memory(); used != 0 {
		t.Errorf("%d in use in the end, want 0", used)
	}
}
