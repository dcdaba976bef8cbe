package downloadview

// An Obstacle is the reason why a file is streamed although there is an
// [Offloader]. The values are short and stable, for logs and metrics.
type Obstacle string

const (
	NoRule         Obstacle = "no rule"         // no rule covers the source of the file, or the file has no source
	OtherStore     Obstacle = "other store"     // the rule is for another store (Terms.Store)
	NotTheProxy    Obstacle = "not the proxy"   // the request doesn't come from the proxy's address
	OddName        Obstacle = "odd name"        // the proxy's header field can't carry the name, or it is too long
	ContentCoding  Obstacle = "content coding"  // the proxy would drop Content-Encoding (Terms.CodingField)
	UntoldRate     Obstacle = "rate"            // the download has a rate that the proxy can't be told, or shares one with others
	UnfitMethod    Obstacle = "method"          // Terms.Unfit, the signed URL is only for GET, or the proxy would answer a range or a precondition as to a GET
	UnfitRange     Obstacle = "range"           // Terms.Unfit
	OwnValidators  Obstacle = "own validators"  // the request is conditional, and the proxy would evaluate other validators
	UselessTime    Obstacle = "useless time"    // the proxy would make validators of a time before 1981
	NoTag          Obstacle = "no entity tag"   // the proxy needs the entity tag from the application, which has none
	AnsweredHere   Obstacle = "answered here"   // with 304, 412 or 416
	UnsafeInline   Obstacle = "inline"          // the proxy would drop the header fields that keep the file from running script
	HiddenMetadata Obstacle = "stored metadata" // the store would send metadata that must not be shown
	Unsigned       Obstacle = "unsigned"        // no URL can be signed for the file
)
