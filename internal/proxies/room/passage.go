package room

import "time"

// A Passage is how a download went through a tier: to an application, and then to cache
// nodes, until one answered.
type Passage struct {
	Application Attempt
	Failed      []Attempt // cache nodes that gave no answer, in the order they were asked
	Node        Attempt   // the cache node that answered; no Addr: none did

	// Cached says whether the node had the file, in the server's words such as "HIT".
	// "": the node doesn't say.
	Cached string

	// Slice is the size of the node's pieces, as this download shows it. 0: it is unknown,
	// or there are no pieces.
	Slice int64

	Edge   Printed // what the edge expects of the node
	AtNode Printed // the zero value if the node doesn't say
}

// An Attempt is a request to one server behind the proxy.
type Attempt struct {
	Addr   string // HOST:PORT, or unix:PATH
	Status int    // of the answer, or what the proxy answered in its place
	Joined bool   // whether there was a connection
	Date   time.Time
}

// Printed identifies the configuration of cache nodes for one rule. It is the same in the
// configuration of the edge and of each node, if they were printed from the same rule.
type Printed struct {
	Slice int64  // the size of the pieces; 0: none
	Sum   string // of the rest
}

// A NodeFault is what is wrong with a cache node, or with the edge.
type NodeFault int

const (
	NoNodeFault   NodeFault = iota
	EdgeSilent              // the edge doesn't say which node sends a file
	NodeSilent              // the edge gets no connection to it
	NodeHangsUp             // it closes the connection, or gives no answer for long
	NodeUnasked             // the edge never asks it
	NodeUnseen              // downloads fail, and it is not seen at all
	NodeUnknown             // the edge asks it, and the doctor doesn't know of it
	NodeFails               // it answers with an error
	NodeBreaksOff           // its answer isn't complete
	NodeMixes               // it sends another file
	NodeUnprinted           // it says nothing of its settings
	NodeSlices              // its pieces have another size
	NodeRules               // its rules are others
	NodeMoves               // the same file comes from another node
	NodeForgets             // it doesn't keep what it sent
)
