package s3bucket

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// harmless are the options of a client that don't change how a request follows
// from its input and from credentials, or change it in the same way for each key.
var harmless = map[string]bool{
	"AppID":                        true,
	"BaseEndpoint":                 true,
	"ContinueHeaderThresholdBytes": true,
	"Credentials":                  true,
	"DefaultsMode":                 true,
	"DisableClockSkewCorrection":   true,
	"DisableLogOutputChecksumValidationSkipped": true,
	"DisableMultiRegionAccessPoints":            true,
	"DisableS3ExpressSessionAuth":               true,
	"EndpointOptions":                           true,
	"ExpressCredentials":                        true, // of directory buckets only
	"HTTPClient":                                true,
	"IdempotencyTokenProvider":                  true,
	"Logger":                                    true,
	"Region":                                    true,
	"RequestChecksumCalculation":                true,
	"ResponseChecksumValidation":                true,
	"RetryMaxAttempts":                          true,
	"RetryMode":                                 true,
	"Retryer":                                   true,
	"RuntimeEnvironment":                        true,
	"UseARNRegion":                              true,
	"UseAccelerate":                             true,
	"UseDualstack":                              true,
	"UsePathStyle":                              true,
}

// isPlain reports whether all options are harmless or the SDK's own. An option
// that a later SDK adds isn't harmless until it is known here.
func isPlain(o s3.Options) bool {
	if o.Credentials == nil {
		return false // anonymous
	}
	ours, theirs := reflect.ValueOf(o), reflect.ValueOf(unset())
	for i, field := range reflect.VisibleFields(ours.Type()) {
		if field.IsExported() && !harmless[field.Name] && !isAlike(ours.Field(i), theirs.Field(i)) {
			return false
		}
	}
	return true
}

// isAlike reports whether a and b are equal or, for interfaces, of one type.
func isAlike(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Interface:
		return a.IsNil() == b.IsNil() && (a.IsNil() || a.Elem().Type() == b.Elem().Type())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !isAlike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !isAlike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan:
		return a.IsNil() && b.IsNil()
	}
	return a.Equal(b)
}
