package room

// A Stage says how far a download gets before it fails. The doctor tries the stages in
// their order. At each stage it tries the faults of the server's room before the
// general ones.
type Stage int

const (
	// CacheNode is a node of a tier. Only faults of its stage are about nodes.
	CacheNode Stage = iota
	// Names is for files whose names have special characters. Others are sent.
	Names
	// Site is the address of the site, and whether the doctor has access.
	Site
	// Way is the way from the proxy's listener to its rule for the application.
	Way
	// Application is an error that the application itself answers.
	Application
	// Connection is the proxy's connection to the application.
	Connection
	// Header is the size of the application's header.
	Header
	// Store is the proxy's way to a bucket, by a signed URL.
	Store
	// HandOver is how the proxy treats the field that hands a file over.
	HandOver
	// Location is the place where the proxy looks for the file.
	Location

	stages int = iota
)

// Stages returns all stages, in their order.
func Stages() []Stage {
	all := make([]Stage, stages)
	for i := range all {
		all[i] = Stage(i)
	}
	return all
}

// A Fault is one reason why a file that the application hands over doesn't arrive. The
// first that fits, of the faults of a stage, is reported.
type Fault struct {
	Fits          func(Evidence) bool
	Cause, Change string // as in a Finding
}

// A Finding says what is wrong and what to change. [Evidence.Words] replaces names in
// capital letters, such as LOCATION.
type Finding struct{ Cause, Change string }

// A Symptom is something wrong with a download that arrives. Each server has one
// finding for it.
type Symptom int

const (
	RangesOff     Symptom = iota // a range isn't answered 206 with its bytes
	NamesRefused                 // URLs with control characters, or not UTF-8, are answered 400
	ValidatorsOff                // a conditional request isn't answered 304
	TagOff                       // there is no entity tag
	Compressed                   // downloads are compressed
	LinksFollowed                // symbolic links lead out of the directory
	NoKeepalive                  // the proxy opens a connection for each request
	ErrorPages                   // the proxy's error pages replace the application's
	ErrorsCached                 // a file that was stored is still reported missing
	FilesCached                  // a file that was removed is still sent
	FieldsDoubled                // a field is sent twice
	FieldsShown                  // the client gets fields that are only for the proxy
)
