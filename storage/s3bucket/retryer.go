package s3bucket

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// isUnlimited reports whether r never delays or refuses a first attempt: it is the
// SDK's standard retryer or none, perhaps with the SDK's wrappers around it.
func isUnlimited(r aws.Retryer) bool {
	switch r.(type) {
	case *retry.Standard, aws.NopRetryer:
		return true
	}
	v := reflect.ValueOf(r)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.Type().PkgPath() != reflect.TypeFor[retry.Standard]().PkgPath() {
		return false
	}
	for _, name := range []string{"RetryerV2", "Retryer"} { // embedded by the wrappers
		if field := v.FieldByName(name); field.IsValid() {
			inner, ok := field.Interface().(aws.Retryer)
			return ok && isUnlimited(inner)
		}
	}
	return false
}
