package psrp

// Reassembler joins the fragments of one stream of one pipeline, or of the
// pool, to messages. It takes bytes cut anywhere and is as strict as
// PowerShell's own receiver: fragments of one object come together, in order
// and without gaps. The zero Reassembler is ready.
type Reassembler struct {
	// MaxObject bounds one message, in bytes; default DefaultMaxObject.
	MaxObject int
	// Joined tells that the stream was joined in the middle, as after connecting
	// to a running command: fragments before the first start are dropped.
	Joined bool

	pending []byte // bytes of an unfinished fragment
	object  []byte // the blobs so far of an unfinished message
	last    fragmentHeader
	inside  bool // a message has begun and not ended
	err     error
}

// Feed takes the next bytes and gives the messages that they complete. A
// message's Body may be a part of data: decode it before data is used again.
// Errors are *FragmentError or *MessageError; messages completed before the
// error are returned with it, and every later call gives the error again.
func (r *Reassembler) Feed(data []byte) ([]Message, error) {
	if r.err != nil {
		return nil, r.err
	}
	var messages []Message
	for len(data) > 0 {
		fragment, rest, err := r.next(data)
		data = rest
		if err == nil && fragment == nil {
			break
		}
		if err == nil {
			messages, err = r.take(fragment, messages)
		}
		if err != nil {
			r.err, r.pending, r.object = err, nil, nil
			return messages, err
		}
	}
	return messages, nil
}

// Rejoin drops an unfinished message and waits for the start of the next: what
// came in between is lost. An error of the stream stays.
func (r *Reassembler) Rejoin() {
	r.pending, r.object, r.inside, r.Joined = nil, nil, false, true
}

// Idle tells whether the stream is between two messages: what ends there lost
// nothing.
func (r *Reassembler) Idle() bool { return r.err == nil && !r.inside && len(r.pending) == 0 }

// next gives one whole fragment: a part of data where it lies whole in it.
func (r *Reassembler) next(data []byte) (fragment, rest []byte, err error) {
	if len(r.pending) == 0 {
		need, err := r.need(data)
		if err != nil {
			return nil, nil, err
		}
		if len(data) >= need {
			return data[:need], data[need:], nil
		}
		r.pending = append(r.pending[:0], data...)
		return nil, nil, nil
	}
	for {
		need, err := r.need(r.pending)
		if err != nil {
			return nil, nil, err
		}
		if missing := need - len(r.pending); missing > 0 {
			n := min(missing, len(data))
			if n == 0 {
				return nil, nil, nil
			}
			r.pending = append(r.pending, data[:n]...)
			data = data[n:]
			continue
		}
		fragment = r.pending
		r.pending = nil
		return fragment, data, nil
	}
}

// need tells how many bytes the fragment at the start of b has, or the header's
// length where b does not hold the header yet. It checks the header, so that a
// length that lies allocates nothing.
func (r *Reassembler) need(b []byte) (int, error) {
	if len(b) < FragmentHeader {
		return FragmentHeader, nil
	}
	h := parseFragmentHeader(b)
	if err := r.check(h); err != nil {
		return 0, err
	}
	return FragmentHeader + int(h.size), nil
}

func (r *Reassembler) check(h fragmentHeader) error {
	limit := r.MaxObject
	if limit <= 0 {
		limit = DefaultMaxObject
	}
	switch {
	case h.object == 0:
		return h.wrong("object ids start at 1")
	case uint64(h.size) > uint64(limit) || uint64(len(r.object))+uint64(h.size) > uint64(limit):
		return h.wrong("%d bytes make the object larger than the limit of %d", h.size, limit)
	case r.inside && h.start:
		return h.wrong("a new object starts inside object %d, after its fragment %d", r.last.object, r.last.fragment)
	case r.inside && h.object != r.last.object:
		return h.wrong("it comes inside object %d", r.last.object)
	case r.inside && h.fragment != r.last.fragment+1:
		return h.wrong("fragment %d should come now", r.last.fragment+1)
	case !r.inside && !r.Joined && !h.start:
		return h.wrong("an object starts without a start fragment")
	case h.start && h.fragment != 0:
		return h.wrong("a start fragment has number 0")
	}
	return nil
}

func (r *Reassembler) take(fragment []byte, messages []Message) ([]Message, error) {
	h := parseFragmentHeader(fragment)
	blob := fragment[FragmentHeader:]
	if !r.inside && !h.start {
		return messages, nil // joined in the middle of an object
	}
	r.Joined = false
	r.last, r.inside = h, !h.end
	if h.start && h.end {
		return parseOnto(messages, blob)
	}
	r.object = append(r.object, blob...)
	if !h.end {
		return messages, nil
	}
	whole := r.object
	r.object = nil
	return parseOnto(messages, whole)
}

func parseOnto(messages []Message, b []byte) ([]Message, error) {
	m, err := ParseMessage(b)
	if err != nil {
		return messages, err
	}
	return append(messages, m), nil
}
