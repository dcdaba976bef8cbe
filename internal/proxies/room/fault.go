package room

// A Stage is how far a download comes before it fails. The doctor looks at the
// stages in their order, and at each asks the server's room before it says what can
// be said of any server.
type Stage int

const (
	// Names is for files whose names have special characters. Others are sent.
	Names Stage = iota
	// Site is the address that the doctor was given, and whether it may ask there.
	Site
	// Way is from the proxy's listener to its rule for the application.
	Way
	// Application is an error that the application itself answers.
	Application
	// Connection is the proxy's connection to the application.
	Connection
	// Header is the size of the application's header.
	Header
	// Store is the proxy's way to a bucket, by a signed URL.
	Store
	// HandOver is what the proxy does with the field that hands a file over.
	HandOver
	// Location is where the proxy looks for the file.
	Location

	stages int = iota
)

// Stages returns all of them, in their order.
func Stages() []Stage {
	all := make([]Stage, stages)
	for i := range all {
		all[i] = Stage(i)
	}
	return all
}

// A Fault is one reason why a file that the application hands over doesn't arrive.
// Of one stage, the first that fits is the one.
type Fault struct {
	Fits          func(Evidence) bool
	Cause, Change string // as in a Finding
}

// A Finding is what is wrong, and what to change. [Evidence.Words] replaces names in
// capital letters, such as LOCATION.
type Finding struct{ Cause, Change string }

// A Symptom is what is wrong with a download that arrives, where each server has one
// cause for it.
type Symptom int

const (
	RangesOff     Symptom = iota // a range is answered by something else
	NamesRefused                 // URLs with control characters are answered 400
	ValidatorsOff                // what a client has isn't found unchanged
	TagOff                       // there is no entity tag
	Compressed                   // downloads are compressed
	LinksFollowed                // symbolic links lead out of the directory
	NoKeepalive                  // each request has a connection of its own
	ErrorPages                   // pages of the proxy's take the place of the application's
	ErrorsCached                 // a file that has come is still missing
	FilesCached                  // a file that has gone is still sent
	FieldsDoubled                // a field is sent twice
	FieldsShown                  // the client sees what is for the proxy alone
)
