package archive

// reportEvery is how many bytes are between two calls of Progress.
const reportEvery = 1 << 20

func (h *handle) report() {
	p := h.options.Progress
	if p == nil || h.pos < h.next && h.pos < h.end {
		return
	}
	h.next = h.pos + reportEvery
	r := Progress{Offset: h.pos, Size: h.index.size, Member: h.member, Members: len(h.index.members)}
	if h.stage < stageRecords {
		r.Name = h.index.members[h.member].name
	}
	p(h.ctx, r)
}
