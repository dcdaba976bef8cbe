package downloadview

// An Obstacle is the reason why a file is streamed although there is an
// [Offloader]. The values are short and stable, for logs and metrics.
type Obstacle string

const (
	NoRule         Obstacle = "no rule"         // none covers the file's source, or the file has none
	OtherStore     Obstacle = "other store"     // the rule is for another one, Terms.Store
	NotTheProxy    Obstacle = "not the proxy"   // the request doesn't come from where the proxy's do
	OddName        Obstacle = "odd name"        // the proxy's header field can't carry it, or not one as long
	ContentCoding  Obstacle = "content coding"  // the proxy would drop Content-Encoding
	UntoldRate     Obstacle = "rate"            // there is one, which the proxy can't be told
	UnfitMethod    Obstacle = "method"          // Terms.Unfit, or a signed URL that is for GET
	UnfitRange     Obstacle = "range"           // Terms.Unfit
	OwnValidators  Obstacle = "own validators"  // the request is conditional, and the proxy would judge by others
	UselessTime    Obstacle = "useless time"    // the proxy would make validators of it
	NoTag          Obstacle = "no entity tag"   // the proxy needs one from here
	AnsweredHere   Obstacle = "answered here"   // by 304, 412 or 416
	UnsafeInline   Obstacle = "inline"          // the proxy would drop what keeps it from running script
	HiddenMetadata Obstacle = "stored metadata" // the store would show some that isn't to be shown
	Unsigned       Obstacle = "unsigned"        // nobody signs a URL for the file
)
